import { queryOptions } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";

export type StreamState = Schema["StreamView"];

export const connectorsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["connectors", "state", projectId],
    queryFn: async () => (await unwrap(api.GET("/connectors/state"))).items,
    refetchInterval: ({ state }) =>
      state.data?.some(({ status }) => status === "running") ? 5_000 : 30_000,
  });
