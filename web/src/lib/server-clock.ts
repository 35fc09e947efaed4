import { useSyncExternalStore } from "react";

import { useNow } from "./use-now";

/** What the network adds to each reading: a smaller difference is no news. */
const JITTER_MS = 1_500;

let ahead = 0;
const listeners = new Set<() => void>();

/** Learn the server's clock from the time at which it wrote a reply; by how many ms it is ahead. */
export function learnClock(at: string): number {
  const read = Date.parse(at) - Date.now();
  if (Math.abs(read - ahead) > JITTER_MS) {
    ahead = read;
    for (const tell of listeners) tell();
  }
  return read;
}

/** The server counts whole seconds here, which is enough for a clock that is wrong by minutes. */
export function learnFromReply(response: Response): void {
  const date = response.headers.get("date");
  if (date !== null && !Number.isNaN(Date.parse(date))) learnClock(date);
}

function listen(tell: () => void) {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** The present by the server's clock, as far as it is known: what happened is dated by that clock. */
export function useServerNow(everyMs?: number): Date {
  const now = useNow(everyMs);
  const difference = useSyncExternalStore(listen, () => ahead);
  return new Date(now.getTime() + difference);
}
