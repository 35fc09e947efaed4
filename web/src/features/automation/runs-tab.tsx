import { Button, Select, Stack, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { Lines, ProblemNote } from "../../components/ui";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import { type Job, type RunFilter, runPagesQuery } from "./api";
import classes from "./automation.module.css";
import { type Place, readPlace, RUN_GROUPS, TRIGGERS } from "./place";
import { RunTable } from "./run-table";
import { jobName } from "./words";

interface RunsTabProps {
  jobs: readonly Job[];
  place: Place;
}

/** The history of everything that ran, waits, or was left out. */
export function RunsTab({ jobs, place }: RunsTabProps) {
  const filter: RunFilter = {
    job: place.job ?? null,
    group: place.state ?? null,
    trigger: place.trigger ?? null,
    fingerprint: place.fingerprint ?? null,
  };
  return (
    <>
      <Filters jobs={jobs} place={place} />
      <RunPages filter={filter} />
    </>
  );
}

type Choices = Pick<Place, "job" | "state" | "trigger" | "fingerprint">;

function Filters({ jobs, place: { job, state, trigger, fingerprint } }: RunsTabProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const choose = (part: keyof Choices, value: string | null) => {
    const chosen = { job, state, trigger, fingerprint, [part]: value ?? undefined };
    const search = readPlace({ tab: "runs", ...chosen });
    void navigate({ to: "/automation", search, resetScroll: false });
  };
  return (
    <div className={classes.bar}>
      <Filter
        label={t("automation.runs.job")}
        any={t("automation.runs.anyJob")}
        value={job}
        onChoose={(value) => choose("job", value)}
        data={jobNames(t, jobs, job)}
      />
      <Filter
        label={t("automation.runs.status")}
        any={t("automation.runs.anyState")}
        value={state}
        onChoose={(value) => choose("state", value)}
        data={RUN_GROUPS.map((value) => ({ value, label: t(`automation.runs.group.${value}`) }))}
      />
      <Filter
        label={t("automation.runs.trigger")}
        any={t("automation.runs.anyTrigger")}
        value={trigger}
        onChoose={(value) => choose("trigger", value)}
        data={TRIGGERS.map((value) => ({ value, label: t(`automation.trigger.${value}`) }))}
      />
      {fingerprint !== undefined && (
        <Button
          variant="default"
          rightSection={<IconX size={14} aria-hidden />}
          onClick={() => choose("fingerprint", null)}
        >
          {t("automation.runs.sameError", { fingerprint: fingerprint.slice(0, 8) })}
        </Button>
      )}
    </div>
  );
}

/** By name; with the one that is chosen, also when this release does not know it. */
function jobNames(t: TFunction, jobs: readonly Job[], chosen: string | undefined) {
  const { compare } = new Intl.Collator(locale());
  const types = new Set(jobs.map((job) => job.job_type));
  if (chosen !== undefined) types.add(chosen);
  return [...types]
    .map((value) => ({ value, label: jobName(t, value) }))
    .toSorted((a, b) => compare(a.label, b.label));
}

interface FilterProps {
  label: string;
  /** The words for no choice. */
  any: string;
  value: string | undefined;
  data: { value: string; label: string }[];
  onChoose: (value: string | null) => void;
}

function Filter({ label, any, value, data, onChoose }: FilterProps) {
  return (
    <Select
      aria-label={label}
      placeholder={any}
      searchable={data.length > 10}
      clearable
      className={classes.filter ?? ""}
      value={value ?? null}
      onChange={onChoose}
      data={data}
    />
  );
}

interface RunPagesProps {
  filter: RunFilter;
  /** Rows to begin with, and to add at a time. */
  limit?: number;
}

/** Page by page; a filter that changes keeps the old rows on screen until the new ones are here. */
export function RunPages({ filter, limit = 50 }: RunPagesProps) {
  const { t } = useTranslation();
  const pages = useInfiniteQuery({
    ...runPagesQuery(useProject().id, filter, limit),
    placeholderData: keepPreviousData,
  });
  if (pages.data === undefined) {
    return pages.isError ? (
      <ProblemNote error={pages.error} onRetry={() => void pages.refetch()} />
    ) : (
      <Lines widths={[100, 100, 100, 100, 100, 100]} height={32} />
    );
  }
  const runs = pages.data.pages.flatMap((page) => page.items);
  if (runs.length === 0) return <NoRuns filtered={Object.values(filter).some((part) => part !== null)} />;
  return (
    <Stack gap="sm" aria-busy={pages.isPlaceholderData || undefined}>
      <RunTable runs={runs} />
      {pages.isFetchNextPageError && (
        <ProblemNote
          error={pages.error}
          title={t("automation.runs.moreFailed")}
          onRetry={() => void pages.fetchNextPage()}
        />
      )}
      {pages.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {t("common.showMore")}
        </Button>
      )}
    </Stack>
  );
}

function NoRuns({ filtered }: { filtered: boolean }) {
  const { t } = useTranslation();
  return (
    <div className={classes.empty}>
      <Text fw={600}>{t(filtered ? "automation.runs.nothing" : "automation.runs.none")}</Text>
      {filtered ? (
        <Link to="/automation" search={{ tab: "runs" }}>
          {t("automation.runs.clear")}
        </Link>
      ) : (
        <Text c="dimmed">{t("automation.runs.noneHint")}</Text>
      )}
    </div>
  );
}
