import { useTranslation } from "react-i18next";

import classes from "./source.module.css";
import type { Citation, Source } from "./types";

type Document = Source["document"];

/** The field that a citation quotes, when it still says so among the facts; else null. */
export function citedFact({ type, id, facts }: Document, citation: Citation): string | null {
  if (citation.source_type !== type || citation.external_id !== id) return null;
  const fact = facts.find(({ field }) => field === citation.field);
  return fact?.value.includes(citation.quote) ? fact.field : null;
}

interface FactsProps {
  document: Document;
  citation: Citation | null;
}

/** What a document says of itself in its fields; the quoted one is marked. */
export function Facts({ document, citation }: FactsProps) {
  const { t } = useTranslation();
  if (document.facts.length === 0) return null;
  const cited = citation && citedFact(document, citation);
  return (
    <dl className={classes.facts} aria-label={t("source.facts")}>
      {document.facts.map(({ field, label, value }) => (
        <div key={field}>
          <dt>{label}</dt>
          <dd dir="auto">
            <Value value={value} quote={field === cited ? (citation?.quote ?? "") : ""} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Text, with its quoted part marked. An address stays text too: a customer may have written it. */
function Value({ value, quote }: { value: string; quote: string }) {
  const at = quote === "" ? -1 : value.indexOf(quote);
  if (at < 0) return value;
  return (
    <>
      {value.slice(0, at)}
      <mark className={classes.mark}>{quote}</mark>
      {value.slice(at + quote.length)}
    </>
  );
}
