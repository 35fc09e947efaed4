import type { HttpHandler } from "msw";

import type { Schema } from "../api/client";
import { soon } from "./jobs";
import { get } from "./mayak";

type Connector = Schema["ConnectorView"];
type Stream = Schema["StreamView"];

export function stream(fields: Partial<Stream> = {}): Stream {
  return {
    connector: "linear",
    stream: "issues",
    status: "ok",
    cause: null,
    next_step: null,
    until: null,
    last_success_at: soon(-120),
    last_run_at: soon(-120),
    fresh_until: soon(-180),
    done: null,
    total: null,
    rows: 1_240,
    ...fields,
  };
}

export function line(fields: Partial<Connector["line"]> = {}): Connector["line"] {
  return { status: "ok", cause: null, next_step: null, until: null, stream: null, ...fields };
}

export function connector(fields: Partial<Connector> = {}): Connector {
  return {
    connector: "linear",
    title: "Linear",
    configured: true,
    own: true,
    status: "enabled",
    paused_by: null,
    base_url: null,
    account: null,
    account_name: "Northwind studio",
    user: "Anna",
    role: "admin",
    missing: {},
    tested_at: soon(-3600),
    line: line(),
    streams: [stream()],
    scope: "parts",
    parts_bound: 2,
    open_errors: 0,
    dead_letters: 0,
    last_success_at: soon(-120),
    fresh_until: soon(-180),
    rows: 1_240,
    ...fields,
  };
}

const none = { missing: 0, extra: 0, duplicate: 0, stale: 0 };

export function metric(fields: Partial<Schema["MetricView"]> = {}): Schema["MetricView"] {
  return {
    depth: "full",
    restated: false,
    checked_at: soon(-600),
    source_count: 10_000,
    local_count: 9_963,
    missing: 37,
    extra: 0,
    duplicate: 0,
    stale: 0,
    completeness: 99.63,
    parts_checked: null,
    parts_total: null,
    cause: null,
    ...fields,
  };
}

export function totals(fields: Partial<Schema["ConnectorTotals"]> = {}): Schema["ConnectorTotals"] {
  return {
    connector: "linear",
    checked_at: soon(-600),
    completeness: 99.63,
    worst: { stream: "issues", completeness: 99.63 },
    missing: 37,
    extra: 0,
    duplicate: 0,
    stale: 0,
    open: { ...none, missing: 37 },
    trend: [],
    ...fields,
  };
}

export function check(fields: Partial<Schema["StreamCheck"]> = {}): Schema["StreamCheck"] {
  return {
    connector: "linear",
    stream: "issues",
    full: metric(),
    quick: null,
    open: { ...none, missing: 37 },
    ...fields,
  };
}

export function finding(fields: Partial<Schema["FindingView"]> = {}): Schema["FindingView"] {
  return {
    id: "f1",
    connector: "linear",
    stream: "issues",
    kind: "missing",
    external_id: "iss-1",
    detail: { known: { identifier: "ENG-1" } },
    status: "open",
    found_at: soon(-600),
    last_seen_at: soon(-600),
    resolved_at: null,
    repair_error: null,
    ...fields,
  };
}

export function group(fields: Partial<Schema["ErrorGroupView"]> = {}): Schema["ErrorGroupView"] {
  return {
    fingerprint: "fp1",
    connector: "linear",
    stream: "issues",
    kind: "schema",
    message: "A record could not be read",
    next_step: "See what the service sent.",
    count: 2,
    dead: 1,
    first_seen_at: soon(-9000),
    last_seen_at: soon(-300),
    next_retry_at: soon(60),
    ...fields,
  };
}

export function failure(fields: Partial<Schema["ConnectorErrorView"]> = {}): Schema["ConnectorErrorView"] {
  return {
    id: "e1",
    connector: "linear",
    stream: "issues",
    kind: "schema",
    message: "A record could not be read",
    fingerprint: "fp1",
    status: "pending",
    attempt: 2,
    external_id: "issue iss-1",
    next_retry_at: soon(60),
    next_step: null,
    first_seen_at: soon(-9000),
    last_seen_at: soon(-300),
    resolved_at: null,
    resolved_by: null,
    discarded_at: null,
    ...fields,
  };
}

export const pageOf = <T>(...items: T[]) => ({ items, next_cursor: null });

/** A server with these connectors, nothing checked, and nothing failed. */
export const sources = (...shown: Connector[]): HttpHandler[] => [
  get("/connectors", pageOf(...(shown.length === 0 ? [connector()] : shown))),
  get("/connectors/reconciliation", { connectors: [], streams: [], stages: [] }),
  get("/connectors/errors/groups", pageOf()),
  get("/connectors/reconciliation/findings", pageOf()),
];
