import { Button, Text, TextInput } from "@mantine/core";
import {
  IconCircleCheck,
  IconCircleDashed,
  IconSearch,
  IconThumbDown,
  IconThumbUp,
} from "@tabler/icons-react";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, Moment, ProblemNote } from "../../components/ui";
import { useProject } from "../projects";
import { historyQuery } from "./api";
import classes from "./history.module.css";
import type { Run } from "./types";

interface HistoryProps {
  currentId: string | null;
  /** Called when a question is chosen, for a drawer to close. */
  onChoose?: () => void;
}

export function History(props: HistoryProps) {
  return (
    <Boundary skeleton={<div className={classes.pad}><Lines widths={[90, 60, 80, 70, 95]} height={28} /></div>}>
      <Questions {...props} />
    </Boundary>
  );
}

function Questions({ currentId, onChoose }: HistoryProps) {
  const { t } = useTranslation();
  const [words, setWords] = useState("");
  const history = useSuspenseInfiniteQuery(historyQuery(useProject().id));
  const questions = history.data.pages.flatMap((page) => page.items);
  const shown = questions.filter(({ question }) => says(question, words));
  if (questions.length === 0) {
    return (
      <Text c="dimmed" className={classes.pad}>
        {t("history.empty")}
      </Text>
    );
  }
  return (
    <>
      <Search value={words} onChange={setWords} />
      <ul className={classes.list}>
        {shown.map((question) => (
          <li key={question.id}>
            <Item question={question} current={question.id === currentId} onChoose={onChoose} />
          </li>
        ))}
      </ul>
      {words.trim() !== "" && (
        <Text fz="xs" c="dimmed" role="status" className={classes.looked}>
          {t(shown.length === 0 ? "history.none" : "history.looked", { count: questions.length })}
        </Text>
      )}
      {history.isFetchNextPageError && (
        <ProblemNote error={history.error} onRetry={() => void history.fetchNextPage()} />
      )}
      {history.hasNextPage && (
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          size="xs"
          loading={history.isFetchingNextPage}
          onClick={() => void history.fetchNextPage()}
        >
          {t(words.trim() === "" ? "common.showMore" : "history.further")}
        </Button>
      )}
    </>
  );
}

function Search({ value, onChange }: { value: string; onChange: (words: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      type="search"
      size="xs"
      mt="sm"
      aria-label={t("history.search")}
      placeholder={t("history.search")}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

/** Whether a question has all of these words in it. */
function says(question: string, words: string): boolean {
  const text = question.toLocaleLowerCase();
  return words.toLocaleLowerCase().split(/\s+/).every((word) => text.includes(word));
}

interface ItemProps {
  question: Run;
  current: boolean;
  onChoose: (() => void) | undefined;
}

const OUTCOMES = { answered: IconCircleCheck, empty: IconCircleDashed } as const;

function Item({ question, current, onChoose }: ItemProps) {
  const { t } = useTranslation();
  const { status, feedback } = question;
  const Outcome = OUTCOMES[status];
  const found = {
    answered: question.kind === "table" ? t("history.table") : t("answer.sources", { count: question.citations }),
    empty: t("history.notFound"),
  }[status];
  return (
    <Link
      to="/ask/{-$id}"
      params={{ id: question.id }}
      className={classes.item}
      aria-current={current ? "page" : undefined}
      onClick={onChoose}
    >
      <Text component="span" truncate dir="auto" title={question.question} className={classes.text}>
        {question.question}
      </Text>
      <Text component="span" fz="xs" c="dimmed" className={classes.outcome}>
        <Outcome size={12} aria-hidden />
        <span>
          <Moment at={question.asked_at} /> · {found}
        </span>
        {feedback === "up" && <IconThumbUp size={12} aria-label={t("history.up")} />}
        {feedback === "down" && <IconThumbDown size={12} aria-label={t("history.down")} />}
      </Text>
    </Link>
  );
}
