import { Text, VisuallyHidden } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { number, since } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone } from "../../lib/zone";
import type { Job } from "./api";
import classes from "./graph.module.css";
import { type Box, type Edge, layOut, type Point, SIZE } from "./graph-layout";
import { lookOfJob } from "./states";
import { jobName } from "./words";

interface CascadeGraphProps {
  jobs: readonly Job[];
  /** No worker lives. */
  alone: boolean;
}

/** What starts what, from left to right. Each box is a link to the job's runs. */
export function CascadeGraph({ jobs, alone }: CascadeGraphProps) {
  const { t } = useTranslation();
  const taking = inCascade(jobs);
  const picture = layOut(taking.map(({ job_type, after }) => ({ id: job_type, after })));
  const byType = new Map(taking.map((job) => [job.job_type, job]));
  if (taking.length === 0) return null;
  return (
    <section className={classes.box} aria-label={t("automation.graph.label")} tabIndex={0}>
      <div className={classes.head}>
        <h2>{t("automation.graph.title")}</h2>
        <Text fz="xs" c="dimmed">
          {t("automation.graph.hint")}
        </Text>
      </div>
      <div className={classes.canvas} style={{ width: picture.width, height: picture.height }}>
        <svg className={classes.edges} width={picture.width} height={picture.height} aria-hidden>
          {byFire(picture.edges, byType).map(({ edge, firing }) => (
            <EdgeLine key={`${edge.from} ${edge.to}`} edge={edge} firing={firing} />
          ))}
        </svg>
        <ul>
          {picture.boxes.map((box) => {
            const job = byType.get(box.id);
            return job && <Node key={box.id} box={box} job={job} firing={isFiring(job)} alone={alone} />;
          })}
        </ul>
      </div>
    </section>
  );
}

/** Jobs that start another one or are started by one. */
export function inCascade(jobs: readonly Job[]): Job[] {
  const starting = new Set(jobs.flatMap(({ after }) => after));
  return jobs.filter((job) => job.after.length > 0 || starting.has(job.job_type));
}

/** True while a run of the job waits or goes on that a cascade started. */
const isFiring = ({ running, queued }: Job) =>
  running?.trigger === "cascade" || queued?.trigger === "cascade";

/** The edges that fire now, drawn last so that they lie on top. */
function byFire(edges: readonly Edge[], jobs: ReadonlyMap<string, Job>) {
  return edges
    .map((edge) => ({ edge, firing: fires(edge, jobs) }))
    .toSorted((a, b) => Number(a.firing) - Number(b.firing));
}

/** Whether this edge started what now waits or goes on; all edges, when it cannot be told which. */
function fires({ from, to }: Edge, jobs: ReadonlyMap<string, Job>): boolean {
  const job = jobs.get(to);
  if (job === undefined || !isFiring(job)) return false;
  const causes = new Set([...(job.running?.upstream ?? []), ...(job.queued?.upstream ?? [])]);
  const did = (type: string) => causes.has(jobs.get(type)?.last_run?.id ?? "");
  return did(from) || !job.after.some(did);
}

function EdgeLine({ edge, firing }: { edge: Edge; firing: boolean }) {
  const end = edge.path.at(-1) ?? { x: 0, y: 0 };
  return (
    <g>
      <path className={classes.edge} d={curve(edge.path)} />
      {firing && <path className={classes.edge} d={curve(edge.path)} data-firing />}
      <path
        className={classes.tip}
        d={`M ${end.x} ${end.y} l -7 -4 v 8 z`}
        data-firing={firing || undefined}
      />
    </g>
  );
}

/** Level at both ends of each step, so that it leaves and enters boxes straight. */
function curve([start, ...rest]: readonly Point[]): string {
  if (start === undefined) return "";
  let from = start;
  const steps = rest.map((to) => {
    const half = (from.x + to.x) / 2;
    const step = `C ${half} ${from.y} ${half} ${to.y} ${to.x} ${to.y}`;
    from = to;
    return step;
  });
  return [`M ${start.x} ${start.y}`, ...steps].join(" ");
}

interface NodeProps {
  box: Box;
  job: Job;
  firing: boolean;
  alone: boolean;
}

function Node({ box, job, firing, alone }: NodeProps) {
  const { t } = useTranslation();
  const { hue, Icon, word } = lookOfJob(t, job, alone);
  const when = useWhen(job);
  const upstream = job.after.map((type) => jobName(t, type)).join(", ");
  const muted = !job.built || job.status === "paused";
  return (
    <li>
      <Link
        to="/automation"
        search={{ tab: "runs", job: job.job_type }}
        className={classes.node}
        style={{ left: box.x, top: box.y, width: SIZE.width, height: SIZE.height }}
        data-hue={hue}
        data-muted={muted || undefined}
        data-running={(job.running !== null && !alone) || undefined}
        title={`${jobName(t, job.job_type)} (${job.job_type})`}
      >
        <Icon size={20} stroke={1.75} aria-hidden />
        <span className={classes.words}>
          <span className={classes.name}>{jobName(t, job.job_type)}</span>
          <span className={classes.word}>
            {job.built ? [word, when].filter(Boolean).join(" · ") : t("automation.notBuilt")}
          </span>
        </span>
        <VisuallyHidden>
          {upstream !== "" && t("automation.graph.after", { jobs: upstream })}
          {firing && `, ${t("automation.graph.firing")}`}
        </VisuallyHidden>
      </Link>
    </li>
  );
}

/** How long ago the last run ended, when the box speaks of that. */
function useWhen({ status, running, queued, last_run }: Job): string | null {
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  const { done = 0, total = null } = running?.progress ?? {};
  if (total !== null && total > 0) {
    return t("job.progress", { done: number(done, locale()), total: number(total, locale()) });
  }
  if (last_run === null || running || queued || status !== "active") return null;
  return since(last_run.finished_at, now, locale(), zone, t("common.justNow"));
}
