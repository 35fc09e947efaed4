import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { quoteSpan } from "../../lib/spans";
import { useAuthor } from "./author";
import { Kind } from "./kinds";
import { MessageText } from "./message-text";
import classes from "./source.module.css";
import type { Citation, SourceRecord as Stored } from "./types";

interface SourceRecordProps {
  record: Stored;
  /** The citation when this is the quoted text, else null. */
  citation: Citation | null;
}

/** One text of a document: a message, a comment, a description, a note. */
export function SourceRecord({ record, citation }: SourceRecordProps) {
  return (
    <li
      className={classes.message}
      data-kind={record.source_type === "chatwoot_message" ? (record.author_kind ?? undefined) : undefined}
      data-quoted={citation !== null || undefined}
    >
      <Byline record={record} />
      <Body record={record} citation={citation} />
    </li>
  );
}

/** Who and when; of a text that is not a message, also what it is and in which field. */
function Byline({ record }: { record: Stored }) {
  const { t } = useTranslation();
  const author = useAuthor(record);
  const { author_kind: kind, label, source_type: type } = record;
  const message = type === "chatwoot_message";
  const someone = message || record.author !== null;
  return (
    <div className={classes.byline}>
      {!message && (
        <Text component="span" fz="xs" c="dimmed" className={classes.what}>
          <Kind type={type} />
          {` · ${label}`}
        </Text>
      )}
      {someone && (
        <Text component="span" fw={600} truncate>
          <bdi>{author}</bdi>
        </Text>
      )}
      {message && record.author && kind && (
        <Text component="span" fz="xs" c="dimmed">
          {t(`source.${kind}`)}
        </Text>
      )}
      <Text component="span" fz="xs" c="dimmed" className={classes.when}>
        <Moment at={record.created_at} />
      </Text>
    </div>
  );
}

function Body({ record, citation }: SourceRecordProps) {
  const { t } = useTranslation();
  if (record.deleted) return <Deleted quoted={citation !== null} />;
  if (!record.content) {
    return (
      <Text c="dimmed" fs="italic">
        {t("source.noText")}
      </Text>
    );
  }
  if (citation === null) return <MessageText text={record.content} quote={null} />;
  return <QuotedBody text={record.content} citation={citation} />;
}

function Deleted({ quoted }: { quoted: boolean }) {
  const { t } = useTranslation();
  return (
    <Text c="dimmed" fs="italic">
      {t("source.deleted")}
      {quoted && `. ${t("source.quoteDeleted")}`}
    </Text>
  );
}

/** The quote is marked only where the text still says it; else both are shown, apart. */
function QuotedBody({ text, citation }: { text: string; citation: Citation }) {
  const { t } = useTranslation();
  const span = quoteSpan(text, citation);
  const mark = useRef<HTMLElement>(null);
  const { external_id: id, start } = citation;
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [id, start]);
  return (
    <>
      <MessageText text={text} quote={span} quoteRef={mark} />
      {span === null && (
        <div className={classes.changed}>
          <Text fz="xs" c="dimmed">
            {t("source.changed")}
          </Text>
          <blockquote dir="auto">{citation.quote}</blockquote>
        </div>
      )}
    </>
  );
}
