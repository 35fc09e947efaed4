import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { QUIET_MS } from "./api";
import type { Connector, FindingKind, FindingStatus } from "./place";

export type Reconciliation = Schema["Reconciliation"];
export type Totals = Schema["ConnectorTotals"];
export type StreamCheck = Schema["StreamCheck"];
export type Finding = Schema["FindingView"];
export type Stage = Schema["StageView"];

/** The newest numbers of every connector and stream, and the last checks. */
export const reconciliationQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "reconciliation"],
    queryFn: () => unwrap(api.GET("/connectors/reconciliation")),
    refetchInterval: QUIET_MS,
  });

/** Which findings; null leaves a part open. */
export interface FindingFilter {
  status: FindingStatus;
  kind: FindingKind | null;
  stream: string | null;
}

const PAGE = 50;

/** Records that differ, page by page, the latest first. */
export const findingsQuery = (projectId: string, connector: Connector, filter: FindingFilter) =>
  infiniteQueryOptions({
    queryKey: ["connectors", projectId, "findings", connector, filter],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/connectors/reconciliation/findings", {
          params: { query: { connector, ...filter, limit: PAGE, cursor: pageParam } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: QUIET_MS,
  });
