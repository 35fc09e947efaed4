import { Button, Code, CopyButton, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { type Problem, problemOf } from "../../api/problem";
import { Said } from "./said";
import classes from "./ui.module.css";

type Kind =
  | "network"
  | "unexpected_reply"
  | "forbidden"
  | "missing"
  | "tooMany"
  | "invalid"
  | "server"
  | "page";

export function kindOf({ code, status }: Problem): Kind {
  if (code === "network" || code === "unexpected_reply") return code;
  if (status === 403) return "forbidden";
  if (status === 404 || status === 410) return "missing";
  if (status === 429) return "tooMany";
  if (status >= 500) return "server";
  return status >= 400 ? "invalid" : "page";
}

/** What happened and what to do next, in words; the server's own detail stands between them. */
export function explain(t: TFunction, problem: Problem) {
  const kind = kindOf(problem);
  return {
    what: t(`error.${kind}`, { status: problem.status }),
    next: kind === "page" ? "" : t(`error.${kind}Next`),
  };
}

interface ProblemNoteProps {
  error: unknown;
  /** What the reader was doing, such as "The question was not answered". */
  title?: string;
  onRetry?: () => void;
}

/** A failure: what happened, why, what to do next, and the button for it. */
export function ProblemNote({ error, title, onRetry }: ProblemNoteProps) {
  const { t } = useTranslation();
  const problem = problemOf(error);
  const { what, next } = explain(t, problem);
  return (
    <div className={classes.problem} role="alert">
      <IconAlertTriangle size={18} className={classes.problemIcon} aria-hidden />
      <Stack gap={4} flex={1} miw={0}>
        <Text fw={600}>{title ?? what}</Text>
        {title && <Text>{what}.</Text>}
        {problem.detail && <Text><Said>{problem.detail}</Said></Text>}
        {next && <Text c="dimmed">{next}</Text>}
        <Group gap="sm" mt={4}>
          {onRetry && (
            <Button
              size="xs"
              variant="default"
              leftSection={<IconRefresh size={14} />}
              onClick={onRetry}
            >
              {t("common.retry")}
            </Button>
          )}
          {problem.requestId && <RequestId id={problem.requestId} />}
        </Group>
      </Stack>
    </div>
  );
}

function RequestId({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={id}>
      {({ copied, copy }) => (
        <UnstyledButton onClick={copy} title={t("common.copyId")} fz="xs" c="dimmed">
          {copied ? t("common.copied") : <Code fz="xs">{t("common.request", { id })}</Code>}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}
