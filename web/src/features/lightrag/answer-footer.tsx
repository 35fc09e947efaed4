import { ActionIcon, CopyButton, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconLink } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { Answer } from "./api";
import classes from "./answer.module.css";
import { Feedback } from "./feedback";

/** How it was found, how long it took, a link to it, and the reader's verdict. */
export function AnswerFooter({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  return (
    <footer className={classes.footer}>
      <Text component="span" fz="xs" c="dimmed" className={classes.facts}>
        <span>
          {t("answer.asked")} <Moment at={answer.asked_at} />
        </span>
        {answer.mode !== "none" && <span>{t(`answer.${answer.mode}`)}</span>}
        <Timing timings={answer.timings} />
      </Text>
      <span className={classes.verdict}>
        <CopyLink />
        <Feedback key={answer.id} answer={answer} />
      </span>
    </footer>
  );
}

function Timing({ timings }: { timings: Answer["timings"] }) {
  const { t } = useTranslation();
  const ms = (value: number) => number(Math.round(value), locale());
  const parts = t("answer.timingParts", {
    embed: ms(timings.embed_ms),
    search: ms(timings.search_ms),
    answer: ms(timings.answer_ms),
  });
  return (
    <Tooltip label={parts}>
      <span>{t("answer.timing", { ms: ms(timings.total_ms) })}</span>
    </Tooltip>
  );
}

function CopyLink() {
  const { t } = useTranslation();
  const address = window.location.origin + window.location.pathname;
  return (
    <CopyButton value={address}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t("answer.linkCopied") : t("answer.copyLink")}>
          <ActionIcon onClick={copy} aria-label={t("answer.copyLink")}>
            {copied ? <IconCheck size={16} /> : <IconLink size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
