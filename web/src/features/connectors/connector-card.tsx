import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { ConnectorState } from "./api";
import classes from "./connectors.module.css";
import { type Place, readConnector } from "./place";
import { SyncActs } from "./sync-acts";
import { TruthBehind, TruthLine } from "./truth-line";
import { useCompleteness } from "./use-completeness";
import { share } from "./words";

/** One service: its line of truth, who it is, and the numbers, each of which is a door. */
export function ConnectorCard({ state }: { state: ConnectorState }) {
  const connector = readConnector(state.connector);
  if (connector === undefined) return null;
  return (
    <section className={classes.card} aria-label={state.title}>
      <div className={classes.cardHead}>
        <h2 className={classes.title}>
          <TruthLine state={state}>
            <Link to="/connectors/$connector" params={{ connector }} className={page.name}>
              {state.title}
            </Link>
            {" · "}
          </TruthLine>
        </h2>
        <SyncActs state={state} connector={connector} />
      </div>
      <TruthBehind state={state} connector={connector} />
      <Account state={state} />
      {state.configured && <Numbers state={state} />}
    </section>
  );
}

/** Some services say only by what id they know the user: that tells nobody anything. */
const BARE_ID = /^[0-9a-f-]{36}$/i;

/** Whose account it is, and how much of it belongs to this project. */
export function Account({ state }: { state: ConnectorState }) {
  const { t } = useTranslation();
  if (!state.configured) return null;
  const parts = [
    state.account_name !== null && <Said key="name">{state.account_name}</Said>,
    state.user !== null && !BARE_ID.test(state.user) && (
      <span key="user">
        {t("connectors.card.as", { user: "" })}
        <Said>{state.user}</Said>
        {state.role !== null && (
          <>
            {" ("}
            <Said>{state.role}</Said>
            {")"}
          </>
        )}
      </span>
    ),
    <span key="scope">
      {state.scope === "account" && t("connectors.card.whole")}
      {state.scope === "none" && t("connector.unbound")}
      {(state.scope === "parts" || state.scope === "inboxes") &&
        t("connectors.card.parts", { count: state.parts_bound })}
    </span>,
    <span key="own">{t(state.own ? "connectors.card.own" : "connectors.card.shared")}</span>,
  ].filter((part) => part !== false);
  return (
    <Text fz="xs" c="dimmed" className={classes.account ?? ""}>
      {parts.map((part, index) => (
        <span key={index}>
          {index > 0 && " · "}
          {part}
        </span>
      ))}
    </Text>
  );
}

export function Numbers({ state }: { state: ConnectorState }) {
  const { t } = useTranslation();
  const complete = useCompleteness(state.connector);
  const moment = (at: string | null) => (at === null ? t("connectors.card.never") : <Moment at={at} />);
  // Read, and yet up to when was not said: that is not "never".
  const fresh =
    state.fresh_until === null && state.last_success_at !== null
      ? t("connectors.card.unknown")
      : moment(state.fresh_until);
  return (
    <dl className={classes.numbers}>
      <Figure state={state} label={t("connectors.card.rows")} to={{}}>
        {number(state.rows, locale())}
      </Figure>
      <Figure state={state} label={t("connectors.card.fresh")} to={{}}>
        {fresh}
      </Figure>
      <Figure state={state} label={t("connectors.card.success")} to={{}}>
        {moment(state.last_success_at)}
      </Figure>
      <Figure state={state} label={t("connectors.card.errors")} to={{ tab: "errors" }}>
        {number(state.open_errors, locale())}
      </Figure>
      <Figure
        state={state}
        label={t("connectors.card.dead")}
        to={{ tab: "errors", status: "dead_letter" }}
        loud={state.dead_letters > 0}
      >
        {number(state.dead_letters, locale())}
      </Figure>
      <Figure state={state} label={t("connectors.card.complete")} to={{ tab: "reconciliation" }}>
        {complete === null ? t("connectors.card.unknown") : share(complete)}
      </Figure>
    </dl>
  );
}

interface FigureProps {
  state: ConnectorState;
  label: string;
  to: Place;
  /** A person is waited for. */
  loud?: boolean;
  children: React.ReactNode;
}

function Figure({ state, label, to, loud = false, children }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd data-loud={loud || undefined}>
        <Link
          to="/connectors/$connector"
          params={{ connector: state.connector }}
          search={to}
          className={page.door}
        >
          {children}
        </Link>
      </dd>
    </div>
  );
}
