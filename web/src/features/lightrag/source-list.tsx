import { Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import type { Citation } from "./api";
import classes from "./answer.module.css";
import { useAuthor } from "./author";

interface SourceListProps {
  citations: Citation[];
  openIndex: number | null;
  onOpen: (index: number) => void;
}

/** The quotes themselves, so that the evidence is on the page before anything is opened. */
export function SourceList({ citations, openIndex, onOpen }: SourceListProps) {
  const { t } = useTranslation();
  return (
    <section aria-label={t("answer.sources", { count: citations.length })} className={classes.sources}>
      <Text component="h2" fz="xs" fw={600} c="dimmed" mb={6}>
        {t("answer.sources", { count: citations.length })}
      </Text>
      <ol className={classes.quotes}>
        {citations.map((citation) => (
          <li key={citation.index}>
            <Quote
              citation={citation}
              open={citation.index === openIndex}
              onOpen={() => onOpen(citation.index)}
            />
          </li>
        ))}
      </ol>
    </section>
  );
}

interface QuoteProps {
  citation: Citation;
  open: boolean;
  onOpen: () => void;
}

function Quote({ citation, open, onOpen }: QuoteProps) {
  const author = useAuthor(citation);
  return (
    <UnstyledButton className={classes.quote} data-open={open || undefined} onClick={onOpen}>
      <span className={classes.marker} data-open={open || undefined} aria-hidden>
        {citation.index}
      </span>
      <span className={classes.quoteBody}>
        <Text component="span" lineClamp={2} dir="auto">
          {citation.quote}
        </Text>
        <Text component="span" fz="xs" c="dimmed" className={classes.byline}>
          <bdi>{author}</bdi> · <Moment at={citation.occurred_at} />
        </Text>
      </span>
    </UnstyledButton>
  );
}
