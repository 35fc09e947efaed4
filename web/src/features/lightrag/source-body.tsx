import { Button, Text } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { ApiError } from "../../api/problem";
import { Moment, ProblemNote } from "../../components/ui";
import { safeUrl } from "../../lib/safe-url";
import { useProject } from "../projects";
import { sourceQuery } from "./api";
import { Kind, systemTitle, useKindName } from "./kinds";
import { citedFact, Facts } from "./source-facts";
import { Links } from "./source-links";
import type { Target } from "./source-pane";
import { SourceRecord } from "./source-record";
import classes from "./source.module.css";
import type { Citation, Source, SourceRecord as Stored } from "./types";

interface SourceBodyProps {
  target: Target;
  onRecord: (type: string, id: string) => void;
}

/** A document: what it is, what it says of itself, the texts around the quote, and its links. */
export function SourceBody({ target: { key, citation }, onRecord }: SourceBodyProps) {
  const { t } = useTranslation();
  const { data: source } = useSuspenseQuery(sourceQuery(useProject().id, key));
  const kindName = useKindName();
  const { document, records, synced_at: synced } = source;
  const system = systemTitle(document.type) ?? kindName(document.type);
  const texts = records.filter((record) => !isFact(record, source));
  const elsewhere = citation !== null && !isShown(citation, source);
  return (
    <>
      <About source={source} link={safeUrl(citation?.url ?? null) ?? safeUrl(document.url)} />
      {elsewhere && <Elsewhere citation={citation} />}
      <Facts document={document} citation={citation} />
      {source.has_before && <p className={classes.edge}>{t("source.earlier", { system })}</p>}
      <ol className={classes.messages}>
        {texts.map((record) => (
          <SourceRecord
            key={`${record.source_type} ${record.external_id} ${record.field}`}
            record={record}
            citation={citation !== null && isCited(citation, record) ? citation : null}
          />
        ))}
      </ol>
      {source.has_after && <p className={classes.edge}>{t("source.later", { system })}</p>}
      <Links links={source.links} onRecord={onRecord} />
      <Text fz="xs" c="dimmed" className={classes.edge}>
        {t("source.synced", { system })} <Moment at={synced} />
      </Text>
    </>
  );
}

const isCited = (citation: Citation, record: Stored): boolean =>
  record.source_type === citation.source_type &&
  record.external_id === citation.external_id &&
  record.field === citation.field;

/** Whether the quote stands somewhere in what is shown below. */
const isShown = (citation: Citation, source: Source): boolean =>
  source.records.some((record) => isCited(citation, record)) || citedFact(source.document, citation) !== null;

/** A field of the document that is shown among its facts already. */
const isFact = ({ source_type: type, external_id: id, field }: Stored, { document }: Source): boolean =>
  type === document.type && id === document.id && document.facts.some((fact) => fact.field === field);

/** A quote of a field that is not shown apart. */
function Elsewhere({ citation }: { citation: Citation }) {
  const { t } = useTranslation();
  return (
    <div className={classes.elsewhere}>
      <Text fz="xs" c="dimmed">
        {citation.label ?? t("source.quoted")}
      </Text>
      <mark className={classes.mark} dir="auto">
        {citation.quote}
      </mark>
    </div>
  );
}

function About({ source: { document }, link }: { source: Source; link: string | null }) {
  const { t } = useTranslation();
  const system = systemTitle(document.type);
  return (
    <div className={classes.about}>
      <div className={classes.aboutText}>
        <Text fw={600} dir="auto" lineClamp={2}>
          {document.title ?? t("source.numbered", { id: document.id })}
        </Text>
        <Text fz="xs" c="dimmed">
          <Kind type={document.type} />
          {document.status !== null && document.status !== "" && (
            <>
              {" · "}
              <bdi>{isKnown(document.status) ? t(`source.status.${document.status}`) : document.status}</bdi>
            </>
          )}
        </Text>
      </div>
      {link && system && (
        <Button
          component="a"
          href={link}
          target="_blank"
          rel="noopener noreferrer"
          size="xs"
          variant="default"
          rightSection={<IconExternalLink size={14} aria-label={t("source.newTab")} />}
        >
          {t("source.open", { system })}
        </Button>
      )}
    </div>
  );
}

interface UnreadableProps {
  error: Error;
  retry: () => void;
  citation: Citation | null;
}

/** The source could not be shown; the quote itself was stored with the answer and still can be. */
export function Unreadable({ error, retry, citation }: UnreadableProps) {
  const { t } = useTranslation();
  const gone = error instanceof ApiError && error.problem.status === 404;
  return (
    <div className={classes.pad}>
      {gone ? (
        <>
          <Text fw={600}>{t("source.missing")}</Text>
          <Text c="dimmed" mt={4}>
            {t(citation === null ? "source.missingRecord" : "source.missingHint")}
          </Text>
        </>
      ) : (
        <ProblemNote error={error} onRetry={retry} />
      )}
      {citation !== null && (
        <div className={classes.changed}>
          <blockquote dir="auto">{citation.quote}</blockquote>
        </div>
      )}
    </div>
  );
}

type KnownStatus = "open" | "resolved" | "pending" | "snoozed";
const KNOWN = new Set(["open", "resolved", "pending", "snoozed"]);
const isKnown = (status: string): status is KnownStatus => KNOWN.has(status);
