import { Text, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import classes from "./answer.module.css";
import { useAuthor } from "./author";
import { Kind } from "./kinds";
import type { Citation } from "./types";

interface SourceListProps {
  citations: Citation[];
  openIndex: number | null;
  onOpen: (index: number) => void;
}

/** Rows of a long table are all sources: of many, the first few are enough to begin with. */
const FIRST = 8;

/** The quotes themselves, so that the evidence is on the page before anything is opened. */
export function SourceList({ citations, openIndex, onOpen }: SourceListProps) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const opened = citations.findIndex(({ index }) => index === openIndex);
  const shown = all || opened >= FIRST ? citations : citations.slice(0, FIRST);
  return (
    <section aria-label={t("answer.sources", { count: citations.length })} className={classes.sources}>
      <Text component="h2" fz="xs" fw={600} c="dimmed" mb={6}>
        {t("answer.sources", { count: citations.length })}
      </Text>
      <ol className={classes.quotes}>
        {shown.map((citation) => (
          <li key={citation.index}>
            <Quote
              citation={citation}
              open={citation.index === openIndex}
              onOpen={() => onOpen(citation.index)}
            />
          </li>
        ))}
      </ol>
      {shown.length < citations.length && (
        <UnstyledButton className={classes.link} onClick={() => setAll(true)}>
          {t("answer.allSources", { count: citations.length })}
        </UnstyledButton>
      )}
    </section>
  );
}

interface QuoteProps {
  citation: Citation;
  open: boolean;
  onOpen: () => void;
}

function Quote({ citation, open, onOpen }: QuoteProps) {
  return (
    <UnstyledButton className={classes.quote} data-open={open || undefined} onClick={onOpen}>
      <span className={classes.marker} data-open={open || undefined} aria-hidden>
        {citation.index}
      </span>
      <span className={classes.quoteBody}>
        <Text component="span" lineClamp={2} dir="auto">
          {citation.label !== null && <span className={classes.field}>{citation.label}: </span>}
          {citation.quote}
        </Text>
        <Byline citation={citation} />
      </span>
    </UnstyledButton>
  );
}

/** Who said it where, and when; of a field that nobody said, what it belongs to. */
function Byline({ citation }: { citation: Citation }) {
  const author = useAuthor(citation);
  const nobody = citation.author === null && citation.author_kind === null;
  const who = nobody ? citation.title : author;
  return (
    <Text component="span" fz="xs" c="dimmed" className={classes.byline}>
      <Kind type={citation.source_type} />
      {who !== null && (
        <>
          {" · "}
          <bdi>{who}</bdi>
        </>
      )}
      {" · "}
      <Moment at={citation.occurred_at} />
    </Text>
  );
}
