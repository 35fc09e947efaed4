/** Where on the Automation page one is: all of it stands in the address, so it can be shared. */

export const SHOWN = ["all", "active", "paused", "suspended", "failing", "late", "built"] as const;
export const RUN_GROUPS = ["active", "succeeded", "failed", "left_out", "cancelled"] as const;
export const TRIGGERS = ["schedule", "manual", "cascade", "retry", "webhook"] as const;
export const SORTS = ["name", "next"] as const;

export type Tab = "jobs" | "runs" | "letters";
export type Shown = (typeof SHOWN)[number];
export type Sort = (typeof SORTS)[number];
export type RunGroup = (typeof RUN_GROUPS)[number];
export type Trigger = (typeof TRIGGERS)[number];

/** What is left out is the beginning: the jobs that are built, in the server's order. */
export interface Place {
  tab?: "runs" | "letters";
  show?: Shown;
  sort?: Sort;
  job?: string;
  state?: RunGroup;
  trigger?: Trigger;
  fingerprint?: string;
  q?: string;
}

/** The place that an address means. What it says wrongly is left out. */
export function readPlace(search: Record<string, unknown>): Place {
  const place: Place = {};
  if (search.tab === "runs" || search.tab === "letters") place.tab = search.tab;
  const show = oneOf(SHOWN, search.show);
  if (show !== undefined) place.show = show;
  const sort = oneOf(SORTS, search.sort);
  if (sort !== undefined) place.sort = sort;
  const state = oneOf(RUN_GROUPS, search.state);
  if (state !== undefined) place.state = state;
  const trigger = oneOf(TRIGGERS, search.trigger);
  if (trigger !== undefined) place.trigger = trigger;
  for (const name of ["job", "fingerprint", "q"] as const) {
    const value = text(search[name]);
    if (value !== undefined) place[name] = value;
  }
  return place;
}

function oneOf<const T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((each) => each === value);
}

/** The router reads what looks like a number as one. */
function text(value: unknown): string | undefined {
  const said = typeof value === "number" ? String(value) : value;
  return typeof said === "string" && said !== "" ? said.slice(0, 200) : undefined;
}
