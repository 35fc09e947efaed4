import { Button, Text, Title } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, StatusDot, usePageTitle } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { ConnectorState } from "./api";
import { CheckTab } from "./check-tab";
import { Account } from "./connector-card";
import classes from "./connectors.module.css";
import { DriftTab } from "./drift-tab";
import { ErrorsTab } from "./errors-tab";
import { FieldsTab } from "./fields-tab";
import { type Connector, type Place, readConnector, type Tab, TABS } from "./place";
import { RecordsTab } from "./records-tab";
import { RunsNow } from "./runs-now";
import { SetupTab } from "./setup-tab";
import { StreamsTab } from "./streams-tab";
import { SyncActs } from "./sync-acts";
import { TruthBehind, TruthLine } from "./truth-line";
import { useDiffering } from "./use-completeness";
import { useAgeOfPage, useConnectors } from "./use-connectors";
import { WebhooksTab } from "./webhooks-tab";
import { TITLES } from "./words";
import { InViewersZone, ZoneNote } from "./zone";

/** One service, part by part. */
export function ConnectorPage({ name, place }: { name: string; place: Place }) {
  const { t } = useTranslation();
  const connector = readConnector(name);
  return (
    <InViewersZone>
      <div className={page.page}>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          mb="sm"
          ms={-8}
          leftSection={<IconArrowLeft size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/connectors" {...props} />}
        >
          {t("connectors.back")}
        </Button>
        {connector === undefined ? (
          <NoConnector name={name} />
        ) : (
          <Boundary key={connector} skeleton={<Lines widths={[30, 60, 100, 100, 100]} height={28} />}>
            <Connected connector={connector} place={place} />
          </Boundary>
        )}
      </div>
    </InViewersZone>
  );
}

function NoConnector({ name }: { name: string }) {
  const { t } = useTranslation();
  usePageTitle(t("connectors.title"));
  return (
    <div className={page.empty}>
      <Text fw={600}>{t("connectors.unknown", { name })}</Text>
      <Text c="dimmed">{t("connectors.unknownNext")}</Text>
    </div>
  );
}

function Connected({ connector, place }: { connector: Connector; place: Place }) {
  const { t } = useTranslation();
  const state = useConnectors().find((one) => one.connector === connector);
  const tab = place.tab ?? "streams";
  usePageTitle(t(`connectors.tab.${tab}`), TITLES[connector], t("connectors.title"));
  if (state === undefined) return <NoConnector name={connector} />;
  return (
    <>
      <Head state={state} connector={connector} />
      <RunsNow />
      <Tabs state={state} connector={connector} tab={tab} />
      {/* A part starts anew when another is opened: what was typed in one is not meant for the other. */}
      <Boundary key={tab} skeleton={<Lines widths={[100, 100, 100, 100]} height={36} />}>
        <PartOfPage tab={tab} state={state} connector={connector} place={place} />
      </Boundary>
    </>
  );
}

function Head({ state, connector }: { state: ConnectorState; connector: Connector }) {
  const { hue, words } = useAgeOfPage();
  return (
    <>
      <div className={page.head}>
        <div className={page.subject}>
          <Title order={1} fz="xl">
            {state.title}
          </Title>
          <Account state={state} />
        </div>
        <SyncActs state={state} connector={connector} />
      </div>
      <TruthLine state={state} />
      <TruthBehind state={state} connector={connector} />
      <div className={`${page.bar} ${classes.told}`}>
        <ZoneNote />
        <span className={`${page.age} ${page.end}`} role="status">
          <StatusDot hue={hue} />
          {words}
        </span>
      </div>
    </>
  );
}

interface PartProps {
  tab: Tab;
  state: ConnectorState;
  connector: Connector;
  place: Place;
}

function PartOfPage({ tab, state, connector, place }: PartProps) {
  switch (tab) {
    case "streams":
      return <StreamsTab state={state} />;
    case "setup":
      return <SetupTab state={state} connector={connector} />;
    case "fields":
      return <FieldsTab connector={connector} />;
    case "errors":
      return <ErrorsTab state={state} connector={connector} place={place} />;
    case "reconciliation":
      return <CheckTab state={state} connector={connector} place={place} />;
    case "webhooks":
      return <WebhooksTab state={state} connector={connector} />;
    case "drift":
      return <DriftTab connector={connector} />;
    case "records":
      return <RecordsTab state={state} connector={connector} place={place} />;
  }
}

/** How many things wait behind a tab; nothing when none does. */
function useWaiting(state: ConnectorState): Partial<Record<Tab, number>> {
  const reconciliation = useDiffering(state.connector);
  return { errors: state.open_errors + state.dead_letters, reconciliation };
}

function Tabs({ state, connector, tab }: { state: ConnectorState; connector: Connector; tab: Tab }) {
  const { t } = useTranslation();
  const waiting = useWaiting(state);
  const shown = TABS.filter((each) => each !== "fields" || connector === "attio");
  const strip = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the strip is longer than the screen is wide.
    strip.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [tab]);
  return (
    <nav ref={strip} className={page.tabs} aria-label={t("connectors.tab.label", { name: state.title })}>
      {shown.map((each) => {
        const count = waiting[each] ?? 0;
        return (
          <Link
            key={each}
            to="/connectors/$connector"
            params={{ connector }}
            search={each === "streams" ? {} : { tab: each }}
            className={page.tab}
            activeOptions={{ exact: true }}
            aria-current={each === tab ? "page" : undefined}
          >
            {t(`connectors.tab.${each}`)}
            {count > 0 && <span className={page.count}>{number(count, locale())}</span>}
          </Link>
        );
      })}
    </nav>
  );
}
