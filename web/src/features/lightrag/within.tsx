import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { day } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useZone } from "../../lib/zone";
import { TITLES } from "../connectors";
import classes from "./answer.module.css";
import { FollowedTurns } from "./follow";
import { useNamed, useNames } from "./names";
import type { Answer, Filters } from "./types";
import { narrows } from "./use-ask-page";

/** What this answer was narrowed to, and what it followed. An empty one says the first by itself. */
export function Within({ answer: { filters, history, status } }: { answer: Answer }) {
  const { t } = useTranslation();
  const words = useFilterWords(filters);
  const narrowed = narrows(filters) && status === "answered";
  if (!narrowed && history.length === 0) return null;
  return (
    <Text fz="xs" c="dimmed" mt={4} className={classes.facts}>
      {narrowed && (
        <span>
          {t("filter.within")} <bdi>{words.join(" · ")}</bdi>
        </span>
      )}
      <FollowedTurns history={history} />
    </Text>
  );
}

/** Filters in words, one for each part. */
export function useFilterWords(filters: Filters): string[] {
  const { t } = useTranslation();
  const zone = useZone();
  const period = usePeriodWords();
  const clients = filters.clients ?? [];
  const people = filters.people ?? [];
  const known = useNames([...clients, ...people]);
  const named = useNamed();
  if (!narrows(filters)) return [];
  const { sources = [], languages = [], since = null, until = null } = filters;
  const inZone = (moment: string | null, before = 0) =>
    moment === null ? null : dayIn(new Date(Date.parse(moment) - before), zone);
  return [
    sources.map((source) => TITLES[source]).join(", "),
    named(clients, known),
    named(people, known),
    // The end is the first instant that is not part of it.
    period(inZone(since), inZone(until, 1)) ?? "",
    languages.map((language) => t(`filter.languages.${language}`)).join(", "),
  ].filter((part) => part !== "");
}

/** A period in words, of its first and its last day; null when it has neither. */
export function usePeriodWords(): (since: string | null, until: string | null) => string | null {
  const { t } = useTranslation();
  const said = (date: string) => day(`${date}T12:00:00Z`, locale(), "UTC");
  return (since, until) => {
    if (since !== null && until !== null) return t("filter.between", { since: said(since), until: said(until) });
    if (since !== null) return t("filter.since", { since: said(since) });
    return until === null ? null : t("filter.until", { until: said(until) });
  };
}

/** The day of an instant in a zone, as 2026-03-01. */
function dayIn(instant: Date, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(instant);
}
