import { Button, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import type { ConnectorState } from "./api";
import { type Finding, type FindingFilter, findingsQuery, type Totals } from "./check-api";
import { HINTS, Unknown } from "./check-table";
import classes from "./connectors.module.css";
import { Filter, useTurn } from "./filter";
import { FindingTable } from "./finding-table";
import { type Connector, FINDING_KINDS, FINDING_STATUSES, type Place, readPlace } from "./place";
import { Repairs } from "./repairs";
import { usePace } from "./use-connectors";
import { streamName } from "./words";

interface FindingsProps {
  state: ConnectorState;
  connector: Connector;
  totals: Totals | undefined;
  place: Place;
}

/** The very records that differ, by what is wrong with them. */
export function Findings({ state, connector, totals, place }: FindingsProps) {
  const { t } = useTranslation();
  const filter: FindingFilter = {
    status: place.state ?? "open",
    kind: place.found ?? null,
    stream: place.stream ?? null,
  };
  return (
    <section className={`${page.section} ${classes.differ}`} aria-label={t("copy.check.findings")}>
      <h2>{t("copy.check.findings")}</h2>
      {totals !== undefined && <Kinds connector={connector} totals={totals} place={place} />}
      <Filters state={state} connector={connector} place={place} />
      <Pages key={JSON.stringify(filter)} connector={connector} filter={filter} totals={totals} />
    </section>
  );
}

/** How many are open of each kind: each number opens its rows. */
function Kinds({ connector, totals, place }: Omit<FindingsProps, "state"> & { totals: Totals }) {
  const { t } = useTranslation();
  return (
    <ul className={classes.kinds}>
      {FINDING_KINDS.map((kind) => (
        <li key={kind}>
          <Link
            to="/connectors/$connector"
            params={{ connector }}
            search={readPlace({ tab: "reconciliation", found: place.found === kind ? undefined : kind })}
            aria-current={place.found === kind || undefined}
            activeOptions={{ exact: true }}
            resetScroll={false}
          >
            <strong>
              {totals.open[kind] === 0 && totals[kind] === null ? <Unknown /> : number(totals.open[kind], locale())}
            </strong>
            {t(`copy.check.${kind}`)}
            <small>{t(HINTS[kind])}</small>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Filters({ state, connector, place }: Omit<FindingsProps, "totals">) {
  const { t } = useTranslation();
  const turn = useTurn(connector, place);
  return (
    <div className={page.bar}>
      <Filter
        label={t("copy.errors.status")}
        value={place.state ?? "open"}
        onChoose={(value) => turn("state", value === "open" ? null : value)}
        data={FINDING_STATUSES.map((value) => ({ value, label: t(`copy.check.state.${value}`) }))}
      />
      <Filter
        label={t("copy.check.kind")}
        any={t("copy.errors.anyKind")}
        value={place.found}
        onChoose={(value) => turn("found", value)}
        data={FINDING_KINDS.map((value) => ({ value, label: t(`copy.check.${value}`) }))}
      />
      <Filter
        label={t("copy.stream")}
        any={t("copy.errors.anyStream")}
        value={place.stream}
        onChoose={(value) => turn("stream", value)}
        data={state.streams.map(({ stream }) => ({ value: stream, label: streamName(t, stream) }))}
      />
    </div>
  );
}

interface PagesProps {
  connector: Connector;
  filter: FindingFilter;
  totals: Totals | undefined;
}

function Pages({ connector, filter, totals }: PagesProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const pages = useInfiniteQuery({
    ...findingsQuery(useProject().id, connector, filter),
    placeholderData: keepPreviousData,
    refetchInterval: usePace(),
  });
  if (pages.data === undefined) {
    return pages.isError ? (
      <ProblemNote error={pages.error} onRetry={() => void pages.refetch()} />
    ) : (
      <Lines widths={[100, 100, 100]} height={36} />
    );
  }
  const found = pages.data.pages.flatMap(({ items }) => items);
  if (found.length === 0) return <Nothing filter={filter} totals={totals} />;
  // What was repaired meanwhile is not chosen any more.
  const rows = found.filter(({ id }) => chosen.has(id));
  return (
    <>
      {filter.status === "open" && (
        <Repairs connector={connector} filter={filter} chosen={rows} open={countOf(totals, filter, found)} />
      )}
      <FindingTable findings={found} chosen={chosen} onChoose={setChosen} />
      {pages.hasNextPage && (
        <Button
          variant="default"
          mt="sm"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {t("common.showMore")}
        </Button>
      )}
    </>
  );
}

/** How many the filter means in all: as the server counts them, or those that are shown. */
function countOf(totals: Totals | undefined, filter: FindingFilter, shown: readonly Finding[]): number {
  if (totals === undefined || filter.stream !== null) return shown.length;
  const { missing, extra, duplicate, stale } = totals.open;
  return filter.kind === null ? missing + extra + duplicate + stale : totals.open[filter.kind];
}

function Nothing({ filter, totals }: { filter: FindingFilter; totals: Totals | undefined }) {
  const { t } = useTranslation();
  const filtered = filter.status !== "open" || filter.kind !== null || filter.stream !== null;
  // Without a check that reached its end nobody knows whether anything differs.
  const unknown = totals === undefined || totals.completeness === null;
  if (filtered) return <Text c="dimmed">{t("copy.check.noneFound")}</Text>;
  return (
    <div className={page.empty}>
      {!unknown && <IconCircleCheck size={28} stroke={1.5} aria-hidden />}
      <Text fw={600}>{t(unknown ? "copy.check.unknownYet" : "copy.check.none")}</Text>
      <Text c="dimmed">{t(unknown ? "copy.check.unknownYetHint" : "copy.check.noneHint")}</Text>
    </div>
  );
}
