import { Button, Group, Progress, Select, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconPlayerPause, IconPlayerTrackNext } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import type { Job, Overview } from "./api";
import classes from "./automation.module.css";
import { JobActions } from "./job-actions";
import { isLate, shownJobs, sortedJobs } from "./job-list";
import { NextRun } from "./next-run";
import { type Place, type Shown, SHOWN, type Sort } from "./place";
import { LOOKS, NotBuilt, RunState, State, stateOf } from "./states";
import { useRestAll } from "./use-changes";
import { useRefusal } from "./use-refusal";
import { cadenceWords, jobName } from "./words";

interface JobTableProps {
  overview: Overview;
  place: Place;
}

/** Every job of the project: how it is, how it went, when it runs next. */
export function JobTable({ overview, place }: JobTableProps) {
  const { t } = useTranslation();
  const now = useNow(5_000);
  const late = (job: Job) => isLate(job, now, overview.ahead);
  const kept = shownJobs(overview.items, place.show ?? "all", late);
  const jobs = place.sort === undefined ? kept : sortedJobs(t, kept, place.sort, locale());
  return (
    <>
      <Bar overview={overview} place={place} late={late} />
      {jobs.length === 0 ? (
        <div className={classes.empty}>
          <p>{t("automation.jobs.none")}</p>
          <Link to="/automation" search={{}}>
            {t("automation.jobs.showAll")}
          </Link>
        </div>
      ) : (
        <table className={`${classes.table} ${classes.jobs}`}>
          <thead>
            <tr>
              <SortHead sort="name" place={place} label={t("automation.jobs.job")} />
              <th scope="col">{t("automation.jobs.state")}</th>
              <th scope="col">{t("automation.jobs.last")}</th>
              <SortHead sort="next" place={place} label={t("automation.jobs.next")} />
              <th scope="col">{t("automation.jobs.cadence")}</th>
              <th scope="col" className={classes.do} aria-label={t("automation.jobs.actions")} />
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <JobRow key={job.job_type} job={job} overview={overview} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Bar({ overview, place, late }: JobTableProps & { late: (job: Job) => boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refusal = useRefusal("manage");
  const { pause, resume } = useRestAll();
  const count = (shown: Shown) => shownJobs(overview.items, shown, late).length;
  const choose = (show: Shown) =>
    void navigate({ to: "/automation", search: { ...place, show }, resetScroll: false });
  const resting = overview.items.some((job) => job.pause_reason === "project");
  return (
    <div className={classes.bar}>
      <Select
        aria-label={t("automation.jobs.show")}
        allowDeselect={false}
        className={classes.choice ?? ""}
        value={place.show ?? "all"}
        onChange={(show) => show !== null && choose(show)}
        data={SHOWN.map((value) => ({
          value,
          label: t(`automation.jobs.shown.${value}`, { n: count(value) }),
        }))}
      />
      <span className={classes.grow} />
      <Tooltip label={refusal ?? t("automation.jobs.resumeAllHint")} multiline maw={280} disabled={!resting && refusal === null}>
        <Group gap="sm">
          {resting && (
            <Button
              variant="default"
              disabled={refusal !== null}
              loading={resume.isPending}
              leftSection={<IconPlayerTrackNext size={16} aria-hidden />}
              onClick={() => resume.mutate()}
            >
              {t("automation.jobs.resumeAll")}
            </Button>
          )}
          <Button
            variant="default"
            disabled={refusal !== null || count("active") === 0}
            loading={pause.isPending}
            leftSection={<IconPlayerPause size={16} aria-hidden />}
            onClick={() => pause.mutate()}
          >
            {t("automation.jobs.pauseAll")}
          </Button>
        </Group>
      </Tooltip>
    </div>
  );
}

function SortHead({ sort, place, label }: { sort: Sort; place: Place; label: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const on = place.sort === sort;
  const toggle = () => {
    const search: Place = place.show === undefined ? {} : { show: place.show };
    void navigate({ to: "/automation", search: on ? search : { ...search, sort }, resetScroll: false });
  };
  return (
    <th scope="col" aria-sort={on ? "ascending" : "none"}>
      <UnstyledButton
        className={classes.sort}
        data-on={on || undefined}
        title={t("automation.jobs.sort", { column: label })}
        onClick={toggle}
      >
        {label}
        {on && <IconChevronDown size={14} aria-hidden />}
      </UnstyledButton>
    </th>
  );
}

function JobRow({ job, overview }: { job: Job; overview: Overview }) {
  const { t } = useTranslation();
  return (
    <tr data-muted={!job.built || job.status === "paused" || undefined}>
      <td className={classes.lead}>
        <Link to="/automation" search={{ tab: "runs", job: job.job_type }} className={classes.name}>
          {jobName(t, job.job_type)}
        </Link>{" "}
        {!job.built && <NotBuilt />}
        <span className={`${classes.small} ${classes.mono}`}>{job.job_type}</span>
      </td>
      <td>
        <StateCell job={job} />
      </td>
      <td>
        <LastCell job={job} />
      </td>
      <td>
        <NextRun job={job} ahead={overview.ahead} />
      </td>
      <td>
        {cadenceWords(t, job, locale())}
        {job.custom && <span className={classes.small}>{t("automation.cadence.custom")}</span>}
      </td>
      <td className={classes.do}>
        <JobActions job={job} lightragOnly={overview.lightrag_only} />
      </td>
    </tr>
  );
}

function StateCell({ job }: { job: Job }) {
  const { t } = useTranslation();
  const open = job.running ?? job.queued;
  if (open !== null) {
    return (
      <>
        <Link to="/automation/runs/$id" params={{ id: open.id }} className={classes.door}>
          <RunState state={stateOf(open)} />
        </Link>
        {open.progress?.total ? (
          <Progress
            size={4}
            mt={4}
            maw={160}
            value={(100 * open.progress.done) / open.progress.total}
            aria-label={jobName(t, job.job_type)}
          />
        ) : null}
        {job.status !== "active" && <Resting job={job} />}
      </>
    );
  }
  if (job.status !== "active") return <Resting job={job} />;
  const failures = job.consecutive_failures;
  return (
    <>
      {t("automation.state.active")}
      {failures > 0 && (
        <span className={classes.small}>{t("automation.state.failing", { count: failures })}</span>
      )}
    </>
  );
}

function Resting({ job }: { job: Job }) {
  const { t } = useTranslation();
  const look = job.status === "suspended" ? { hue: "critical", Icon: LOOKS.dead.Icon } as const : { hue: "neutral", Icon: IconPlayerPause } as const;
  return (
    <>
      <State {...look}>{t(`automation.state.${job.status}`)}</State>
      <span className={classes.small}>
        {job.pause_reason === "failures"
          ? t("automation.state.failures", { count: job.consecutive_failures })
          : job.pause_reason !== null && t(`automation.state.${job.pause_reason}`)}
        {job.paused_by !== null && `, ${t("automation.state.pausedBy", { who: job.paused_by })}`}
        {job.paused_at !== null && job.pause_reason !== "lightrag_only" && (
          <>
            {" · "}
            <Moment at={job.paused_at} />
          </>
        )}
      </span>
    </>
  );
}

function LastCell({ job: { last_run: last } }: { job: Job }) {
  const { t } = useTranslation();
  if (last === null) return <span className={classes.small}>{t("automation.never")}</span>;
  return (
    <>
      <Link to="/automation/runs/$id" params={{ id: last.id }} className={classes.door}>
        <State {...LOOKS[last.status]}>
          {t(`automation.status.${last.status}`)} · <Moment at={last.finished_at} />
        </State>
      </Link>
      {last.error !== null && (
        <span className={`${classes.small} ${classes.clamp}`} title={last.error}>
          {last.error}
        </span>
      )}
    </>
  );
}
