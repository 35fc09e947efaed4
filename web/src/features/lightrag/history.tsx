import { Button, Text } from "@mantine/core";
import { useSuspenseInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, Moment, ProblemNote } from "../../components/ui";
import type { Schema } from "../../api/client";
import { useProject } from "../projects";
import { historyQuery } from "./api";
import classes from "./history.module.css";

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
  const history = useSuspenseInfiniteQuery(historyQuery(useProject().id));
  const questions = history.data.pages.flatMap((page) => page.items);
  if (questions.length === 0) {
    return (
      <Text c="dimmed" className={classes.pad}>
        {t("history.empty")}
      </Text>
    );
  }
  return (
    <>
      <ul className={classes.list}>
        {questions.map((question) => (
          <li key={question.id}>
            <Item question={question} current={question.id === currentId} onChoose={onChoose} />
          </li>
        ))}
      </ul>
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
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}

interface ItemProps {
  question: Schema["QuerySummaryView"];
  current: boolean;
  onChoose: (() => void) | undefined;
}

function Item({ question, current, onChoose }: ItemProps) {
  const { t } = useTranslation();
  const found =
    question.status === "empty"
      ? t("history.notFound")
      : t("answer.sources", { count: question.citations });
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
      <Text component="span" fz="xs" c="dimmed" truncate className={classes.text}>
        <Moment at={question.asked_at} /> · {found}
      </Text>
    </Link>
  );
}
