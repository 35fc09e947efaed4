import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { api, type Schema, unwrap } from "../../api/client";
import { sayDone, sayFailed } from "../../components/ui";
import { locale } from "../../lib/i18n";
import { useOneAtATime } from "../../lib/use-one-at-a-time";
import { useProject } from "../projects";
import { type Job, type Overview, overviewQuery, type Run } from "./api";
import { cadenceWords, jobName } from "./words";

const path = (job: Job) => ({ params: { path: { job_type: job.job_type } } });

/** Everything about jobs is asked again: a change shows in the list, the counts and the runs. */
function useAskAgain() {
  const queryClient = useQueryClient();
  return () => void queryClient.invalidateQueries({ queryKey: ["jobs"] });
}

/** Put a changed job into the list at once, before the list is asked again. */
function useKeep() {
  const queryClient = useQueryClient();
  const { queryKey } = overviewQuery(useProject().id);
  return (type: string, change: (job: Job) => Job) =>
    queryClient.setQueryData<Overview>(
      queryKey,
      (old) => old && { ...old, items: old.items.map((job) => (job.job_type === type ? change(job) : job)) },
      // Its age is that of the last reply: this was not one.
      { updatedAt: queryClient.getQueryState(queryKey)?.dataUpdatedAt ?? 0 },
    );
}

/** Start a job now; the notice leads to the run. */
export function useRunNow(job: Job) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const keep = useKeep();
  const name = jobName(t, job.job_type);
  return useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/{job_type}/run", { ...path(job), body: { payload: {} } })),
    onSuccess: (run) => {
      keep(job.job_type, (old) => ({ ...old, queued: run.status === "queued" ? run : old.queued }));
      sayDone(t("automation.act.asked", { job: name }), {
        label: t("automation.act.openRun"),
        run: () => void navigate({ to: "/automation/runs/$id", params: { id: run.id } }),
      });
    },
    onError: (error) => sayFailed(t, t("automation.act.runFailed", { job: name }), error),
    onSettled: useAskAgain(),
  });
}

/** Pause a job, with a way back; or wake it. */
export function useRest(job: Job) {
  const { t } = useTranslation();
  const keep = useKeep();
  const name = jobName(t, job.job_type);
  const settled = { onSettled: useAskAgain() };
  const resume = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/{job_type}/resume", path(job))),
    onSuccess: (changed) => {
      keep(job.job_type, () => changed);
      sayDone(t("automation.act.resumedDone", { job: name }));
    },
    onError: (error) => sayFailed(t, t("automation.act.resumeFailed", { job: name }), error),
    ...settled,
  });
  const pause = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/{job_type}/pause", path(job))),
    onSuccess: (changed) => {
      keep(job.job_type, () => changed);
      sayDone(t("automation.act.pausedDone", { job: name }), {
        label: t("automation.undo"),
        run: () => resume.mutate(),
      });
    },
    onError: (error) => sayFailed(t, t("automation.act.pauseFailed", { job: name }), error),
    ...settled,
  });
  return { pause, resume };
}

/** The same for all jobs of the project. */
export function useRestAll() {
  const { t } = useTranslation();
  const settled = { onSettled: useAskAgain() };
  const resume = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/resume")),
    onSuccess: ({ changed }) => sayDone(t("automation.jobs.resumedAll", { count: changed.length })),
    onError: (error) => sayFailed(t, t("automation.jobs.resumeAllFailed"), error),
    ...settled,
  });
  const pause = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/pause")),
    onSuccess: ({ changed }) =>
      sayDone(t("automation.jobs.pausedAll", { count: changed.length }), {
        label: t("automation.undo"),
        run: () => resume.mutate(),
      }),
    onError: (error) => sayFailed(t, t("automation.jobs.pauseAllFailed"), error),
    ...settled,
  });
  return { pause, resume };
}

/** Change when a job runs; a refusal is shown where it was typed, not here. */
export function useChangeSchedule(job: Job) {
  const { t } = useTranslation();
  const keep = useKeep();
  return useOneAtATime({
    mutationFn: (body: Schema["ScheduleChange"]) =>
      unwrap(api.PATCH("/jobs/{job_type}", { ...path(job), body })),
    onSuccess: (changed) => {
      keep(job.job_type, () => changed);
      const cadence = cadenceWords(t, changed, locale());
      sayDone(t("automation.dialog.saved", { job: jobName(t, job.job_type), cadence }));
    },
    onSettled: useAskAgain(),
  });
}

export function useCancel() {
  const { t } = useTranslation();
  return useOneAtATime({
    mutationFn: (run: Run) =>
      unwrap(api.POST("/jobs/runs/{run_id}/cancel", { params: { path: { run_id: run.id } } })),
    onSuccess: ({ status }) =>
      sayDone(t(status === "running" ? "automation.act.stopping" : "automation.act.cancelled")),
    onError: (error) => sayFailed(t, t("automation.act.cancelFailed"), error),
    onSettled: useAskAgain(),
  });
}

/** Do the work of a run again; the notice leads to the new run. */
export function useReplay() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return useOneAtATime({
    mutationFn: (run: Run) =>
      unwrap(api.POST("/jobs/runs/{run_id}/replay", { params: { path: { run_id: run.id } } })),
    onSuccess: (next) =>
      sayDone(t("automation.act.replayed"), {
        label: t("automation.act.openRun"),
        run: () => void navigate({ to: "/automation/runs/$id", params: { id: next.id } }),
      }),
    onError: (error) => sayFailed(t, t("automation.act.replayFailed"), error),
    onSettled: useAskAgain(),
  });
}

export type Which = Omit<Schema["WhichLetters"], "dry_run" | "all"> & { all?: boolean };

/** Replay or give up dead letters. What was given up can be taken back from the notice. */
export function useLetters(which: Which) {
  const { t } = useTranslation();
  const settled = { onSettled: useAskAgain() };
  const body = { all: false, ...which, dry_run: false };
  const restore = useOneAtATime({
    mutationFn: (since: string) =>
      unwrap(
        api.POST("/jobs/dead-letters/restore", {
          body: { since, fingerprint: which.fingerprint ?? null },
        }),
      ),
    onSuccess: ({ letters }) => sayDone(t("automation.letters.restored", { count: letters })),
    onError: (error) => sayFailed(t, t("automation.letters.restoreFailed"), error),
    ...settled,
  });
  const discard = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/dead-letters/discard", { body })),
    onSuccess: ({ letters, at }) =>
      sayDone(
        t("automation.letters.discardDone", { count: letters }),
        at === null ? undefined : { label: t("automation.undo"), run: () => restore.mutate(at) },
      ),
    ...settled,
  });
  const replay = useOneAtATime({
    mutationFn: () => unwrap(api.POST("/jobs/dead-letters/replay", { body })),
    onSuccess: ({ letters, runs }) =>
      sayDone(t("automation.letters.replayDone", { count: letters, runs: runs ?? 0 })),
    ...settled,
  });
  return { replay, discard };
}
