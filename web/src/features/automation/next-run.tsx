import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { absolute, ago, clock, duration, zoneName } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import type { Job, Overview } from "./api";
import classes from "./automation.module.css";
import { isLate, lateness } from "./job-list";

interface NextRunProps {
  job: Job;
  overview: Overview;
  /** The server is silent: what was to come since may have come. */
  stale: boolean;
}

/** A countdown by the server's clock; the exact time, and in which zone, on hover. */
export function NextRun({ job, overview: { ahead, at }, stale }: NextRunProps) {
  const { t } = useTranslation();
  const now = useNow(1_000);
  const zone = useZone();
  if (job.next_run_at === null) return null;
  const server = new Date(now.getTime() + ahead);
  const full = `${absolute(job.next_run_at, locale(), zone)}, ${zoneName(zone, server, locale())}`;
  const late = isLate(job, at);
  const due = Date.parse(job.next_run_at) <= server.getTime();
  return (
    <Tooltip label={full} multiline maw={320}>
      <time dateTime={job.next_run_at} className={late ? classes.late : undefined}>
        {late
          ? t("automation.jobs.lateBy", { time: duration(lateness(job, at), locale()) })
          : due
            ? stale
              ? clock(job.next_run_at, server, locale(), zone)
              : t("automation.jobs.due")
            : ago(job.next_run_at, server, locale(), zone)}
      </time>
    </Tooltip>
  );
}
