import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import type { Connector } from "./place";

export type StreamState = Schema["StreamView"];
export type ConnectorState = Schema["ConnectorView"];
export type Part = Schema["PartView"];
export type Bindings = Schema["BindingsView"];
export type Test = Schema["TestView"];
export type ObjectMapping = Schema["ObjectMappingView"];
export type FieldMapping = Schema["FieldMappingView"];
export type Webhook = Schema["WebhookView"];
export type StoredRecord = Schema["RecordView"];

/** How often a page asks again: while something goes on, and while all is quiet. */
export const BUSY_MS = 2_000;
export const QUIET_MS = 15_000;
const CALM_MS = 30_000;

/** Every stream of the project, for the panel beside other pages. */
export const streamsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "state"],
    queryFn: async () => (await unwrap(api.GET("/connectors/state"))).items,
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => status === "running") ? 5_000 : CALM_MS,
  });

/** Every service there is, with how this project is connected to it. */
export const connectorsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "all"],
    queryFn: async () => (await unwrap(api.GET("/connectors"))).items,
    refetchInterval: QUIET_MS,
  });

const of = (connector: Connector) => ({ params: { path: { connector } } });

/** What of the account belongs to the project. */
export const bindingsQuery = (projectId: string, connector: Connector) =>
  queryOptions({
    queryKey: ["connectors", projectId, "bindings", connector],
    queryFn: () => unwrap(api.GET("/connectors/{connector}/bindings", of(connector))),
  });

/** What the credential sees, asked of the service now: never by itself, and not kept for long. */
export const partsQuery = (projectId: string, connector: Connector, q: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "parts", connector, q],
    queryFn: async () => {
      const query = q === "" ? {} : { q };
      const page = await unwrap(
        api.GET("/connectors/{connector}/parts", { params: { path: { connector }, query } }),
      );
      return page.items;
    },
    staleTime: 60_000,
    refetchOnWindowFocus: false,
  });

/** What each field is read from. */
export const mappingQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["connectors", projectId, "mapping"],
    queryFn: async () => (await unwrap(api.GET("/connectors/attio/mapping"))).objects,
  });

/** Where the service calls us; it is asked, too. */
export const webhooksQuery = (projectId: string, connector: Connector) =>
  queryOptions({
    queryKey: ["connectors", projectId, "webhooks", connector],
    queryFn: async () =>
      (await unwrap(api.GET("/connectors/{connector}/webhooks", of(connector)))).items,
    refetchInterval: CALM_MS,
  });

export interface RecordFilter {
  stream: string;
  id: string;
  q: string;
  deleted: boolean;
}

/** Rows of the copy as they are stored, page by page. */
export const recordsQuery = (projectId: string, connector: Connector, filter: RecordFilter) =>
  infiniteQueryOptions({
    queryKey: ["connectors", projectId, "records", connector, filter],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/connectors/{connector}/records/{stream}", {
          params: {
            path: { connector, stream: filter.stream },
            query: {
              limit: 25,
              external_id: filter.id === "" ? null : filter.id,
              q: filter.q === "" ? null : filter.q,
              deleted: filter.deleted,
              cursor: pageParam,
            },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
