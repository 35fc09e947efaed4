/** Numbers and times in the reader's language and the project's time zone. */

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

const RELATIVE_FOR_SECONDS = 30 * 86_400;

/** "12 seconds ago", "yesterday"; past 30 days the date itself says more. `at` is the present. */
export function ago(moment: string, at: Date, locale: string, zone: string): string {
  const seconds = Math.round((Date.parse(moment) - at.getTime()) / 1000);
  if (Math.abs(seconds) > RELATIVE_FOR_SECONDS) return day(moment, locale, zone);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return format.format(Math.trunc(seconds / size), unit);
}

/** Of what has happened: `now` says what is not a second old, or ahead of a clock that is slow. */
export function since(moment: string, at: Date, locale: string, zone: string, now: string): string {
  return Date.parse(moment) > at.getTime() - 1000 ? now : ago(moment, at, locale, zone);
}

const LENGTHS: readonly [string, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** A length of time in its two largest units: "2 hr 5 min", "14 sec"; below ten seconds, "3.2 sec". */
export function duration(milliseconds: number, locale: string): string {
  const said = (value: number, unit: string, maximumFractionDigits = 0) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits }).format(value);
  const exact = Math.max(0, milliseconds) / 1000;
  if (exact < 9.95) return said(exact, "second", 1);
  const seconds = Math.round(exact);
  const first = LENGTHS.findIndex(([, size]) => seconds >= size);
  const [unit, size] = LENGTHS[first] ?? ["second", 1];
  const [below, step] = LENGTHS[first + 1] ?? ["second", 0];
  const rest = step === 0 ? 0 : Math.floor((seconds % size) / step);
  const head = said(Math.floor(seconds / size), unit);
  return rest === 0 ? head : `${head} ${said(rest, below)}`;
}

/** The full moment with its seconds, for hovers. */
export function absolute(moment: string, locale: string, zone: string): string {
  return formatted(moment, locale, { dateStyle: "full", timeStyle: "medium" }, zone);
}

export function day(moment: string, locale: string, zone: string): string {
  return formatted(moment, locale, { dateStyle: "medium" }, zone);
}

/** Hours and minutes, with the date when `moment` is not of the same day as `at`. */
export function clock(moment: string, at: Date, locale: string, zone: string): string {
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit" };
  const today = day(moment, locale, zone) === day(at.toISOString(), locale, zone);
  return formatted(moment, locale, today ? time : { ...time, day: "numeric", month: "short" }, zone);
}

/** The zone as people say it now: "Europe/Madrid (GMT+1)". */
export function zoneName(zone: string, at: Date, locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: known(zone), timeZoneName: "short" });
  const offset = parts.formatToParts(at).find((part) => part.type === "timeZoneName")?.value;
  return offset && offset !== known(zone) ? `${known(zone)} (${offset})` : known(zone);
}

export function number(value: number, locale: string): string {
  return new Intl.NumberFormat(locale).format(value);
}

export function percent(share: number, locale: string): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

function formatted(
  moment: string,
  locale: string,
  options: Intl.DateTimeFormatOptions,
  zone: string,
): string {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: known(zone) }).format(
    new Date(moment),
  );
}

/** A zone this browser does not know (an old tz database) is shown as UTC, which is then named. */
function known(zone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return "UTC";
  }
}
