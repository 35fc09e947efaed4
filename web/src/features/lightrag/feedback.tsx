import { ActionIcon, Button, Group, Text, Textarea, Tooltip } from "@mantine/core";
import { IconThumbDown, IconThumbDownFilled, IconThumbUp, IconThumbUpFilled } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { ProblemNote } from "../../components/ui";
import { type Answer, useFeedback } from "./api";
import classes from "./answer.module.css";

/** Thumbs; a second press takes the mark back, and a "no" asks what was wrong. */
export function Feedback({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  const save = useFeedback(answer);
  const [stage, setStage] = useState<"idle" | "asking" | "thanked">("idle");
  const given = save.isPending ? (save.variables.value ?? null) : answer.feedback;

  const mark = (value: "up" | "down") => {
    const next = given === value ? null : value;
    setStage(next === "down" ? "asking" : "idle");
    save.mutate({ value: next });
  };
  return (
    <>
      <span role="group" aria-label={t("feedback.question")} className={classes.thumbs}>
        <Thumb label={t("feedback.up")} pressed={given === "up"} onClick={() => mark("up")} up />
        <Thumb label={t("feedback.down")} pressed={given === "down"} onClick={() => mark("down")} />
      </span>
      {save.error && (
        <div className={classes.wide}>
          <ProblemNote
            error={save.error}
            title={t("feedback.failed")}
            onRetry={() => save.mutate(save.variables)}
          />
        </div>
      )}
      {stage === "asking" && (
        <Comment
          busy={save.isPending}
          onCancel={() => setStage("idle")}
          onSend={(comment) =>
            save.mutate({ value: "down", comment }, { onSuccess: () => setStage("thanked") })
          }
        />
      )}
      {stage === "thanked" && (
        <Text role="status" fz="xs" c="dimmed" className={classes.wide}>
          {t("feedback.thanks")}
        </Text>
      )}
    </>
  );
}

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

interface CommentProps {
  busy: boolean;
  onSend: (comment: string) => void;
  onCancel: () => void;
}

function Comment({ busy, onSend, onCancel }: CommentProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  return (
    <form
      className={classes.wide}
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== "") onSend(text.trim());
      }}
    >
      <Textarea
        label={t("feedback.what")}
        placeholder={t("feedback.placeholder")}
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        autoFocus
        dir="auto"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Group gap="sm" mt="sm">
        <Button size="xs" type="submit" loading={busy} disabled={text.trim() === ""}>
          {t("feedback.send")}
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
      </Group>
    </form>
  );
}
