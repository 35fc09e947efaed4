import { infiniteQueryOptions, useQueryClient } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { useOneAtATime } from "../../lib/use-one-at-a-time";
import { useProject } from "../projects";
import type { CaseStatus } from "./types";

export const CASE_STATUSES = ["open", "accepted", "dismissed"] as const;

export const casesQuery = (projectId: string, status: CaseStatus) =>
  infiniteQueryOptions({
    queryKey: ["lightrag", "cases", projectId, status],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/lightrag/cases", {
          params: { query: { status, limit: 30, ...(pageParam !== null && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export type Verdict = Schema["CaseInput"];

/** Decide about a case; it moves to another list. */
export function useVerdict(id: string, onDone: () => void) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useOneAtATime<unknown, Verdict>({
    mutationFn: (body) => unwrap(api.POST("/lightrag/cases/{case_id}", { params: { path: { case_id: id } }, body })),
    onSuccess: () => {
      onDone();
      return queryClient.invalidateQueries({ queryKey: ["lightrag", "cases", projectId] });
    },
  });
}
