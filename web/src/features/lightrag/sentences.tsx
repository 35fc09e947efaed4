import { Text, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { excerpt } from "../../lib/spans";
import classes from "./answer.module.css";
import type { Citation, Sentence } from "./types";

interface SentencesProps {
  sentences: Sentence[];
  citations: Citation[];
  /** The citation whose source is open, by its index. */
  openIndex: number | null;
  onOpen: (index: number) => void;
}

/** Sentences, each with the numbers of what it is taken from. */
export function Sentences({ sentences, citations, openIndex, onOpen }: SentencesProps) {
  const byIndex = new Map(citations.map((citation) => [citation.index, citation]));
  if (sentences.length === 0) return null;
  return (
    <div className={classes.sentences}>
      {sentences.map((sentence, at) => (
        <p key={at} dir="auto">
          {sentence.text}{" "}
          <span className={classes.markers}>
            {sentence.citations.map((index) => {
              const citation = byIndex.get(index);
              return citation ? (
                <Marker key={index} citation={citation} open={index === openIndex} onOpen={onOpen} />
              ) : null;
            })}
          </span>
        </p>
      ))}
    </div>
  );
}

interface MarkerProps {
  citation: Citation;
  open: boolean;
  onOpen: (index: number) => void;
}

function Marker({ citation, open, onOpen }: MarkerProps) {
  const { t } = useTranslation();
  return (
    <UnstyledButton
      className={classes.marker}
      data-citation={citation.index}
      data-open={open || undefined}
      aria-pressed={open}
      aria-label={t("answer.openSource", { index: citation.index, quote: shortened(citation.quote) })}
      onClick={() => onOpen(citation.index)}
    >
      <Text component="span" inherit aria-hidden>
        {citation.index}
      </Text>
    </UnstyledButton>
  );
}

const SPOKEN = 80;

const shortened = (quote: string) =>
  quote.length <= SPOKEN ? quote : `${quote.slice(0, excerpt(quote, null, SPOKEN).to)}…`;
