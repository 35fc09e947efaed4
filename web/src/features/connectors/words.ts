import type { TFunction } from "i18next";

import { clock } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { stream as streams } from "../../lib/i18n/en-connectors";
import type { ConnectorState } from "./api";
import type { Connector } from "./place";
import type { Line, Status } from "./truth";

export const TITLES: Record<Connector, string> = {
  chatwoot: "Chatwoot",
  linear: "Linear",
  attio: "Attio",
};

/** A stream as people call it; one that this page does not know, by its technical name. */
export function streamName(t: TFunction, name: string): string {
  return isStream(name) ? t(`stream.${name}`) : name.replaceAll("_", " ");
}

const isStream = (name: string): name is keyof typeof streams => Object.hasOwn(streams, name);

/** Why a connector rests although nothing is wrong with it; null when it does not. */
export type Rest = "paused" | "unconnected" | "unbound";

export function restOf(state: ConnectorState): Rest | null {
  if (!state.configured) return "unconnected";
  if (state.status === "paused") return "paused";
  // A service that refuses the credential says more than what is bound of it.
  return state.scope === "none" && state.line.status === "idle" ? "unbound" : null;
}

/** A state in one sentence: "rate-limited until 14:32, resumes by itself". */
export function sentence(
  t: TFunction,
  { status, until }: Pick<Line, "status" | "until">,
  now: Date,
  zone: string,
): string {
  if (status !== "rate_limited") return t(`connector.${status}`);
  if (until === null) return t("connector.rate_limited_open");
  return t("connector.rate_limited", { until: clock(until, now, locale(), zone) });
}

/** The same of a whole connector, with what holds it back before anything is read. */
export function connectorSentence(
  t: TFunction,
  state: ConnectorState,
  status: Status,
  now: Date,
  zone: string,
): string {
  const rest = restOf(state);
  if (rest !== null) return t(`connector.${rest}`);
  return sentence(t, { status, until: state.line.until }, now, zone);
}

/** A percentage that is already one: 99.8 is "99.8 %". Cut, never rounded up: almost all is not all. */
export function share(percent: number | string): string {
  const cut = Math.floor(Number(percent) * 10 + 1e-9) / 10;
  return new Intl.NumberFormat(locale(), {
    style: "percent",
    minimumFractionDigits: cut === 100 ? 0 : 1,
    maximumFractionDigits: 1,
  }).format(cut / 100);
}
