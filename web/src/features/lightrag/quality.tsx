import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { StatusDot } from "../../components/ui";
import { percent } from "../../lib/format";
import { locale } from "../../lib/i18n";
import classes from "./answer.module.css";

export type Quality = "high" | "medium" | "low";

/** How far an answer can be trusted; `score` is the chance that it is right, from 0 to 1. */
export function qualityOf(score: number): Quality {
  if (score >= 0.9) return "high"; // below, one in five was wrong: decision 0018
  return score >= 0.5 ? "medium" : "low";
}

const HUES = { high: "good", medium: "watch", low: "risk" } as const;

/** The chance that an answer is right, as a word; what the word means, on hover and on focus. */
export function QualityWord({ score }: { score: number }) {
  const { t } = useTranslation();
  const quality = qualityOf(score);
  const meaning = t(`quality.${quality}Means`, { chance: percent(score, locale()) });
  return (
    <Tooltip label={meaning} multiline maw={300}>
      <span className={classes.quality} tabIndex={0} aria-description={meaning}>
        <StatusDot hue={HUES[quality]} />
        {t(`quality.${quality}`)}
      </span>
    </Tooltip>
  );
}
