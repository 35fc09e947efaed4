import type { TFunction } from "i18next";

import { counter as counters, jobName as names, note as notes } from "../../lib/i18n/en-jobs";
import type { Job } from "./api";

/** A job as people call it; one that this page does not know, by its technical name. */
export function jobName(t: TFunction, type: string): string {
  return isNamed(type) ? t(`jobName.${type}`) : type.replaceAll("_", " ");
}

const isNamed = (type: string): type is keyof typeof names => Object.hasOwn(names, type);

const isNote = (said: string): said is keyof typeof notes => Object.hasOwn(notes, said);

/** What a run noted, in the reader's language; a note that this page does not know, as it is. */
export function noteWords(t: TFunction, said: string): string {
  const read = /^(\d+) messages read$/.exec(said)?.[1];
  if (read !== undefined) return t("automation.messagesRead", { count: Number(read) });
  const key = said.replaceAll(" ", "_");
  return isNote(key) ? t(`note.${key}`) : said;
}

/** What a run counted, likewise. */
export function counterName(t: TFunction, name: string): string {
  return isCounter(name) ? t(`counter.${name}`) : name.replaceAll("_", " ");
}

const isCounter = (name: string): name is keyof typeof counters => Object.hasOwn(counters, name);

/** Who or what asked for a run. The server names the upstream of a cascade by its type. */
export function because(t: TFunction, { because: said }: { because: string | null }): string | null {
  const upstream = said === null ? null : /^(\w+) ended$/.exec(said);
  const type = upstream?.[1];
  return type === undefined ? said : t("automation.after", { job: jobName(t, type) });
}

export type Rhythm = Pick<Job, "cadence_seconds" | "cron" | "time_zone">;

/** When a job runs by itself: "every 15 min", "daily 08:00 Europe/Berlin". */
export function cadenceWords(
  t: TFunction,
  { after, ...rhythm }: Rhythm & { after: readonly string[] },
  locale: string,
): string {
  if (rhythm.cadence_seconds !== null) return everyWords(t, rhythm.cadence_seconds);
  if (rhythm.cron !== null) return cronWords(t, rhythm.cron, rhythm.time_zone, locale);
  return t(after.length > 0 ? "automation.cadence.cascade" : "automation.cadence.manual");
}

/** In the largest unit that counts it evenly. */
export function everyWords(t: TFunction, seconds: number): string {
  if (seconds % 86_400 === 0) {
    const days = seconds / 86_400;
    return days === 1 ? t("automation.cadence.day") : t("automation.cadence.days", { count: days });
  }
  if (seconds % 3_600 === 0) {
    const hours = seconds / 3_600;
    return hours === 1 ? t("automation.cadence.hour") : t("automation.cadence.hours", { n: hours });
  }
  if (seconds % 60 === 0) {
    const minutes = seconds / 60;
    return minutes === 1
      ? t("automation.cadence.minute")
      : t("automation.cadence.minutes", { n: minutes });
  }
  return t("automation.cadence.seconds", { n: seconds });
}

const NUMBER = /^\d{1,2}$/;

/** The plain ones in words; any other expression is shown as it is, with its zone. */
export function cronWords(t: TFunction, cron: string, zone: string, locale: string): string {
  const [minute = "", hour = "", date, month, weekday = ""] = cron.trim().split(/\s+/);
  const asItIs = t("automation.cadence.cron", { cron, zone });
  if (date !== "*" || month !== "*" || !NUMBER.test(minute)) return asItIs;
  const past = minute.padStart(2, "0");
  if (hour === "*" && weekday === "*") return t("automation.cadence.hourly", { minute: past });
  if (!NUMBER.test(hour)) return asItIs;
  const time = `${hour.padStart(2, "0")}:${past}`;
  if (weekday === "*") return t("automation.cadence.daily", { time, zone });
  if (weekday === "1-5") return t("automation.cadence.weekdays", { time, zone });
  if (!/^[0-7]$/.test(weekday)) return asItIs;
  return t("automation.cadence.weekly", { day: dayName(Number(weekday), locale), time, zone });
}

/** Of a weekday as cron counts them: both 0 and 7 are Sunday. */
function dayName(weekday: number, locale: string): string {
  const sunday = Date.UTC(2026, 2, 1);
  const day = new Date(sunday + (weekday % 7) * 86_400_000);
  return new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(day);
}
