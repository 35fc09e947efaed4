/** Where on the Ask page one is: all of it stands in the address, so it can be shared. */
import { isDay, startOfDay } from "../../lib/day";
import type { Filters, System } from "./types";

export const SYSTEMS = ["chatwoot", "linear", "attio"] as const;
export const LANGUAGES = ["en", "ru", "other"] as const;
export const PERIODS = ["7d", "30d", "90d", "365d"] as const;

export type Language = (typeof LANGUAGES)[number];
export type Period = (typeof PERIODS)[number];

/** What questions are narrowed to; lists are joined by commas. */
export interface Narrowed {
  sources?: string;
  clients?: string;
  people?: string;
  period?: Period;
  /** Days, in the project's zone: 2026-03-01. Both are part of the period. */
  since?: string;
  until?: string;
  languages?: string;
}

export interface Place extends Narrowed {
  /** The citation whose source is open, by its index. */
  source?: number;
  /** A record that is open without a citation: its kind and id, with a colon between. */
  record?: string;
  /** The next question follows the answer on the page. */
  follow?: true;
}

/** The place that an address means. What it says wrongly is left out. */
export function readPlace(search: Record<string, unknown>): Place {
  const place: Place = readNarrowed(search);
  const source = Number(search.source);
  if (Number.isInteger(source) && source > 0) place.source = source;
  const record = said(search.record);
  if (place.source === undefined && record?.includes(":")) place.record = record;
  if (search.follow === true) place.follow = true;
  return place;
}

/** The part of an address that narrows questions. */
export function readNarrowed(search: Record<string, unknown> | Place): Narrowed {
  const given = search as Record<string, unknown>;
  const narrowed: Narrowed = {};
  const sources = listed(given.sources, (name) => SYSTEMS.some((known) => known === name));
  if (sources !== undefined) narrowed.sources = sources;
  const languages = listed(given.languages, (name) => LANGUAGES.some((known) => known === name));
  if (languages !== undefined) narrowed.languages = languages;
  for (const kind of ["clients", "people"] as const) {
    const keys = listed(given[kind], (key) => key.includes(":"));
    if (keys !== undefined) narrowed[kind] = keys;
  }
  const period = PERIODS.find((known) => known === given.period);
  if (period !== undefined) return { ...narrowed, period };
  for (const end of ["since", "until"] as const) {
    const day = said(given[end]);
    if (day !== undefined && isDay(day)) narrowed[end] = day;
  }
  return narrowed;
}

export const isNarrowed = (narrowed: Narrowed): boolean => Object.keys(readNarrowed(narrowed)).length > 0;

/** The names in a part of an address. */
export const names = (list: string | undefined): string[] => list?.split(",") ?? [];

/** What the server is asked for; `now` and `zone` say when the days and periods begin. */
export function filtersOf(narrowed: Narrowed, now: Date, zone: string): Filters | undefined {
  const { sources, clients, people, languages, period, since, until } = readNarrowed(narrowed);
  if (!isNarrowed(narrowed)) return undefined;
  const filters: Filters = {};
  if (sources !== undefined) filters.sources = names(sources) as System[];
  if (clients !== undefined) filters.clients = names(clients);
  if (people !== undefined) filters.people = names(people);
  if (languages !== undefined) filters.languages = names(languages) as Language[];
  if (period !== undefined) filters.since = new Date(now.getTime() - daysOf(period) * 86_400_000).toISOString();
  if (since !== undefined) filters.since = startOfDay(since, zone);
  if (until !== undefined) filters.until = startOfDay(until, zone, 1);
  return filters;
}

export const daysOf = (period: Period): number => Number.parseInt(period, 10);

function listed(value: unknown, known: (name: string) => boolean): string | undefined {
  const kept = [...new Set(names(said(value)))].filter(known);
  return kept.length === 0 ? undefined : kept.join(",");
}

function said(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 2_000) : undefined;
}
