import { Text } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { ApiError } from "../../api/problem";
import { Boundary, Lines, ProblemNote, usePageTitle } from "../../components/ui";
import { useProject } from "../projects";
import { AnswerView, Question } from "./answer";
import classes from "./answer.module.css";
import { answerQuery } from "./api";

/** The question, and the shape of the answer to come. */
export function Asking({ question }: { question: string }) {
  const { t } = useTranslation();
  usePageTitle(t("ask.searching"));
  return (
    <div className={classes.answer}>
      <Question text={question} />
      <AnswerLines />
    </div>
  );
}

function AnswerLines() {
  return (
    <div className={classes.skeleton}>
      <Lines widths={[96, 88, 62]} height={16} />
      <Lines widths={[100, 100]} height={52} />
    </div>
  );
}

interface NotAnsweredProps {
  error: Error;
  question: string;
  onRetry: (question: string) => void;
}

export function NotAnswered({ error, question, onRetry }: NotAnsweredProps) {
  const { t } = useTranslation();
  usePageTitle(t("ask.failed"));
  return (
    <div className={classes.answer}>
      <Question text={question} />
      <div className={classes.failed}>
        <ProblemNote error={error} title={t("ask.failed")} onRetry={() => onRetry(question)} />
      </div>
    </div>
  );
}

interface StoredAnswerProps {
  id: string;
  openIndex: number | null;
  onOpen: (index: number) => void;
  onAskAgain: (question: string) => void;
}

export function StoredAnswer({ id, ...rest }: StoredAnswerProps) {
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
      <Loaded id={id} {...rest} />
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

/** What a screen reader hears as the answer comes. */
export function useAnnouncement(answerId: string | null, asking: boolean): string {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  const { data: answer } = useQuery({
    ...answerQuery(projectId, answerId ?? ""),
    enabled: answerId !== null,
  });
  if (asking) return t("ask.searching");
  if (!answer) return "";
  if (answer.status === "empty") return t("answer.readyEmpty");
  return t("answer.ready", { count: answer.citations.length });
}
