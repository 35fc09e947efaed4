import { Button, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "../../api/problem";
import { Boundary, Lines, ProblemNote, usePageTitle } from "../../components/ui";
import { useProject } from "../projects";
import { type Acts, AnswerView } from "./answer";
import classes from "./answer.module.css";
import { AnswerTable } from "./answer-table";
import { answerQuery } from "./api";
import { Question } from "./question";
import { Sentences } from "./sentences";
import type { Coming } from "./stream";
import type { Answer, Table } from "./types";

interface AskingProps {
  question: string;
  coming: Coming;
  openIndex: number | null;
  onOpen: (index: number) => void;
}

/** The question, what has come of its answer, and the shape of what has not. */
export function Asking({ question, coming, openIndex, onOpen }: AskingProps) {
  const { t } = useTranslation();
  usePageTitle(t("ask.searching"));
  return (
    <section className={classes.answer} aria-label={t("ask.searching")}>
      <Question text={question} />
      {coming.table && <AnswerTable table={coming.table} name={question} onOpen={onOpen} />}
      <div aria-live="polite">
        <Sentences {...coming} openIndex={openIndex} onOpen={onOpen} />
      </div>
      <AnswerLines begun={coming.sentences.length > 0 || coming.table !== null} />
    </section>
  );
}

function AnswerLines({ begun = false }: { begun?: boolean }) {
  return (
    <div className={classes.skeleton}>
      <Lines widths={begun ? [62] : [96, 88, 62]} height={16} />
      {!begun && <Lines widths={[100, 100]} height={52} />}
    </div>
  );
}

/** The answer that was on the page: it stays there while another question runs. */
export function Previous({ children, still = false }: { children: ReactNode; still?: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.previous} inert={!still}>
      <Text fz="xs" fw={600} c="dimmed">
        {t("answer.previous")}
      </Text>
      {children}
    </div>
  );
}

interface NotAnsweredProps {
  error: Error;
  question: string;
  onRetry: () => void;
}

export function NotAnswered({ error, question, onRetry }: NotAnsweredProps) {
  const { t } = useTranslation();
  usePageTitle(t("ask.failed"));
  return (
    <div className={classes.answer}>
      <Question text={question} />
      <div className={classes.failed}>
        <ProblemNote error={error} title={t("ask.failed")} onRetry={onRetry} />
      </div>
    </div>
  );
}

interface StoppedProps {
  question: string;
  coming: Coming;
  onRetry: () => void;
}

/** What had come when the reader stopped it. It is not kept, and said to be a part. */
export function StoppedAnswer({ question, coming, onRetry }: StoppedProps) {
  const { t } = useTranslation();
  usePageTitle(t("ask.stopped"));
  return (
    <div className={classes.answer}>
      <Question text={question} />
      {coming.table && <AnswerTable table={closed(coming.table)} name={question} onOpen={() => undefined} />}
      <Sentences sentences={coming.sentences} citations={[]} openIndex={null} onOpen={() => undefined} />
      <div className={classes.stopped} role="status">
        <Text c="dimmed">{t(coming.sentences.length > 0 || coming.table !== null ? "ask.stoppedPart" : "ask.stopped")}</Text>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
          {t("empty.again")}
        </Button>
      </div>
    </div>
  );
}

/** A table whose rows open nothing: what they cite was not kept. */
const closed = (table: Table): Table => ({
  ...table,
  rows: table.rows.map((row) => ({ ...row, citation: null, external_id: null })),
});

interface StoredAnswerProps {
  id: string;
  openIndex: number | null;
  acts: Acts;
}

export function StoredAnswer(props: StoredAnswerProps) {
  return (
    <Boundary
      skeleton={
        <div className={classes.answer}>
          <Lines widths={[70]} height={24} />
          <AnswerLines />
        </div>
      }
      fallback={(error, retry) => <Unopened error={error} retry={retry} />}
    >
      <Loaded {...props} />
    </Boundary>
  );
}

function Loaded({ id, ...rest }: StoredAnswerProps) {
  const { t } = useTranslation();
  const { data: answer } = useSuspenseQuery(answerQuery(useProject().id, id));
  usePageTitle(answer.question.slice(0, 80), t("ask.title"));
  return <AnswerView answer={answer} {...rest} />;
}

function Unopened({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  usePageTitle(t("ask.title"));
  const gone = error instanceof ApiError && [404, 422].includes(error.problem.status);
  if (!gone) return <ProblemNote error={error} onRetry={retry} />;
  return (
    <div className={classes.gone}>
      <Text component="h1" fw={600} fz="lg">
        {t("answer.missing")}
      </Text>
      <Text c="dimmed" mt={4}>
        {t("answer.missingHint")}
      </Text>
    </div>
  );
}

/** What a screen reader hears as the answer comes; null when none has: what stands in its place speaks for itself. */
export function useAnnouncement(asking: boolean, answer: Answer | null): string {
  const { t } = useTranslation();
  if (asking) return t("ask.searching");
  if (answer === null) return "";
  if (answer.status === "empty") return t("answer.readyEmpty");
  if (answer.table !== null) return t("answer.readyTable", { count: answer.table.total });
  return t("answer.ready", { count: answer.citations.length });
}
