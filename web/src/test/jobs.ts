import type { HttpHandler } from "msw";

import type { Schema } from "../api/client";
import { get } from "./mayak";

type Job = Schema["JobView"];
type Run = Schema["RunView"];

/** Times near the present, since the page counts from it. */
export const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

export function run(fields: Partial<Run> = {}): Run {
  return {
    id: "r1",
    job_type: "connectors_sync_cycle",
    queue: "io",
    trigger: "schedule",
    because: null,
    status: "ok",
    reason: null,
    slot_at: null,
    progress: null,
    counters: {},
    error: null,
    resolution: null,
    replayed_as: null,
    upstream: [],
    attempt: 1,
    queued_at: soon(-300),
    not_before: null,
    started_at: soon(-299),
    finished_at: soon(-290),
    cancel_requested_at: null,
    ...fields,
  };
}

export function detail(fields: Partial<Schema["RunDetail"]> = {}): Schema["RunDetail"] {
  return { ...run(), payload: {}, trace: null, up: [], down: [], ...fields };
}

export function job(fields: Partial<Job> = {}): Job {
  return {
    job_type: "connectors_sync_cycle",
    built: true,
    queue: "io",
    after: [],
    timeout_seconds: 600,
    max_attempts: 5,
    legacy: false,
    status: "active",
    pause_reason: null,
    paused_at: null,
    paused_by: null,
    cadence_seconds: 900,
    cron: null,
    time_zone: "Europe/Madrid",
    custom: false,
    overlap: "queue",
    catchup: "latest",
    next_run_at: soon(605),
    last_run: { id: "r0", status: "ok", finished_at: soon(-290), error: null },
    last_success_at: soon(-290),
    consecutive_failures: 0,
    running: null,
    queued: null,
    ...fields,
  };
}

export const EMBEDDINGS = job({
  job_type: "embeddings_run",
  after: ["connectors_sync_cycle"],
  cadence_seconds: 1200,
  last_run: null,
});

export function overview(
  items: Job[] = [job(), EMBEDDINGS],
  fields: Partial<Schema["SchedulerView"]> = {},
): Schema["SchedulerView"] {
  return { items, at: soon(0), workers: 1, overdue_seconds: 0, lightrag_only: true, ...fields };
}

export function jobsStatus(fields: Partial<Schema["JobsStatusView"]> = {}): Schema["JobsStatusView"] {
  return {
    at: soon(0),
    workers: [{ host: "studio", pid: 7, started_at: soon(-900), seen_at: soon(-2), slots: { io: 2 } }],
    queues: [{ queue: "io", waiting: 0, running: 0, slots: 2 }],
    waiting_for_retry: 0,
    longest_wait_seconds: 0,
    overdue_seconds: 0,
    suspended: 0,
    dead_letters: 0,
    late_slots: 0,
    last_day: {},
    ...fields,
  };
}

export function letters(fields: Partial<Schema["DeadLettersView"]> = {}): Schema["DeadLettersView"] {
  return {
    fingerprint: "f1",
    kind: "auth",
    message: "Chatwoot refused the token",
    job_types: ["connectors_sync_cycle"],
    count: 12,
    first_at: soon(-9000),
    last_at: soon(-300),
    newest: "r9",
    ...fields,
  };
}

/** A server with these jobs, a worker, and nothing failed. */
export const automation = (
  shown: Schema["SchedulerView"] = overview(),
  status: Schema["JobsStatusView"] = jobsStatus(),
): HttpHandler[] => [
  get("/jobs/scheduler", shown),
  get("/jobs/status", status),
  get("/jobs/dead-letters", { items: [], total: 0, at: soon(0) }),
];
