import { queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";

export type Run = Schema["RunView"];

export const isActive = (run: Run) => run.status === "queued" || run.status === "running";

/** The newest runs of the project, looked at more often while one is on its way. */
export const runsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["jobs", "runs", projectId],
    queryFn: async () => {
      const page = await unwrap(api.GET("/jobs/runs", { params: { query: { limit: 20 } } }));
      return page.items;
    },
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? 4_000 : 30_000),
  });
