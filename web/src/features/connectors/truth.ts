import type { Hue } from "../../components/ui";
import type { ConnectorState, StreamState } from "./api";

export type Status = StreamState["status"];

/** From the state that needs a person most to the one that needs nobody, as on the server. */
const WORST_FIRST: readonly Status[] = [
  "auth_failed",
  "failing",
  "stalled",
  "rate_limited",
  "partial",
  "running",
  "disabled",
  "idle",
  "ok",
];

export const HUES: Record<Status, Hue> = {
  auth_failed: "critical",
  stalled: "critical",
  failing: "risk",
  rate_limited: "watch",
  partial: "watch",
  running: "accent",
  disabled: "neutral",
  idle: "neutral",
  ok: "good",
};

/** Streams by how much they need a person. */
export function worstFirst(streams: readonly StreamState[]): StreamState[] {
  return streams.toSorted((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status));
}

export type Line = ConnectorState["line"];

/**
 * The one line about a connector. Whatever else is said, it is only ok when every stream is, when
 * each that matters was read, when nothing waits that could not be copied, and when no record is
 * known to be otherwise at the source (`differing`).
 */
export function truth(state: ConnectorState, differing = 0): Line {
  if (state.line.status !== "ok") return state.line;
  const [worst] = worstFirst(state.streams);
  if (worst !== undefined && worst.status !== "ok") {
    return {
      status: worst.status,
      cause: worst.cause,
      next_step: worst.next_step,
      until: worst.until,
      stream: worst.stream,
    };
  }
  const lacking = state.open_errors + state.dead_letters > 0;
  if (lacking || differing > 0 || Object.keys(state.missing).length > 0) return { ...state.line, status: "partial" };
  if (state.last_success_at === null) return { ...state.line, status: "idle" };
  return state.line;
}

/** True while something is on its way, so that the page has to look more often. */
export const isMoving = (state: ConnectorState) =>
  state.streams.some(({ status }) => status === "running");

/** "Linear does not show 63 of 1000 issues any more": deletions that wait for a person's word. */
const HELD = /does not show (\d+) of (\d+) (\w+) any more/;

export interface Held {
  stream: string;
  gone: number;
  of: number;
  /** In the server's words. */
  cause: string;
}

/** Streams in which deletions were held back, each with how many of how many. */
export function heldBack(streams: readonly StreamState[]): Held[] {
  const found = new Map<string, Held>();
  for (const { status, cause } of streams) {
    const said = status === "partial" && cause !== null ? HELD.exec(cause) : null;
    if (said === null || cause === null) continue;
    const [, gone = "0", of = "0", stream = ""] = said;
    found.set(stream, { stream, gone: Number(gone), of: Number(of), cause });
  }
  return [...found.values()];
}
