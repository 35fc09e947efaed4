import { Progress, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { ActButton, Moment, Said } from "../../components/ui";
import { clock, duration, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { visible } from "../../lib/visible";
import { useZone } from "../../lib/zone";
import { useRefusal } from "../projects";
import { attemptOf, isActive, type Run } from "./api";
import classes from "./automation.module.css";
import { StateOfRun } from "./states";
import { useCancel } from "./use-changes";
import { because, jobName, noteWords } from "./words";

/** Runs as rows; each leads to its page. */
export function RunTable({ runs }: { runs: readonly Run[] }) {
  const { t } = useTranslation();
  return (
    <table className={`${classes.table} ${classes.runs}`}>
      <thead>
        <tr>
          <th scope="col">{t("automation.runs.status")}</th>
          <th scope="col">{t("automation.runs.job")}</th>
          <th scope="col">{t("automation.runs.trigger")}</th>
          <th scope="col">{t("automation.runs.queued")}</th>
          <th scope="col" className={classes.number}>
            {t("automation.runs.took")}
          </th>
          <th scope="col">{t("automation.runs.details")}</th>
          <th scope="col" className={classes.do} aria-label={t("automation.jobs.actions")} />
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.id} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run }: { run: Run }) {
  const { t } = useTranslation();
  return (
    <tr data-muted={run.status === "skipped" || run.status === "cancelled" || undefined}>
      <td>
        <Link to="/automation/runs/$id" params={{ id: run.id }} className={classes.door}>
          <StateOfRun run={run} />
        </Link>
      </td>
      <td className={classes.lead}>
        <Link to="/automation/runs/$id" params={{ id: run.id }} className={classes.name}>
          {jobName(t, run.job_type)}
        </Link>
      </td>
      <td>
        {t(`automation.trigger.${run.trigger}`)}
        {run.because !== null && (
          <span className={classes.small}>
            <Said>{because(t, run) ?? ""}</Said>
          </span>
        )}
      </td>
      <td>
        <Moment at={run.queued_at} />
        <Slot run={run} />
      </td>
      <td className={classes.number}>
        <Took run={run} />
      </td>
      <td className={classes.whole}>
        <Details run={run} />
      </td>
      <td className={classes.do}>{isActive(run) && <Cancel run={run} />}</td>
    </tr>
  );
}

/** The slot of the schedule that the run is for, when that is not the time at which it was queued. */
function Slot({ run }: { run: Run }) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useServerNow(60_000);
  if (run.slot_at === null) return null;
  return (
    <span className={classes.small}>
      {t("automation.runs.slot", { time: clock(run.slot_at, now, locale(), zone) })}
    </span>
  );
}

/** How long it went on, or goes on by now; nothing for a run that never started. */
export function Took({ run }: { run: Pick<Run, "started_at" | "finished_at"> }) {
  const now = useServerNow(1_000);
  if (run.started_at === null) return null;
  const end = run.finished_at === null ? now.getTime() : Date.parse(run.finished_at);
  return duration(end - Date.parse(run.started_at), locale());
}

/** What it says for itself: how far it is, why it did not run, what went wrong, what comes next. */
function Details({ run }: { run: Run }) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useServerNow(60_000);
  const again = run.status === "queued" ? run.not_before : null;
  const words = [
    run.reason && t(`automation.reason.${run.reason}`),
    again && t("automation.runs.again", { time: clock(again, now, locale(), zone) }),
    attemptOf(run) > 1 && t("automation.runs.attemptN", { n: attemptOf(run) }),
    run.resolution && t(`automation.resolution.${run.resolution}`),
  ].filter(Boolean);
  if (words.length === 0 && run.progress === null && run.error === null) return null;
  return (
    <>
      {run.error !== null && (
        <Text component="span" className={classes.clamp} title={visible(run.error.message)}>
          <Said>{run.error.message}</Said>
        </Text>
      )}
      {isActive(run) || run.error === null ? <HowFar run={run} /> : null}
      {words.length > 0 && <span className={classes.small}>{words.join(" · ")}</span>}
    </>
  );
}

/** The bar of a run that goes on, or what it noted last. */
export function HowFar({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { progress } = run;
  // The reason says the same in the reader's language.
  if (progress === null || run.reason === "not_built") return null;
  const total = progress.total ?? 0;
  const counted =
    total > 0 && isActive(run)
      ? t("job.progress", { done: number(progress.done, locale()), total: number(total, locale()) })
      : null;
  return (
    <span className={classes.meter}>
      <span className={classes.small}>
        {counted}
        {counted !== null && progress.note !== null && " · "}
        {progress.note !== null && <Said>{noteWords(t, progress.note)}</Said>}
      </span>
      {counted !== null && (
        <Progress
          size={4}
          mt={4}
          value={(100 * progress.done) / total}
          aria-label={`${t("automation.run.progress")}: ${jobName(t, run.job_type)}`}
        />
      )}
    </span>
  );
}

function Cancel({ run }: { run: Run }) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const cancel = useCancel();
  if (run.cancel_requested_at !== null) return null;
  return (
    <ActButton
      label={t("automation.act.cancelNamed", { job: jobName(t, run.job_type) })}
      hint={t("automation.act.cancel")}
      Icon={IconX}
      refusal={refusal}
      busy={cancel.isPending}
      onClick={() => cancel.mutate(run)}
    />
  );
}
