import { Button, Code, CopyButton, Divider, Popover, Text, UnstyledButton } from "@mantine/core";
import { IconAlertOctagon, IconAlertTriangle, IconCircleCheck, IconCopy, IconHelpCircle, IconMailX, IconPlayerPause, IconServer } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Moment, StatusDot } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject } from "../projects";
import { type JobsStatus, jobsStatusQuery, type Overview } from "./api";
import classes from "./automation.module.css";
import { isLate } from "./job-list";
import type { Place } from "./place";
import { useAgeOfPage } from "./use-age-of-page";

/** How the automation is doing. Each number leads to the rows behind it. */
export function StatusLine({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const { data: status } = useQuery(jobsStatusQuery(useProject().id));
  const { hue, words, stale } = useAgeOfPage();
  const late = overview.items.filter((job) => isLate(job, overview.at)).length;
  const suspended = overview.items.filter((job) => job.status === "suspended").length;
  return (
    <section aria-label={t("automation.line.label")}>
      {overview.workers === 0 && <NoWorker />}
      <div className={classes.line}>
        <Workers count={overview.workers} status={status} stale={stale} />
        {late > 0 ? (
          <Fact to={{ show: "late" }} icon={<IconAlertTriangle size={16} color={light("watch", stale)} />}>
            {t("automation.line.late", { count: late })}
          </Fact>
        ) : (
          overview.workers > 0 && <OnTime stale={stale} />
        )}
        <Fact
          to={{ show: "suspended" }}
          quiet={suspended === 0}
          icon={<IconPlayerPause size={16} color={light(suspended > 0 && "critical", stale)} />}
        >
          {t("automation.line.suspended", { count: suspended })}
        </Fact>
        {status && <Counts status={status} stale={stale} />}
        <span className={`${classes.age} ${classes.end}`} role="status">
          <StatusDot hue={hue} />
          {words}
        </span>
      </div>
    </section>
  );
}

/** The colour of a light: none when there is nothing to say, or nothing certain. */
const light = (hue: "good" | "watch" | "risk" | "critical" | false, stale: boolean) =>
  stale || hue === false ? "currentColor" : `var(--mayak-${hue})`;

function OnTime({ stale }: { stale: boolean }) {
  const { t } = useTranslation();
  const Icon = stale ? IconHelpCircle : IconCircleCheck;
  return (
    <span className={classes.fact} data-quiet>
      <Icon size={16} color={light("good", stale)} aria-hidden />
      {t(stale ? "automation.line.unknown" : "automation.line.onTime")}
    </span>
  );
}

function Counts({ status, stale }: { status: JobsStatus; stale: boolean }) {
  const { t } = useTranslation();
  const letters = status.dead_letters;
  const waiting = status.queues.reduce((sum, queue) => sum + queue.waiting, 0);
  return (
    <>
      <Fact
        to={{ tab: "letters" }}
        quiet={letters === 0}
        icon={<IconMailX size={16} color={light(letters > 0 && "risk", stale)} />}
      >
        {t("automation.line.letters", { count: letters })}
      </Fact>
      {status.late_slots > 0 && (
        <Fact to={{ tab: "runs", state: "left_out" }} quiet>
          {t("automation.line.slots", { count: status.late_slots })}
        </Fact>
      )}
      {waiting > 0 && (
        <Fact to={{ tab: "runs", state: "active" }} quiet>
          {t("automation.line.waiting", { count: waiting })}
        </Fact>
      )}
    </>
  );
}

interface FactProps {
  to: Place;
  icon?: ReactNode;
  quiet?: boolean;
  children: ReactNode;
}

function Fact({ to, icon, quiet = false, children }: FactProps) {
  return (
    <Link to="/automation" search={to} className={classes.fact} data-quiet={quiet || undefined}>
      {icon}
      {children}
    </Link>
  );
}

function NoWorker() {
  const { t } = useTranslation();
  const command = "mayak worker";
  return (
    <div className={classes.alarm} role="alert">
      <IconAlertOctagon size={20} aria-hidden />
      <div>
        <Text fw={600}>{t("automation.line.noWorker")}</Text>
        <Text>{t("automation.line.noWorkerWhy")}</Text>
        <Text mt={6}>
          {t("automation.line.noWorkerNext")} <Code fz="sm">{command}</Code>{" "}
          <CopyButton value={command}>
            {({ copied, copy }) => (
              <Button
                size="compact-xs"
                variant="default"
                leftSection={<IconCopy size={12} aria-hidden />}
                onClick={copy}
              >
                {t(copied ? "common.copied" : "automation.line.copyCommand")}
              </Button>
            )}
          </CopyButton>
        </Text>
      </div>
    </div>
  );
}

interface WorkersProps {
  count: number;
  status: JobsStatus | undefined;
  stale: boolean;
}

function Workers({ count, status, stale }: WorkersProps) {
  const { t } = useTranslation();
  return (
    <Popover width={320} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.fact} data-quiet={stale || undefined}>
          <IconServer size={16} color={light(count > 0 ? "good" : "critical", stale)} aria-hidden />
          {t("automation.line.workers", { count })}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("automation.line.workers", { count })}>
        {status && <WorkersAndLines status={status} />}
      </Popover.Dropdown>
    </Popover>
  );
}

function WorkersAndLines({ status }: { status: JobsStatus }) {
  const { t } = useTranslation();
  return (
    <>
      {status.workers.map(({ host, pid, started_at, seen_at }) => (
        <div key={`${host} ${pid}`}>
          <Text fw={600} fz="sm">
            {t("automation.line.worker", { host, pid })}
          </Text>
          <Text fz="xs" c="dimmed" mb={6}>
            {t("automation.line.started")} <Moment at={started_at} /> · {t("automation.line.seen")} <Moment at={seen_at} />
          </Text>
        </div>
      ))}
      {status.workers.length === 0 && <Text>{t("automation.line.noWorker")}</Text>}
      <Divider my={8} color="var(--mayak-line)" />
      <div className={classes.facts}>
        <Text c="dimmed" fz="xs">{t("automation.line.queue")}</Text>
        <Text c="dimmed" fz="xs">{t("automation.line.queueWaiting")}</Text>
        <Text c="dimmed" fz="xs">{t("automation.line.queueRunning")}</Text>
        <Text c="dimmed" fz="xs">{t("automation.line.queueSlots")}</Text>
        {status.queues.map(({ queue, waiting, running, slots }) => (
          <Fragment key={queue}>
            <span>{t(`automation.line.queueName.${queue}`)}</span>
            <span>{number(waiting, locale())}</span>
            <span>{number(running, locale())}</span>
            <span>{number(slots, locale())}</span>
          </Fragment>
        ))}
      </div>
      <Text fz="xs" c="dimmed" mt={8}>
        {t("automation.line.queueHint")}
      </Text>
    </>
  );
}
