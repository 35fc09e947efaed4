import { useTranslation } from "react-i18next";

import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import classes from "./data-panel.module.css";
import { Kind } from "./kinds";
import type { Documents, Status } from "./types";

const STATES = ["ready", "pending", "failed"] as const;

/** Documents by kind, with their fragments by state. A state that nothing is in has no column. */
export function DocumentTable({ status: { documents } }: { status: Status }) {
  const { t } = useTranslation();
  if (documents.length === 0) return null;
  const states = STATES.filter((state) => state === "ready" || documents.some((row) => row[state] > 0));
  return (
    <table className={classes.documents} aria-label={t("data.documents")}>
      <thead>
        <tr>
          <th scope="col">{t("data.kind")}</th>
          <th scope="col">{t("data.documents")}</th>
          {states.map((state) => (
            <th key={state} scope="col">
              {t(`data.state.${state}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {documents.map((row) => (
          <KindRow key={row.source_type} row={row} states={states} />
        ))}
      </tbody>
    </table>
  );
}

function KindRow({ row, states }: { row: Documents; states: readonly (typeof STATES)[number][] }) {
  return (
    <tr>
      <th scope="row">
        <Kind type={row.source_type} />
      </th>
      <td>{number(row.documents, locale())}</td>
      {states.map((state) => (
        <td key={state} data-state={row[state] > 0 ? state : undefined}>
          {number(row[state], locale())}
        </td>
      ))}
    </tr>
  );
}
