import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { TITLES } from "../connectors";
import classes from "./data-panel.module.css";
import { SYSTEMS } from "./place";
import type { Status, System } from "./types";

const COUNTED = {
  chatwoot: ["conversations", "messages", "contacts"],
  linear: ["issues", "comments", "projects"],
  attio: ["companies", "people", "deals", "notes", "tasks"],
} as const;

type Counted = (typeof COUNTED)[System][number];

/** What has been copied from each source, and how fresh it is. */
export function Counts({ sources }: { sources: Status["sources"] }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.systems}>
      {SYSTEMS.map((system) => {
        const { last_synced_at: synced, ...counts } = sources[system];
        return (
          <li key={system}>
            <Text component="span" fw={600}>
              {TITLES[system]}
            </Text>
            <Text component="span" fz="xs" c="dimmed">
              {t("data.lastSync")}: {synced ? <Moment at={synced} /> : t("data.never")}
            </Text>
            <dl className={classes.counts}>
              {COUNTED[system].map((name) => (
                <Count key={name} name={name} value={(counts as Partial<Record<Counted, number>>)[name] ?? 0} />
              ))}
            </dl>
          </li>
        );
      })}
    </ul>
  );
}

function Count({ name, value }: { name: Counted; value: number }) {
  const { t } = useTranslation();
  return (
    <div>
      <dt>{t(`data.${name}`)}</dt>
      <dd>{number(value, locale())}</dd>
    </div>
  );
}
