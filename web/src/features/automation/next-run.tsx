import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { absolute, ago, duration, zoneName } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import type { Job } from "./api";
import classes from "./automation.module.css";
import { isLate, lateness } from "./job-list";

/** A countdown by the server's clock; the exact time, and in which zone, on hover. */
export function NextRun({ job, ahead }: { job: Job; ahead: number }) {
  const { t } = useTranslation();
  const now = useNow(1_000);
  const zone = useZone();
  const past = lateness(job, now, ahead);
  if (job.next_run_at === null || past === null) return null;
  const server = new Date(now.getTime() + ahead);
  const full = `${absolute(job.next_run_at, locale(), zone)}, ${zoneName(zone, server, locale())}`;
  const late = isLate(job, now, ahead);
  return (
    <Tooltip label={full} multiline maw={320}>
      <time dateTime={job.next_run_at} className={late ? classes.late : undefined}>
        {late
          ? t("automation.jobs.lateBy", { time: duration(past, locale()) })
          : past >= 0
            ? t("automation.jobs.due")
            : ago(job.next_run_at, server, locale(), zone)}
      </time>
    </Tooltip>
  );
}
