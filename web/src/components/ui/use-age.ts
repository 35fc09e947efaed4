import { useNetwork } from "@mantine/hooks";
import { useTranslation } from "react-i18next";

import { ago, clock } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import type { Hue } from "./status-dot";

export interface Age {
  hue: Hue;
  words: string;
}

interface Asked {
  /** When the newest data came, in ms since 1970; 0 when none came yet. */
  dataUpdatedAt: number;
  isError: boolean;
}

/** What can honestly be said about the age of a panel that polls; `staleMs` is past any poll. */
export function useAge({ dataUpdatedAt, isError }: Asked, staleMs: number): Age {
  const { t } = useTranslation();
  const { online } = useNetwork();
  const now = useNow(5_000);
  const zone = useZone();
  if (dataUpdatedAt === 0) {
    return isError
      ? { hue: "critical", words: t("freshness.failed") }
      : { hue: "neutral", words: t("freshness.waiting") };
  }
  const at = new Date(dataUpdatedAt).toISOString();
  const age = now.getTime() - dataUpdatedAt;
  if (isError || !online || age > staleMs) {
    return { hue: "watch", words: t("freshness.stale", { time: clock(at, now, locale(), zone) }) };
  }
  if (age < 5_000) return { hue: "good", words: t("freshness.now") };
  return { hue: "good", words: t("freshness.updated", { ago: ago(at, now, locale(), zone) }) };
}
