/** Calendar days in a time zone. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Whether this is a day that exists, written as 2026-03-01. */
export function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return DAY.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The instant at which a day begins in a zone; `later` days after it when given. */
export function startOfDay(day: string, zone: string, later = 0): string {
  const midnight = new Date(`${day}T00:00:00Z`).getTime() + later * 86_400_000;
  // The offset is that of the zone at the instant looked for, which is found in two steps.
  const near = midnight - offset(midnight, zone);
  return new Date(midnight - offset(near, zone)).toISOString();
}

/** By how many milliseconds the zone's clock is ahead of UTC at an instant. */
function offset(instant: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const of = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - instant;
}
