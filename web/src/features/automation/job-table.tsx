import { Button, Group, Progress, Select, Tooltip, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconPlayerPause, IconPlayerTrackNext } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment, Said, State } from "../../components/ui";
import { firstClick } from "../../lib/first-click";
import { locale } from "../../lib/i18n";
import { visible } from "../../lib/visible";
import { useRefusal } from "../projects";
import type { Job, Overview } from "./api";
import classes from "./automation.module.css";
import { JobActions } from "./job-actions";
import { isLate, shownJobs, sortedJobs, usualShown } from "./job-list";
import { NextRun } from "./next-run";
import { type Place, type Shown, SHOWN, type Sort } from "./place";
import { LOOKS, NotBuilt, RunState, stateOf } from "./states";
import { useAgeOfPage } from "./use-age-of-page";
import { useRestAll } from "./use-changes";
import { cadenceWords, jobName } from "./words";

interface JobTableProps {
  overview: Overview;
  place: Place;
}

/** Every job of the project: how it is, how it went, when it runs next. */
export function JobTable({ overview, place }: JobTableProps) {
  const { t } = useTranslation();
  const { stale } = useAgeOfPage();
  const late = (job: Job) => isLate(job, overview.at);
  const shown = place.show ?? usualShown(overview.items);
  const kept = shownJobs(overview.items, shown, late);
  const jobs = place.sort === undefined ? kept : sortedJobs(t, kept, place.sort, locale());
  const others = overview.items.filter((job) => !job.built).length;
  return (
    <>
      <Bar overview={overview} place={place} shown={shown} late={late} />
      {jobs.length === 0 ? (
        <div className={classes.empty}>
          <p>{t("automation.jobs.none")}</p>
          <Link to="/automation" search={{ show: "all" }}>
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
              <JobRow key={job.job_type} job={job} overview={overview} stale={stale} />
            ))}
          </tbody>
        </table>
      )}
      {shown === "built" && others > 0 && (
        <p className={classes.others}>
          {t("automation.jobs.others", { count: others })}{" "}
          <Link to="/automation" search={{ ...place, show: "all" }} resetScroll={false}>
            {t("automation.jobs.showAll")}
          </Link>
        </p>
      )}
    </>
  );
}

interface BarProps extends JobTableProps {
  shown: Shown;
  late: (job: Job) => boolean;
}

function Bar({ overview, place, shown, late }: BarProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refusal = useRefusal("manage");
  const { pause, resume } = useRestAll();
  const count = (kind: Shown) => shownJobs(overview.items, kind, late).length;
  const choose = (show: Shown) =>
    void navigate({ to: "/automation", search: { ...place, show }, resetScroll: false });
  const resting = overview.items.some((job) => job.pause_reason === "project");
  return (
    <div className={classes.bar}>
      <Select
        aria-label={t("automation.jobs.show")}
        allowDeselect={false}
        className={classes.choice ?? ""}
        value={shown}
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
              onClick={firstClick(() => resume.mutate())}
            >
              {t("automation.jobs.resumeAll")}
            </Button>
          )}
          <Button
            variant="default"
            disabled={refusal !== null || count("active") === 0}
            loading={pause.isPending}
            leftSection={<IconPlayerPause size={16} aria-hidden />}
            onClick={firstClick(() => pause.mutate())}
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

interface JobRowProps {
  job: Job;
  overview: Overview;
  stale: boolean;
}

function JobRow({ job, overview, stale }: JobRowProps) {
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
        <StateCell job={job} alone={overview.workers === 0} />
      </td>
      <td>
        <LastCell job={job} />
      </td>
      <td>
        <NextRun job={job} overview={overview} stale={stale} />
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

/** Empty for a job that cannot do anything yet: neither on nor off would be true. */
function StateCell({ job, alone }: { job: Job; alone: boolean }) {
  const { t } = useTranslation();
  const open = job.running ?? job.queued;
  if (open !== null) {
    return (
      <>
        <Link to="/automation/runs/$id" params={{ id: open.id }} className={classes.door}>
          <RunState state={stateOf(open, alone)} />
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
  if (!job.built) return null;
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
        <span className={`${classes.small} ${classes.clamp}`} title={visible(last.error)}>
          <Said>{last.error}</Said>
        </span>
      )}
    </>
  );
}
