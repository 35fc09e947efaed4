import { Text, VisuallyHidden } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { StreamCheck } from "./check-api";
import classes from "./connectors.module.css";
import { FINDING_KINDS, type FindingKind } from "./place";
import { share, streamName } from "./words";

/** Stream by stream, beside the source. What was not learnt is said to be unknown, never to be whole. */
export function CheckTable({ checks }: { checks: StreamCheck[] }) {
  const { t } = useTranslation();
  return (
    <table className={`${page.table} ${classes.checks}`} aria-label={t("copy.check.completeness")}>
      <thead>
        <tr>
          <th scope="col">{t("copy.stream")}</th>
          <th scope="col" className={page.number}>{t("copy.check.complete")}</th>
          <th scope="col" className={page.number}>{t("copy.check.source")}</th>
          <th scope="col" className={page.number}>{t("copy.check.local")}</th>
          {FINDING_KINDS.map((kind) => (
            <th key={kind} scope="col" className={page.number} title={t(HINTS[kind])}>
              {t(`copy.check.${kind}`)}
            </th>
          ))}
          <th scope="col">{t("copy.check.checked")}</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <CheckRow key={check.stream} check={check} />
        ))}
      </tbody>
    </table>
  );
}

export const HINTS = {
  missing: "copy.check.hintMissing",
  extra: "copy.check.hintExtra",
  duplicate: "copy.check.hintDuplicate",
  stale: "copy.check.hintStale",
} as const;

/** A full check compares record by record; a quick one only counts, and says so by its time. */
function CheckRow({ check }: { check: StreamCheck }) {
  const { t } = useTranslation();
  const { full, quick } = check;
  const shown = full ?? quick;
  if (shown === null) return null;
  return (
    <tr>
      <td className={page.lead}>
        <Text component="span" fw={600}>
          {streamName(t, check.stream)}
        </Text>
        <Notes check={check} />
      </td>
      <Figure label={t("copy.check.complete")}>
        {shown.completeness === null ? t("copy.check.unknown") : share(shown.completeness)}
      </Figure>
      <Figure label={t("copy.check.source")}>
        {shown.source_count === null ? <Unknown /> : number(shown.source_count, locale())}
      </Figure>
      <Figure label={t("copy.check.local")}>{number(shown.local_count, locale())}</Figure>
      {FINDING_KINDS.map((kind) => (
        <Figure key={kind} label={t(`copy.check.${kind}`)}>
          <Found check={check} kind={kind} value={full === null && kind !== "duplicate" ? null : shown[kind]} />
        </Figure>
      ))}
      <td>
        <Moment at={shown.checked_at} />
        {full === null && <span className={page.small}>{t("copy.check.counted")}</span>}
      </td>
    </tr>
  );
}

/** What nobody counted: a dash in a row of numbers, and words for those who hear it. */
export function Unknown() {
  const { t } = useTranslation();
  return (
    <span className={classes.unknown} title={t("copy.check.unknown")}>
      <span aria-hidden>—</span>
      <VisuallyHidden>{t("copy.check.unknown")}</VisuallyHidden>
    </span>
  );
}

/** On a phone the head of the table is not there: each number brings its own name. */
function Figure({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <td className={page.number}>
      <span className={classes.label}>{label} </span>
      {children}
    </td>
  );
}

/** How many were found; a door to them while some are open. */
function Found({ check, kind, value }: { check: StreamCheck; kind: FindingKind; value: number | null }) {
  if (check.open[kind] === 0) return value === null ? <Unknown /> : number(value, locale());
  return (
    <Link
      to="/connectors/$connector"
      params={{ connector: check.connector }}
      search={{ tab: "reconciliation", found: kind, stream: check.stream }}
      className={classes.door}
      resetScroll={false}
    >
      {value === null ? number(check.open[kind], locale()) : number(value, locale())}
    </Link>
  );
}

function Notes({ check: { full, quick } }: { check: StreamCheck }) {
  const { t } = useTranslation();
  const shown = full ?? quick;
  if (shown === null) return null;
  const { cause, parts_checked: checked, parts_total: total } = shown;
  return (
    <>
      {checked !== null && total !== null && (
        <span className={page.small}>
          {t("copy.check.parts", { checked: number(checked, locale()), total: number(total, locale()) })}
        </span>
      )}
      {cause !== null && (
        <span className={page.small}>
          <Said>{cause}</Said>
        </span>
      )}
    </>
  );
}
