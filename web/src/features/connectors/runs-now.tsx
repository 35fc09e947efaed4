import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { StatusDot } from "../../components/ui";
import { HowFar, jobName } from "../automation";
import classes from "./connectors.module.css";
import { useOurRuns } from "./use-connectors";

/** Syncs, checks and repairs that are on their way; each leads to its run. */
export function RunsNow() {
  const { t } = useTranslation();
  const runs = useOurRuns();
  if (runs.length === 0) return null;
  return (
    <ul className={classes.runs} aria-label={t("connectors.running")}>
      {runs.map((run) => (
        <li key={run.id}>
          <StatusDot hue="accent" pulse={run.status === "running"} />
          <Link to="/automation/runs/$id" params={{ id: run.id }} className={classes.door}>
            {jobName(t, run.job_type)} · {t(run.status === "queued" ? "job.queued" : "job.running")}
          </Link>
          <HowFar run={run} />
        </li>
      ))}
    </ul>
  );
}
