import { Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { StatusDot } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { isolated } from "../../lib/visible";
import { isActive, type Run, runsQuery } from "./api";
import { jobName } from "./words";

/** What runs now, and the newest run of a kind when it failed. Nothing to say, nothing shown. */
export function ActiveRuns({ projectId }: { projectId: string }) {
  const { data: runs = [] } = useQuery(runsQuery(projectId));
  const shown = worthShowing(runs);
  if (shown.length === 0) return null;
  return (
    <Stack gap="sm">
      {shown.map((run) => (
        <RunLine key={run.id} run={run} />
      ))}
    </Stack>
  );
}

/** Active runs, and failed ones after which no run of the same kind has started. */
export function worthShowing(runs: Run[]): Run[] {
  const seen = new Set<string>();
  return runs.filter((run) => {
    const newest = !seen.has(run.job_type);
    seen.add(run.job_type);
    const failed = run.status === "failed" || run.status === "dead";
    // The preparing for search has its own bar, of the whole copy and not of one run.
    if (isActive(run)) return run.job_type !== "embeddings_run";
    return newest && failed;
  });
}

function RunLine({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { progress } = run;
  const total = progress?.total ?? null;
  const state = isActive(run)
    ? t(run.status === "queued" ? "job.queued" : "job.running")
    : t("job.failed", { why: isolated(run.error?.message ?? run.status) });
  return (
    <div>
      <Text fz="sm">
        <StatusDot hue={isActive(run) ? "neutral" : "critical"} pulse={run.status === "running"} />{" "}
        {jobName(t, run.job_type)} · {state}
        {progress && total !== null && (
          <>
            {" · "}
            {t("job.progress", {
              done: number(progress.done, locale()),
              total: number(total, locale()),
            })}
          </>
        )}
      </Text>
      {progress && total !== null && total > 0 && (
        <Progress
          mt={6}
          size={4}
          value={(100 * progress.done) / total}
          aria-label={jobName(t, run.job_type)}
        />
      )}
    </div>
  );
}
