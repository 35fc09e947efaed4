import { Button } from "@mantine/core";
import { IconCornerDownRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./answer.module.css";
import { AnswerFooter } from "./answer-footer";
import { AnswerTable } from "./answer-table";
import { EmptyAnswer } from "./empty-answer";
import { HowFound } from "./how-found";
import { Notes } from "./notes";
import { Question } from "./question";
import { Sentences } from "./sentences";
import { SourceList } from "./source-list";
import type { Answer } from "./types";
import { Within } from "./within";

/** What can be done from an answer. */
export interface Acts {
  /** Open the source of a citation, by its index. */
  open: (index: number) => void;
  openRecord: (type: string, id: string) => void;
  again: (answer: Answer) => void;
  /** Ask again, and keep how it was found. */
  explain: (answer: Answer) => void;
  /** Let the next question follow this answer; null when it does. */
  follow: (() => void) | null;
  /** Ask again within everything. */
  unfiltered: (answer: Answer) => void;
}

interface AnswerViewProps {
  answer: Answer;
  /** The citation whose source is open, by its index. */
  openIndex: number | null;
  acts: Acts;
}

export function AnswerView({ answer, openIndex, acts }: AnswerViewProps) {
  const { t } = useTranslation();
  return (
    <article aria-label={t("answer.label")} className={classes.answer}>
      <Question text={answer.question} />
      <Within answer={answer} />
      {answer.status === "empty" ? (
        <EmptyAnswer answer={answer} acts={acts} />
      ) : (
        <>
          {answer.table && (
            <AnswerTable
              table={answer.table}
              name={answer.question}
              onOpen={acts.open}
              onRecord={acts.openRecord}
            />
          )}
          <Sentences {...answer} openIndex={openIndex} onOpen={acts.open} />
          <Notes notes={answer.notes} />
          {answer.citations.length > 0 && (
            <SourceList citations={answer.citations} openIndex={openIndex} onOpen={acts.open} />
          )}
        </>
      )}
      <AnswerFooter answer={answer} />
      {acts.follow !== null && answer.status === "answered" && <FollowButton onFollow={acts.follow} />}
      <HowFound answer={answer} onExplain={() => acts.explain(answer)} />
    </article>
  );
}

function FollowButton({ onFollow }: { onFollow: () => void }) {
  const { t } = useTranslation();
  return (
    <Button
      size="xs"
      variant="default"
      mt="sm"
      leftSection={<IconCornerDownRight size={14} aria-hidden />}
      onClick={onFollow}
    >
      {t("follow.act")}
    </Button>
  );
}
