import type { TFunction } from "i18next";

import type { Job } from "./api";
import type { Shown, Sort } from "./place";
import { jobName } from "./words";

/** A worker looks at the schedules every second; later than this, something is wrong. */
const LATE_MS = 60_000;

/** How many milliseconds the job's slot is past; negative while it is still to come; null without one. */
export function lateness(job: Job, now: Date, ahead: number): number | null {
  if (job.next_run_at === null) return null;
  return now.getTime() + ahead - Date.parse(job.next_run_at);
}

export const isLate = (job: Job, now: Date, ahead: number) =>
  (lateness(job, now, ahead) ?? 0) > LATE_MS;

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
