import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX, IconClock, IconPlayerPause, IconPlugConnectedX, IconRefresh } from "@tabler/icons-react";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { type Look, Said, State } from "../../components/ui";
import { useServerNow } from "../../lib/server-clock";
import { isolated } from "../../lib/visible";
import { useZone } from "../../lib/zone";
import type { ConnectorState } from "./api";
import classes from "./connectors.module.css";
import { NextAct } from "./next-act";
import type { Connector } from "./place";
import { HUES, heldBack, type Line, type Status, truth } from "./truth";
import { useDiffering } from "./use-completeness";
import { useAgeOfPage } from "./use-connectors";
import { connectorSentence, restOf, streamName } from "./words";

const ICONS: Record<Status, Look["Icon"]> = {
  auth_failed: IconPlugConnectedX,
  stalled: IconCircleX,
  failing: IconCircleX,
  rate_limited: IconClock,
  partial: IconAlertTriangle,
  running: IconRefresh,
  disabled: IconPlayerPause,
  idle: IconCircleDashed,
  ok: IconCircleCheck,
};

/** How a state looks; one that is old has no colour, because nobody knows how it is now. */
export const lookOf = (status: Status, stale: boolean): Look => ({
  hue: stale ? "neutral" : HUES[status],
  Icon: stale && status === "ok" ? IconCircleDashed : ICONS[status],
});

interface TruthBehindProps {
  state: ConnectorState;
  connector: Connector;
}

/** One line that is true of the whole connector; its name goes before it. */
export function TruthLine({ state, children }: { state: ConnectorState; children?: ReactNode }) {
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  const { stale } = useAgeOfPage();
  const differing = useDiffering(state.connector);
  const { status } = truth(state, differing);
  return (
    <State {...lookOf(status, stale)} pulse={status === "running" && !stale}>
      {children}
      {connectorSentence(t, state, status, now, zone)}
    </State>
  );
}

/** Why it is so, and what to do: in words, and as a button where there is one. */
export function TruthBehind({ state, connector }: TruthBehindProps) {
  const differing = useDiffering(state.connector);
  const line = truth(state, differing);
  return (
    <div className={classes.truth}>
      <Why state={state} line={line} differing={differing} />
      <div className={classes.next}>
        <NextAct
          state={state}
          connector={connector}
          line={line}
          held={heldBack(state.streams)}
          differing={differing}
        />
      </div>
    </div>
  );
}

interface WhyProps {
  state: ConnectorState;
  line: Line;
  /** Records that are known to be otherwise at the source. */
  differing: number;
}

/** The cause and the next step in the server's words, behind ours: it knows the details. */
function Why({ state, line, differing }: WhyProps) {
  const { t } = useTranslation();
  const missing = Object.keys(state.missing);
  const meaning = meaningOf(t, state, line, differing);
  // Before anything is read there is no more to say than what is said here.
  const rest = restOf(state);
  return (
    <>
      {meaning !== null && <p>{meaning}</p>}
      {rest === null && line.cause !== null && (
        <Text component="p" c="dimmed">
          {line.stream !== null && `${streamName(t, line.stream)}: `}
          <Said>{line.cause}</Said>
        </Text>
      )}
      {rest === null && line.next_step !== null && (
        <Text component="p" c="dimmed">
          <Said>{line.next_step}</Said>
        </Text>
      )}
      {missing.length > 0 && (
        <p>{t("connectors.card.missing", { streams: missing.map((one) => streamName(t, one)).join(", ") })}</p>
      )}
    </>
  );
}

/** What a state means, in the reader's language; null when the one line says it all. */
function meaningOf(
  t: TFunction,
  state: ConnectorState,
  { status }: Line,
  differing: number,
): string | null {
  const rest = restOf(state);
  if (rest === "paused") return state.paused_by === null ? null : t("connectors.card.pausedBy", { who: isolated(state.paused_by) });
  if (rest !== null) return t(`connectors.explain.${rest}`);
  const lacking = state.open_errors + state.dead_letters;
  if (status === "partial" && lacking > 0) return t("connectors.card.lacking", { count: lacking });
  if (status === "partial" && differing > 0) {
    return t("connectors.card.differing", { count: differing });
  }
  if (status === "idle" && state.last_success_at !== null) return null;
  if (status === "ok" || status === "running" || status === "disabled") return null;
  return t(`connectors.explain.${status}`);
}
