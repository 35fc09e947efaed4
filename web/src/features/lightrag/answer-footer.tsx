import { ActionIcon, CopyButton, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import classes from "./answer.module.css";
import { statusQuery } from "./api";
import { Feedback } from "./feedback";
import { QualityWord } from "./quality";
import type { Answer } from "./types";

/** How far to trust it, how it was made and found, how long it took, a link, and the verdict. */
export function AnswerFooter({ answer }: { answer: Answer }) {
  const { t } = useTranslation();
  const { quality_score: score, searched, status } = answer;
  return (
    <footer className={classes.footer}>
      <Text component="span" fz="xs" c="dimmed" className={classes.facts}>
        {score !== null && status === "answered" && <QualityWord score={score} />}
        <span>
          {t("answer.asked")} <Moment at={answer.asked_at} />
        </span>
        {searched !== "none" && <span>{t(`answer.${searched}`)}</span>}
        {answer.kind === "composed" && <ComposedBy />}
        <Timing timings={answer.timings} />
      </Text>
      <span className={classes.verdict}>
        <CopyLink />
        <Feedback key={answer.id} answer={answer} />
      </span>
    </footer>
  );
}

/** Which model wrote the sentences; what is stored is that one did, the name is today's. */
function ComposedBy() {
  const { t } = useTranslation();
  const { data: status } = useQuery(statusQuery(useProject().id));
  const model = status?.answers.composed_by ?? null;
  return (
    <Tooltip label={t("answer.composedMeans")} multiline maw={300}>
      <span tabIndex={0}>
        {t("answer.composed")}
        {model !== null && (
          <>
            {" ("}
            <Said>{model}</Said>)
          </>
        )}
      </span>
    </Tooltip>
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
