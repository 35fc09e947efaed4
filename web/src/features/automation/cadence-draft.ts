import type { Schema } from "../../api/client";
import type { Job } from "./api";

export const UNITS = { minutes: 60, hours: 3_600, days: 86_400 } as const;

export type Unit = keyof typeof UNITS;

/** What stands in the dialog. */
export interface Draft {
  kind: "every" | "cron" | "none";
  /** As it was typed. */
  number: string;
  unit: Unit;
  cron: string;
  zone: string;
  overlap: Job["overlap"];
  catchup: Job["catchup"];
}

export function draftOf(job: Job): Draft {
  const seconds = job.cadence_seconds ?? 3_600;
  const unit = seconds % UNITS.days === 0 ? "days" : seconds % UNITS.hours === 0 ? "hours" : "minutes";
  return {
    kind: job.cadence_seconds !== null ? "every" : job.cron !== null ? "cron" : "none",
    number: String(seconds / UNITS[unit]),
    unit,
    cron: job.cron ?? "0 8 * * *",
    zone: job.time_zone,
    overlap: job.overlap,
    catchup: job.catchup,
  };
}

const LEAST_SECONDS = 60;
const MOST_SECONDS = 31 * 86_400;

/** Why what was typed is no interval. */
export type Wrong = "numberWrong" | "numberRange" | "numberOdd";

/** The interval that was typed, with a decimal comma or point; or why it is none. */
export function secondsOf({ number, unit }: Pick<Draft, "number" | "unit">): number | Wrong {
  const typed = number.trim().replace(",", ".");
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(typed) || Number(typed) === 0) return "numberWrong";
  const exact = Number(typed) * UNITS[unit];
  const seconds = Math.round(exact);
  if (Math.abs(exact - seconds) > 1e-6) return "numberOdd";
  return seconds < LEAST_SECONDS || seconds > MOST_SECONDS ? "numberRange" : seconds;
}

/** What to send: only what was changed, since a rhythm that is sent counts as chosen by a person. */
export function changeOf(job: Job, draft: Draft): Schema["ScheduleChange"] {
  const change: Schema["ScheduleChange"] = { reset: false };
  if (draft.kind === "every") {
    const seconds = secondsOf(draft);
    if (typeof seconds === "number" && seconds !== job.cadence_seconds) change.cadence_seconds = seconds;
  }
  if (draft.kind === "cron") {
    if (draft.cron.trim() !== job.cron) change.cron = draft.cron.trim();
    if (draft.zone !== job.time_zone) change.time_zone = draft.zone;
  }
  if (draft.overlap !== job.overlap) change.overlap = draft.overlap;
  if (draft.catchup !== job.catchup) change.catchup = draft.catchup;
  return change;
}

export const isEmpty = (change: Schema["ScheduleChange"]) =>
  Object.values(change).every((value) => value === false);
