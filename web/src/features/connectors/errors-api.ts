import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { QUIET_MS } from "./api";
import type { Connector, ErrorKind, ErrorsShown } from "./place";

export type Failure = Schema["ConnectorErrorView"];
export type FailureGroup = Schema["ErrorGroupView"];
export type Drift = Schema["DriftView"];

/** Which failing things; null leaves a part open. */
export interface FailureFilter {
  shown: ErrorsShown;
  stream: string | null;
  kind: ErrorKind | null;
  fingerprint?: string;
}

/** The server knows each state by itself; "open" is all but what was resolved. */
const statusOf = ({ shown }: FailureFilter) => (shown === "open" ? null : shown);

/** What could not be copied, by what failed and how. */
export const groupsQuery = (projectId: string, connector: Connector, filter: FailureFilter) =>
  queryOptions({
    queryKey: ["connectors", projectId, "errors", connector, "groups", filter],
    queryFn: async () => {
      const { stream, kind } = filter;
      const query = { connector, stream, kind, status: statusOf(filter) };
      return (await unwrap(api.GET("/connectors/errors/groups", { params: { query } }))).items;
    },
    refetchInterval: QUIET_MS,
  });

const PAGE = 25;
/** The most that one request may name. */
const MOST = 500;

async function failures(
  connector: Connector,
  filter: FailureFilter,
  cursor: string | null,
  limit: number,
) {
  const { stream, kind, fingerprint = null } = filter;
  const query = { connector, stream, kind, fingerprint, status: statusOf(filter), limit, cursor };
  const page = await unwrap(api.GET("/connectors/errors", { params: { query } }));
  if (filter.shown !== "open") return page;
  return { ...page, items: page.items.filter(({ status }) => status !== "resolved") };
}

/** The failing things of a group, page by page, the latest first. */
export const failuresQuery = (projectId: string, connector: Connector, filter: FailureFilter) =>
  infiniteQueryOptions({
    queryKey: ["connectors", projectId, "errors", connector, "rows", filter],
    queryFn: async ({ pageParam }) => {
      // Resolved ones of the same group may fill a page: those behind them are asked for at once.
      let page = await failures(connector, filter, pageParam, PAGE);
      for (let more = 0; page.items.length === 0 && page.next_cursor !== null && more < 20; more += 1) {
        page = await failures(connector, filter, page.next_cursor, PAGE);
      }
      return page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: QUIET_MS,
  });

/** The ids of a group, as many as one request may name. */
export async function idsOf(connector: Connector, filter: FailureFilter): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await failures(connector, filter, cursor, 200);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor !== null && ids.length < MOST);
  return ids.slice(0, MOST);
}

/** One failing thing, with the record that was put aside. */
export const failureQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "error", id],
    queryFn: () =>
      unwrap(api.GET("/connectors/errors/{error_id}", { params: { path: { error_id: id } } })),
  });

/** Members and values that came after a stream was first read. */
export const driftQuery = (projectId: string, connector: Connector) =>
  queryOptions({
    queryKey: ["connectors", projectId, "drift", connector],
    queryFn: async () => {
      const query = { connector, limit: 200 };
      return (await unwrap(api.GET("/connectors/drift", { params: { query } }))).items;
    },
  });
