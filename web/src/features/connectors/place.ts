/** Where on the Connectors page one is: all of it stands in the address, so it can be shared. */

export const CONNECTORS = ["chatwoot", "linear", "attio"] as const;
export const TABS = [
  "streams",
  "setup",
  "fields",
  "errors",
  "reconciliation",
  "webhooks",
  "drift",
  "records",
] as const;
export const ERROR_STATUSES = ["open", "pending", "retrying", "dead_letter", "resolved"] as const;
export const ERROR_KINDS = ["auth", "rate_limit", "schema", "not_found", "network", "server", "rejected", "quota"] as const;
export const FINDING_KINDS = ["missing", "extra", "duplicate", "stale"] as const;
export const FINDING_STATUSES = ["open", "ignored", "repaired", "gone"] as const;

export type Connector = (typeof CONNECTORS)[number];
export type Tab = (typeof TABS)[number];
export type ErrorsShown = (typeof ERROR_STATUSES)[number];
export type ErrorKind = (typeof ERROR_KINDS)[number];
export type FindingKind = (typeof FINDING_KINDS)[number];
export type FindingStatus = (typeof FINDING_STATUSES)[number];

/** What is left out is the beginning: the streams, and everything of a list. */
export interface Place {
  tab?: Exclude<Tab, "streams">;
  stream?: string;
  /** Of the errors. */
  status?: ErrorsShown;
  kind?: ErrorKind;
  /** Of the reconciliation. */
  found?: FindingKind;
  state?: FindingStatus;
  /** Of the records. */
  id?: string;
  q?: string;
  deleted?: true;
}

/** The place that an address means. What it says wrongly is left out. */
export function readPlace(search: Record<string, unknown>): Place {
  const place: Place = {};
  const tab = oneOf(TABS, search.tab);
  if (tab !== undefined && tab !== "streams") place.tab = tab;
  const status = oneOf(ERROR_STATUSES, search.status);
  if (status !== undefined) place.status = status;
  const kind = oneOf(ERROR_KINDS, search.kind);
  if (kind !== undefined) place.kind = kind;
  const found = oneOf(FINDING_KINDS, search.found);
  if (found !== undefined) place.found = found;
  const state = oneOf(FINDING_STATUSES, search.state);
  if (state !== undefined) place.state = state;
  for (const name of ["stream", "id", "q"] as const) {
    const value = text(search[name]);
    if (value !== undefined) place[name] = value;
  }
  if (search.deleted === true) place.deleted = true;
  return place;
}

/** The connector that an address names; undefined for one that there is not. */
export const readConnector = (name: string) => oneOf(CONNECTORS, name);

function oneOf<const T extends string>(values: readonly T[], value: unknown): T | undefined {
  return values.find((each) => each === value);
}

/** The router reads what looks like a number as one. */
function text(value: unknown): string | undefined {
  const said = typeof value === "number" ? String(value) : value;
  return typeof said === "string" && said !== "" ? said.slice(0, 200) : undefined;
}
