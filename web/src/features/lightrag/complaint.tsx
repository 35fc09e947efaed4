import { Button, Chip, Group, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import classes from "./answer.module.css";
import type { FeedbackReason } from "./types";

export const REASONS: readonly FeedbackReason[] = ["wrong", "incomplete", "not_found", "outdated", "other"];

interface Said {
  reason?: FeedbackReason;
  comment?: string;
}

interface ComplaintProps {
  busy: boolean;
  onSend: (said: Said) => void;
  onCancel: () => void;
}

/** What was wrong with an answer: one of the usual things, words of one's own, or both. */
export function Complaint({ busy, onSend, onCancel }: ComplaintProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState<FeedbackReason | null>(null);
  const [text, setText] = useState("");
  const comment = text.trim();
  return (
    <form
      className={classes.wide}
      onSubmit={(event) => {
        event.preventDefault();
        onSend({ ...(reason !== null && { reason }), ...(comment !== "" && { comment }) });
      }}
    >
      <Chip.Group
        value={reason}
        onChange={(value) => setReason(REASONS.find((known) => known === value) ?? null)}
      >
        <Group gap={6} role="radiogroup" aria-label={t("feedback.what")} mb="sm">
          {REASONS.map((one) => (
            <Chip key={one} value={one} size="xs" variant="outline">
              {t(`feedback.reasons.${one}`)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
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
        <Button size="xs" type="submit" loading={busy} disabled={comment === "" && reason === null}>
          {t("feedback.send")}
        </Button>
        <Button size="xs" variant="subtle" color="gray" onClick={onCancel}>
          {t("common.cancel")}
        </Button>
      </Group>
    </form>
  );
}
