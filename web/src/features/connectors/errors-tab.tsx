import { Button, Code, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, Moment, ProblemNote, Said, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { isolated, visible } from "../../lib/visible";
import { useProject, useRefusal } from "../projects";
import type { ConnectorState } from "./api";
import { type FailureFilter, type FailureGroup, groupsQuery } from "./errors-api";
import { FailureRows } from "./failure-rows";
import { Filter, useTurn } from "./filter";
import { NextTry } from "./next-try";
import { type Connector, ERROR_KINDS, ERROR_STATUSES, type Place } from "./place";
import { usePace } from "./use-connectors";
import { useRetry } from "./use-repairs";
import { streamName } from "./words";

interface ErrorsProps {
  state: ConnectorState;
  connector: Connector;
  place: Place;
}

/** What could not be copied, by its cause: each with what the service sent, and a way out. */
export function ErrorsTab({ state, connector, place }: ErrorsProps) {
  const { t } = useTranslation();
  const filter: FailureFilter = {
    shown: place.status ?? "open",
    stream: place.stream ?? null,
    kind: place.kind ?? null,
  };
  const found = useQuery({
    ...groupsQuery(useProject().id, connector, filter),
    placeholderData: keepPreviousData,
    refetchInterval: usePace(),
  });
  const groups = found.data;
  return (
    <>
      <Filters state={state} connector={connector} place={place} />
      {found.isError && groups === undefined && (
        <ProblemNote error={found.error} onRetry={() => void found.refetch()} />
      )}
      {found.isPending && <Lines widths={[100, 100, 100]} height={52} />}
      {groups !== undefined && (
        <div aria-busy={found.isPlaceholderData || undefined}>
          <Totals state={state} connector={connector} />
          {groups.length === 0 && <NoErrors state={state} connector={connector} filter={filter} />}
          {groups.map((group) => (
            <Cause
              key={`${group.fingerprint} ${group.stream}`}
              group={group}
              connector={connector}
              filter={filter}
            />
          ))}
          <Text fz="xs" c="dimmed" mt="md">
            {t("copy.errors.noneHint")}
          </Text>
        </div>
      )}
    </>
  );
}

function Filters({ state, connector, place }: ErrorsProps) {
  const { t } = useTranslation();
  const turn = useTurn(connector, place);
  return (
    <div className={page.bar}>
      <Filter
        label={t("copy.errors.status")}
        value={place.status ?? "open"}
        onChoose={(value) => turn("status", value === "open" ? null : value)}
        data={ERROR_STATUSES.map((value) => ({ value, label: t(`copy.errors.${value}`) }))}
      />
      <Filter
        label={t("copy.errors.kind")}
        any={t("copy.errors.anyKind")}
        value={place.kind}
        onChoose={(value) => turn("kind", value)}
        data={ERROR_KINDS.map((value) => ({ value, label: t(`copy.errors.kinds.${value}`) }))}
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

/** How much there is of the connector as a whole, whatever the filters show. */
function Totals({ state, connector }: Omit<ErrorsProps, "place">) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const retry = useRetry(connector);
  const count = state.open_errors + state.dead_letters;
  if (count === 0) return null;
  return (
    <div className={page.bar}>
      <Text>
        {t("copy.errors.total", { count })}
        {state.dead_letters > 0 && `, ${t("copy.errors.dead", { count: state.dead_letters })}`}
      </Text>
      <WordButton refusal={refusal} loading={retry.isPending} onClick={() => retry.mutate({ all: true })}>
        {t("copy.errors.retryAll", { n: number(count, locale()) })}
      </WordButton>
    </div>
  );
}

function NoErrors({ state, connector, filter }: Omit<ErrorsProps, "place"> & { filter: FailureFilter }) {
  const { t } = useTranslation();
  const filtered = filter.shown !== "open" || filter.kind !== null || filter.stream !== null;
  return (
    <div className={page.empty}>
      {!filtered && state.last_success_at !== null && <IconCircleCheck size={28} stroke={1.5} aria-hidden />}
      <Text fw={600}>{t(filtered ? "copy.errors.noneFound" : "copy.errors.none")}</Text>
      {filtered && (
        <Link to="/connectors/$connector" params={{ connector }} search={{ tab: "errors" }}>
          {t("copy.errors.clear")}
        </Link>
      )}
    </div>
  );
}

interface GroupProps {
  group: FailureGroup;
  connector: Connector;
  filter: FailureFilter;
}

/** Everything that failed in the same way. */
function Cause({ group, connector, filter }: GroupProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const refusal = useRefusal("run");
  const retry = useRetry(connector);
  const rows = { ...filter, stream: group.stream, fingerprint: group.fingerprint };
  const settled = filter.shown === "resolved";
  return (
    <section className={page.group} aria-label={t("copy.errors.of", { message: isolated(group.message) })}>
      <div className={page.groupHead}>
        <span className={page.groupCount}>{number(group.count, locale())}</span>
        <div>
          <Text fw={600} className={page.clamp ?? ""} title={visible(group.message)}>
            <Said>{group.message}</Said>
          </Text>
          <About group={group} />
          {group.next_step !== null && (
            <Text fz="sm" mt={4}>
              <Said>{group.next_step}</Said>
            </Text>
          )}
          <Button size="compact-xs" variant="default" mt={6} aria-expanded={open} onClick={() => setOpen(!open)}>
            {t(open ? "copy.errors.hide" : "copy.errors.show")}
          </Button>
        </div>
        {!settled && (
          <WordButton
            refusal={refusal}
            loading={retry.isPending}
            label={t("copy.errors.retryOf", { what: isolated(group.message) })}
            onClick={() => retry.mutate({ group: rows })}
          >
            {t("copy.errors.retryGroup", { count: group.count })}
          </WordButton>
        )}
      </div>
      {open && (
        <div className={page.groupRuns}>
          <FailureRows connector={connector} filter={rows} />
        </div>
      )}
    </section>
  );
}

function About({ group }: { group: FailureGroup }) {
  const { t } = useTranslation();
  return (
    <Text fz="xs" c="dimmed" mt={2}>
      {streamName(t, group.stream)} · {t(`copy.errors.kinds.${group.kind}`)} <Code fz="xs">{group.kind}</Code>
      {group.dead > 0 && ` · ${t("copy.errors.dead", { count: group.dead })}`}
      {" · "}
      {t("copy.errors.first")} <Moment at={group.first_seen_at} /> · {t("copy.errors.last")}{" "}
      <Moment at={group.last_seen_at} />
      {group.next_retry_at !== null && (
        <>
          {" · "}
          <NextTry at={group.next_retry_at} />
        </>
      )}
    </Text>
  );
}
