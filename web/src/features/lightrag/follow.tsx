import { CloseButton } from "@mantine/core";
import { IconCornerDownRight } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import classes from "./ask.module.css";
import type { Answer } from "./types";
import { turnsAfter } from "./use-ask-page";

/** What the next question follows: its words count for it too. Can be dropped. */
export function FollowChip({ answer, onDrop }: { answer: Answer; onDrop: () => void }) {
  const { t } = useTranslation();
  const turns = turnsAfter(answer);
  return (
    <div className={classes.follow}>
      <IconCornerDownRight size={16} aria-hidden />
      <span className={classes.followText} title={turns.join("\n")}>
        {t("follow.follows")} <bdi>{answer.question}</bdi>
        {turns.length > 1 && <small> {t("follow.more", { count: turns.length - 1 })}</small>}
      </span>
      <CloseButton size="sm" aria-label={t("follow.drop")} title={t("follow.drop")} onClick={onDrop} />
    </div>
  );
}

/** What an answer followed when it was asked. */
export function FollowedTurns({ history }: { history: string[] }) {
  const { t } = useTranslation();
  const last = history.at(-1);
  if (last === undefined) return null;
  return (
    <span title={history.join("\n")}>
      {t("follow.followed")} <bdi>{last}</bdi>
      {history.length > 1 && ` ${t("follow.more", { count: history.length - 1 })}`}
    </span>
  );
}
