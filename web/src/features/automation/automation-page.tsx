import { Text, Title } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, usePageTitle } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import { jobsStatusQuery, overviewQuery } from "./api";
import classes from "./automation.module.css";
import { CascadeGraph } from "./cascade-graph";
import { DeadLetters } from "./dead-letters";
import { JobTable } from "./job-table";
import type { Place, Tab } from "./place";
import { RunsTab } from "./runs-tab";
import { StatusLine } from "./status-line";

/** What runs by itself: its state, the cascade and the jobs, the runs, and the failed work. */
export function AutomationPage({ place }: { place: Place }) {
  const { t } = useTranslation();
  const tab = place.tab ?? "jobs";
  usePageTitle(...(tab === "jobs" ? [] : [t(`automation.tab.${tab}`)]), t("automation.title"));
  return (
    <div className={classes.page}>
      <div className={classes.head}>
        <div>
          <Title order={1} fz="xl">
            {t("automation.title")}
          </Title>
          <Text c="dimmed">{t("automation.hint")}</Text>
        </div>
      </div>
      <Boundary skeleton={<Lines widths={[100, 100, 100, 100, 100, 100, 100, 100]} height={36} />}>
        <Parts place={place} tab={tab} />
      </Boundary>
    </div>
  );
}

function Parts({ place, tab }: { place: Place; tab: Tab }) {
  const { data: overview } = useSuspenseQuery(overviewQuery(useProject().id));
  return (
    <>
      <StatusLine overview={overview} />
      <Tabs tab={tab} />
      {tab === "jobs" && (
        <>
          <CascadeGraph jobs={overview.items} alone={overview.workers === 0} />
          <JobTable overview={overview} place={place} />
        </>
      )}
      {tab === "runs" && <RunsTab jobs={overview.items} place={place} />}
      {tab === "letters" && <DeadLetters text={place.q ?? ""} />}
    </>
  );
}

const PLACES: readonly [Tab, Place][] = [
  ["jobs", {}],
  ["runs", { tab: "runs" }],
  ["letters", { tab: "letters" }],
];

function Tabs({ tab }: { tab: Tab }) {
  const { t } = useTranslation();
  const { data: status } = useQuery(jobsStatusQuery(useProject().id));
  const letters = status?.dead_letters ?? 0;
  return (
    <nav className={classes.tabs} aria-label={t("automation.tab.label")}>
      {PLACES.map(([each, search]) => (
        <Link
          key={each}
          to="/automation"
          search={search}
          className={classes.tab}
          // One tab stands for all its filters; the router would mark each whose search is a part.
          activeOptions={{ exact: true }}
          aria-current={each === tab ? "page" : undefined}
        >
          {t(`automation.tab.${each}`)}
          {each === "letters" && letters > 0 && (
            <span className={classes.count}>{number(letters, locale())}</span>
          )}
        </Link>
      ))}
    </nav>
  );
}
