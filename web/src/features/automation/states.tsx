import { Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowForwardUp,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconClockX,
  IconHandStop,
  IconPlayerPause,
  IconPlayerPlay,
  IconPlugConnectedX,
  IconRefresh,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";

import { type Look, State } from "../../components/ui";
import { useProject } from "../projects";
import { type Job, jobsStatusQuery, type Run } from "./api";
import classes from "./states.module.css";

export type RunState = Run["status"] | "retrying" | "stopping" | "orphaned";

export const LOOKS: Record<RunState, Look> = {
  queued: { hue: "neutral", Icon: IconClock },
  running: { hue: "accent", Icon: IconPlayerPlay },
  ok: { hue: "good", Icon: IconCircleCheck },
  partial: { hue: "watch", Icon: IconAlertTriangle },
  failed: { hue: "risk", Icon: IconCircleX },
  dead: { hue: "critical", Icon: IconCircleX },
  skipped: { hue: "neutral", Icon: IconArrowForwardUp },
  missed: { hue: "watch", Icon: IconClockX },
  cancelled: { hue: "neutral", Icon: IconBan },
  retrying: { hue: "risk", Icon: IconRefresh },
  stopping: { hue: "neutral", Icon: IconHandStop },
  orphaned: { hue: "watch", Icon: IconPlugConnectedX },
};

type Standing = Pick<Run, "status" | "not_before" | "attempt" | "cancel_requested_at">;

/**
 * The state of a run as people see it: one that failed and will start again is not just queued,
 * and nobody is at one that runs while no worker lives (`alone`).
 */
export function stateOf(run: Standing, alone: boolean): RunState {
  if (run.status === "running" && alone) return "orphaned";
  if (run.status === "queued" && run.not_before !== null && run.attempt > 0) return "retrying";
  if (run.status === "running" && run.cancel_requested_at !== null) return "stopping";
  return run.status;
}

/** What a job's box shows: what it does now, else whether it rests, else how it ended last. */
export function lookOfJob(t: TFunction, job: Job, alone: boolean): Look & { word: string } {
  const open = job.running ?? job.queued;
  if (open !== null) return runLook(t, stateOf(open, alone));
  if (job.status === "suspended") {
    return { hue: "critical", Icon: IconCircleX, word: t("automation.state.suspended") };
  }
  if (job.status === "paused") {
    return { hue: "neutral", Icon: IconPlayerPause, word: t("automation.state.paused") };
  }
  if (job.last_run === null) {
    return { hue: "neutral", Icon: IconCircleDashed, word: t("automation.never") };
  }
  return runLook(t, job.last_run.status);
}

const runLook = (t: TFunction, state: RunState) => ({
  ...LOOKS[state],
  word: t(`automation.status.${state}`),
});


export function RunState({ state }: { state: RunState }) {
  const { t } = useTranslation();
  return (
    <State {...LOOKS[state]} pulse={state === "running"}>
      {t(`automation.status.${state}`)}
    </State>
  );
}

/** The state of a run wherever it is listed; the workers are asked for only while it runs. */
export function StateOfRun({ run }: { run: Run }) {
  const { data: status } = useQuery({
    ...jobsStatusQuery(useProject().id),
    enabled: run.status === "running",
  });
  return <RunState state={stateOf(run, status?.workers.length === 0)} />;
}

export function NotBuilt() {
  const { t } = useTranslation();
  return (
    <Tooltip label={t("automation.notBuiltHint")} multiline w={260}>
      <span className={classes.badge} tabIndex={0}>
        {t("automation.notBuilt")}
      </span>
    </Tooltip>
  );
}
