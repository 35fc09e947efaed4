import { ActionIcon, Text, Tooltip, UnstyledButton } from "@mantine/core";
import { IconThumbDown, IconThumbDownFilled, IconThumbUp, IconThumbUpFilled } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ProblemNote } from "../../components/ui";
import classes from "./answer.module.css";
import { type Mark, useFeedback } from "./api";
import { Complaint } from "./complaint";
import type { Answer } from "./types";

type Stage = "idle" | "asking" | "thanked" | "undone";

/** What follows once a mark is saved: a "no" without a word is asked for one. */
function after({ value, reason, comment }: Mark): Stage {
  if (value === null) return "undone";
  return value === "up" || reason || comment ? "thanked" : "asking";
}

/** Thumbs; a second press takes the mark back, and a "no" asks what was wrong. */
export function Feedback({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  const save = useFeedback(answer);
  const [stage, setStage] = useState<Stage>("idle");
  const given = save.isPending ? save.variables.value : answer.feedback;

  const send = (mark: Mark) => save.mutate(mark, { onSuccess: () => setStage(after(mark)) });
  const press = (value: "up" | "down") => send({ value: given === value ? null : value });
  return (
    <>
      <span role="group" aria-label={t("feedback.question")} className={classes.thumbs}>
        <Thumb label={t("feedback.up")} pressed={given === "up"} onClick={() => press("up")} up />
        <Thumb label={t("feedback.down")} pressed={given === "down"} onClick={() => press("down")} />
      </span>
      {save.error && (
        <div className={classes.wide}>
          <ProblemNote error={save.error} title={t("feedback.failed")} onRetry={() => send(save.variables)} />
        </div>
      )}
      {stage === "asking" && (
        <Complaint
          busy={save.isPending}
          onCancel={() => setStage("idle")}
          onSend={(said) => send({ value: "down", ...said })}
        />
      )}
      {stage === "undone" && <Word>{t("feedback.undone")}</Word>}
      {stage === "thanked" && (
        <Word>
          {t("feedback.thanks")}{" "}
          <UnstyledButton fz="xs" className={classes.link} onClick={() => send({ value: null })}>
            {t("feedback.undo")}
          </UnstyledButton>
        </Word>
      )}
    </>
  );
}

const Word = ({ children }: { children: React.ReactNode }) => (
  <Text role="status" fz="xs" c="dimmed" className={classes.wide}>
    {children}
  </Text>
);

interface ThumbProps {
  label: string;
  pressed: boolean;
  onClick: () => void;
  up?: boolean;
}

function Thumb({ label, pressed, onClick, up = false }: ThumbProps) {
  const Icon = up ? (pressed ? IconThumbUpFilled : IconThumbUp) : pressed ? IconThumbDownFilled : IconThumbDown;
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} aria-pressed={pressed} onClick={onClick}>
        <Icon size={16} color={pressed ? "var(--mayak-accent)" : "currentColor"} />
      </ActionIcon>
    </Tooltip>
  );
}
