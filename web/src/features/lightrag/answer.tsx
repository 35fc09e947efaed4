import { Text, Title, UnstyledButton } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { excerpt } from "../../lib/spans";
import type { Answer, Citation } from "./api";
import classes from "./answer.module.css";
import { AnswerFooter } from "./answer-footer";
import { EmptyAnswer } from "./empty-answer";
import { Notes } from "./notes";
import { SourceList } from "./source-list";

interface AnswerViewProps {
  answer: Answer;
  /** The citation whose source is open, by its index. */
  openIndex: number | null;
  onOpen: (index: number) => void;
  onAskAgain: (question: string) => void;
}

export function AnswerView({ answer, openIndex, onOpen, onAskAgain }: AnswerViewProps) {
  const { t } = useTranslation();
  return (
    <article aria-label={t("answer.label")} className={classes.answer}>
      <Question text={answer.question} />
      {answer.status === "empty" ? (
        <EmptyAnswer answer={answer} onAskAgain={() => onAskAgain(answer.question)} />
      ) : (
        <>
          <Sentences answer={answer} openIndex={openIndex} onOpen={onOpen} />
          <Notes notes={answer.notes} />
          <SourceList citations={answer.citations} openIndex={openIndex} onOpen={onOpen} />
        </>
      )}
      <AnswerFooter answer={answer} />
    </article>
  );
}

/** Characters after which a question is shown smaller and cut to a few lines. */
const LONG_QUESTION = 240;

export function Question({ text }: { text: string }) {
  const { t } = useTranslation();
  const [whole, setWhole] = useState(false);
  if (text.length <= LONG_QUESTION) {
    return (
      <Title order={1} className={classes.question} dir="auto">
        {text}
      </Title>
    );
  }
  return (
    <>
      <Title order={1} className={classes.longQuestion} data-whole={whole || undefined} dir="auto">
        {text}
      </Title>
      <UnstyledButton className={classes.link} onClick={() => setWhole(!whole)}>
        {whole ? t("source.less") : t("common.showMore")}
      </UnstyledButton>
    </>
  );
}

interface SentencesProps {
  answer: Answer;
  openIndex: number | null;
  onOpen: (index: number) => void;
}

function Sentences({ answer, openIndex, onOpen }: SentencesProps) {
  const byIndex = new Map(answer.citations.map((citation) => [citation.index, citation]));
  return (
    <div className={classes.sentences}>
      {answer.sentences.map((sentence, at) => (
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
