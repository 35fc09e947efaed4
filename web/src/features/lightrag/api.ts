import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { locale } from "../../lib/i18n";
import { useOneAtATime } from "../../lib/use-one-at-a-time";
import { runsQuery } from "../automation";
import { streamsQuery } from "../connectors";
import { useProject } from "../projects";
import type { Answer, SourceType, Status } from "./types";

/** The longest question the server accepts, in characters. */
export const QUESTION_LIMIT = 2_000;

/** Fragments that are still to be prepared for search. */
export const waiting = ({ chunks }: Status) => chunks.pending + chunks.processing;

export const statusQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["lightrag", "status", projectId],
    queryFn: () => unwrap(api.GET("/lightrag/status", { params: { query: { locale: locale() } } })),
    refetchInterval: ({ state }) => (state.data && waiting(state.data) > 0 ? 4_000 : 30_000),
  });

export const historyQuery = (projectId: string) =>
  infiniteQueryOptions({
    queryKey: ["lightrag", "queries", projectId],
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/lightrag/queries", {
          params: { query: pageParam === null ? { limit: 30 } : { limit: 30, cursor: pageParam } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const readAnswer = (id: string): Promise<Answer> =>
  unwrap(api.GET("/lightrag/queries/{query_id}", { params: { path: { query_id: id } } }));

export const answerQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ["lightrag", "query", projectId, id],
    queryFn: () => readAnswer(id),
    // A stored answer does not change; only its feedback does, through this page.
    staleTime: 5 * 60_000,
  });

/** What a record is called in an address: its kind and its id at the source. */
export interface RecordKey {
  source_type: SourceType;
  external_id: string;
}

/** A record in its surroundings. */
export const sourceQuery = (projectId: string, { source_type: type, external_id: id }: RecordKey) =>
  queryOptions({
    queryKey: ["lightrag", "source", projectId, type, id, locale()],
    queryFn: () =>
      unwrap(
        api.GET("/lightrag/sources/{source_type}/{external_id}", {
          params: { path: { source_type: type, external_id: id }, query: { locale: locale() } },
        }),
      ),
    staleTime: 60_000,
  });

/** What questions can be narrowed to; `words` are part of a name. */
export const choicesQuery = (projectId: string, words: string) =>
  queryOptions({
    queryKey: ["lightrag", "filters", projectId, words],
    queryFn: () =>
      unwrap(api.GET("/lightrag/filters", { params: { query: words === "" ? {} : { q: words } } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export type Mark = Schema["FeedbackInput"];

export function useFeedback(answer: Answer) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useOneAtATime({
    mutationFn: (body: Mark) =>
      unwrap(
        api.POST("/lightrag/queries/{query_id}/feedback", { params: { path: { query_id: answer.id } }, body }),
      ),
    onSuccess: (saved) => {
      const key = answerQuery(projectId, answer.id).queryKey;
      // What was asked for once, and is not stored, stays on the page.
      queryClient.setQueryData(key, (old) => ({ ...saved, explain: saved.explain ?? old?.explain ?? null }));
      void queryClient.invalidateQueries({ queryKey: historyQuery(projectId).queryKey });
      void queryClient.invalidateQueries({ queryKey: ["lightrag", "cases", projectId] });
    },
  });
}

function useStart(start: () => Promise<unknown>) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useMutation({
    mutationFn: start,
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries(runsQuery(projectId)),
        queryClient.invalidateQueries(statusQuery(projectId)),
        queryClient.invalidateQueries(streamsQuery(projectId)),
      ]),
  });
}

/** Sync the sources and prepare what is new; answers with the runs that were queued. */
export const useRefresh = () => useStart(() => unwrap(api.POST("/lightrag/refresh")));

/** Prepare for search what waits for it, without a sync. */
export const useEmbed = () => useStart(() => unwrap(api.POST("/jobs/embeddings/run")));

/** Search with the model before this one again. */
export function useSwitchBack() {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/lightrag/reembed", { body: { rollback: true } })),
    onSuccess: () => queryClient.invalidateQueries(statusQuery(projectId)),
  });
}
