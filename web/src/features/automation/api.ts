import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { learnClock } from "../../lib/server-clock";
import type { RunGroup } from "./place";

export type Run = Schema["RunView"];
export type RunDetail = Schema["RunDetail"];
export type Job = Schema["JobView"];
export type Letters = Schema["DeadLettersView"];
export type JobsStatus = Schema["JobsStatusView"];

/** How often a page asks again: while something goes on, and while all is quiet. */
const BUSY_MS = 4_000;
const QUIET_MS = 15_000;
const CALM_MS = 30_000;

export const isActive = (run: Run) => run.status === "queued" || run.status === "running";

/** True while something is about to change: a run that waits for its next attempt is not. */
export const isMoving = (run: Run) =>
  run.status === "running" || (run.status === "queued" && run.not_before === null);

/** Which attempt it is, or will be when its turn comes: the server counts those that started. */
export const attemptOf = (run: Run) => (run.status === "queued" ? run.attempt + 1 : run.attempt);

/** The newest runs of the project, looked at more often while one is on its way. */
export const runsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["jobs", "runs", projectId],
    queryFn: async () => {
      const page = await unwrap(api.GET("/jobs/runs", { params: { query: { limit: 20 } } }));
      return page.items;
    },
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? BUSY_MS : CALM_MS),
  });

export type Overview = Schema["SchedulerView"] & {
  /** By how many milliseconds the server's clock is ahead of this computer's. */
  ahead: number;
};

const isBusy = ({ running, queued }: Job) =>
  running !== null || (queued !== null && isMoving(queued));

/** Every job of the project as it stands. */
export const overviewQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["jobs", "scheduler", projectId],
    queryFn: async (): Promise<Overview> => {
      const view = await unwrap(api.GET("/jobs/scheduler"));
      return { ...view, ahead: learnClock(view.at) };
    },
    refetchInterval: ({ state }) => (state.data?.items.some(isBusy) ? BUSY_MS : QUIET_MS),
  });

/** Workers, lines, and how many of each trouble there are. */
export const jobsStatusQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["jobs", "status", projectId],
    queryFn: async () => {
      const status = await unwrap(api.GET("/jobs/status"));
      learnClock(status.at);
      return status;
    },
    refetchInterval: ({ state }) =>
      state.data?.queues.some(({ waiting, running }) => waiting + running > 0) ? BUSY_MS : QUIET_MS,
  });

/** Which runs; null leaves a part open. */
export interface RunFilter {
  job: string | null;
  group: RunGroup | null;
  trigger: Run["trigger"] | null;
  fingerprint: string | null;
  /** Only failed runs that nothing took care of. */
  letters?: boolean;
}

/** The states of a run, in the groups that people look for. */
const GROUPS: Record<RunGroup, Run["status"][]> = {
  active: ["queued", "running"],
  succeeded: ["ok", "partial"],
  failed: ["failed", "dead"],
  left_out: ["skipped", "missed"],
  cancelled: ["cancelled"],
};

/** Runs page by page, the newest first. */
export const runPagesQuery = (projectId: string, filter: RunFilter, limit = 50) =>
  infiniteQueryOptions({
    queryKey: ["jobs", "pages", projectId, filter, limit],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/jobs/runs", {
          params: {
            query: {
              limit,
              job_type: filter.job,
              status: filter.group === null ? null : GROUPS[filter.group],
              trigger: filter.trigger,
              fingerprint: filter.fingerprint,
              dead_letters: filter.letters ?? false,
              cursor: pageParam,
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some(isMoving)) ? BUSY_MS : QUIET_MS,
  });

/** One run with what is next to it; followed while it, or something it caused, goes on. */
export const runQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ["jobs", "run", projectId, id],
    queryFn: () => unwrap(api.GET("/jobs/runs/{run_id}", { params: { path: { run_id: id } } })),
    refetchInterval: ({ state }) =>
      state.data && [state.data, ...state.data.down].some(isActive) ? BUSY_MS : CALM_MS,
  });

/** Failed work that nobody took care of, by its cause. */
export const lettersQuery = (projectId: string, text: string) =>
  queryOptions({
    queryKey: ["jobs", "letters", projectId, text],
    queryFn: () =>
      unwrap(api.GET("/jobs/dead-letters", { params: { query: { q: text === "" ? null : text } } })),
    refetchInterval: CALM_MS,
  });
