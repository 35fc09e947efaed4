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
  /** What is shown may no longer be so. */
  stale: boolean;
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
      ? { hue: "critical", words: t("freshness.failed"), stale: true }
      : { hue: "neutral", words: t("freshness.waiting"), stale: false };
  }
  const at = new Date(dataUpdatedAt).toISOString();
  const age = now.getTime() - dataUpdatedAt;
  if (isError || !online || age > staleMs) {
    const time = clock(at, now, locale(), zone);
    return { hue: "watch", words: t("freshness.stale", { time }), stale: true };
  }
  if (age < 5_000) return { hue: "good", words: t("freshness.now"), stale: false };
  const words = t("freshness.updated", { ago: ago(at, now, locale(), zone) });
  return { hue: "good", words, stale: false };
}
