import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { quoteSpan } from "../../lib/spans";
import type { Citation, Message } from "./api";
import { useAuthor } from "./author";
import { MessageText } from "./message-text";
import classes from "./source.module.css";

interface SourceMessageProps {
  message: Message;
  /** The citation when this is the quoted message, else null. */
  citation: Citation | null;
}

export function SourceMessage({ message, citation }: SourceMessageProps) {
  const { t } = useTranslation();
  const author = useAuthor(message);
  const kind = message.author_kind;
  return (
    <li
      className={classes.message}
      data-kind={kind ?? undefined}
      data-quoted={citation !== null || undefined}
    >
      <div className={classes.byline}>
        <Text component="span" fw={600} truncate>
          <bdi>{author}</bdi>
        </Text>
        {message.author && kind && (
          <Text component="span" fz="xs" c="dimmed">
            {t(`source.${kind}`)}
          </Text>
        )}
        <Text component="span" fz="xs" c="dimmed" className={classes.when}>
          <Moment at={message.created_at} />
        </Text>
      </div>
      <Body message={message} citation={citation} />
    </li>
  );
}

function Body({ message, citation }: SourceMessageProps) {
  const { t } = useTranslation();
  if (message.deleted) return <Deleted quoted={citation !== null} />;
  if (!message.content) {
    return (
      <Text c="dimmed" fs="italic">
        {t("source.noText")}
      </Text>
    );
  }
  if (citation === null) return <MessageText text={message.content} quote={null} />;
  return <QuotedBody text={message.content} citation={citation} />;
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
