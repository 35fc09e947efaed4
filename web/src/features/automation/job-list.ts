import type { TFunction } from "i18next";

import type { Job } from "./api";
import type { Shown, Sort } from "./place";
import { jobName } from "./words";

/** A worker looks at the schedules every second; later than this, something is wrong. */
const LATE_MS = 60_000;

/**
 * How many milliseconds the job's slot was past at `at`; negative while it was still to come.
 *
 * `at` is when the server last replied: since then the job may have run without this page knowing.
 */
export function lateness({ next_run_at }: Job, at: string): number {
  return next_run_at === null ? Number.NEGATIVE_INFINITY : Date.parse(at) - Date.parse(next_run_at);
}

export const isLate = (job: Job, at: string) => lateness(job, at) > LATE_MS;

/** The jobs to show; `late` says of a job whether its slot has passed. */
export function shownJobs(jobs: readonly Job[], shown: Shown, late: (job: Job) => boolean): Job[] {
  const keeps: Record<Shown, (job: Job) => boolean> = {
    all: () => true,
    active: (job) => job.status === "active",
    paused: (job) => job.status === "paused",
    suspended: (job) => job.status === "suspended",
    failing: (job) => job.consecutive_failures > 0 || job.status === "suspended",
    late,
    built: (job) => job.built,
  };
  return jobs.filter(keeps[shown]);
}

/** What is shown unless somebody chooses: the jobs that can work, once there are any. */
export const usualShown = (jobs: readonly Job[]): Shown =>
  jobs.some((job) => job.built) ? "built" : "all";

/** By name as people read it, or by the next slot; what has none comes last. */
export function sortedJobs(t: TFunction, jobs: readonly Job[], sort: Sort, locale: string): Job[] {
  if (sort === "name") {
    const { compare } = new Intl.Collator(locale);
    return jobs.toSorted((a, b) => compare(jobName(t, a.job_type), jobName(t, b.job_type)));
  }
  const slot = (job: Job) =>
    job.next_run_at === null ? Number.POSITIVE_INFINITY : Date.parse(job.next_run_at);
  return jobs.toSorted((a, b) => {
    const [first, second] = [slot(a), slot(b)];
    return first === second ? 0 : first - second;
  });
}
