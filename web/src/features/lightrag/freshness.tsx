import { Popover, UnstyledButton } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { type Hue, StatusDot } from "../../components/ui";
import { ago, clock } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import { useProject } from "../projects";
import { statusQuery } from "./api";
import { DataPanel } from "./data-panel";
import classes from "./data-panel.module.css";

/** A poll comes every 30 s; past this age something has kept the page from being renewed. */
const STALE_MS = 75_000;

export interface Freshness {
  hue: Hue;
  words: string;
}

/** What can honestly be said about the age of this page. It polls: there is no live stream yet. */
export function useFreshness(): Freshness {
  const { t } = useTranslation();
  const { online } = useNetwork();
  const now = useNow(5_000);
  const zone = useZone();
  const { dataUpdatedAt, isError, isPending } = useQuery(statusQuery(useProject().id));
  if (dataUpdatedAt === 0) {
    if (isError) return { hue: "critical", words: t("freshness.failed") };
    if (isPending) return { hue: "neutral", words: t("freshness.waiting") };
  }
  const at = new Date(dataUpdatedAt).toISOString();
  const age = now.getTime() - dataUpdatedAt;
  if (isError || !online || age > STALE_MS) {
    return { hue: "watch", words: t("freshness.stale", { time: clock(at, now, locale(), zone) }) };
  }
  if (age < 5_000) return { hue: "good", words: t("freshness.now") };
  return { hue: "good", words: t("freshness.updated", { ago: ago(at, now, locale(), zone) }) };
}

export function FreshnessChip() {
  const { t } = useTranslation();
  const { hue, words } = useFreshness();
  return (
    <Popover width={360} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.chip} aria-label={`${t("freshness.label")}: ${words}`}>
          <StatusDot hue={hue} />
          <span className={classes.chipWords}>{words}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("data.title")}>
        <DataPanel />
      </Popover.Dropdown>
    </Popover>
  );
}
