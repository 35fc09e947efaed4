import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { runsQuery } from "../automation";
import { useProject } from "../projects";
import { streamsQuery } from "../connectors";

export type Answer = Schema["AnswerView"];
export type Citation = Schema["CitationView"];
export type Source = Schema["SourceView"];
export type Message = Schema["SourceMessageView"];
export type Status = Schema["StatusView"];

/** The longest question the server accepts, in characters. */
export const QUESTION_LIMIT = 2_000;

/** Fragments that are still to be prepared for search. */
export const waiting = ({ chunks }: Status) => chunks.pending + chunks.processing;

export const statusQuery = (projectId: string) =>
  queryOptions({
    queryKey: ["lightrag", "status", projectId],
    queryFn: () => unwrap(api.GET("/lightrag/status")),
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

export const answerQuery = (projectId: string, id: string) =>
  queryOptions({
    queryKey: ["lightrag", "query", projectId, id],
    queryFn: () =>
      unwrap(api.GET("/lightrag/queries/{query_id}", { params: { path: { query_id: id } } })),
    // A stored answer does not change; only its feedback does, through this page.
    staleTime: 5 * 60_000,
  });

/** The conversation around a quoted message. */
export const sourceQuery = (projectId: string, citation: Citation) =>
  queryOptions({
    queryKey: ["lightrag", "source", projectId, citation.source_type, citation.external_id],
    queryFn: () =>
      unwrap(
        api.GET("/lightrag/sources/{source_type}/{external_id}", {
          params: {
            path: { source_type: citation.source_type, external_id: citation.external_id },
          },
        }),
      ),
    staleTime: 60_000,
  });

interface Asked {
  question: string;
  /** The answer that was on the page when this was asked; null when none was. */
  from: string | null;
}

/** Ask, keep the answer, and stay pending until `onAnswer` (which opens it) is done. */
export function useAsk(onAnswer: (answer: Answer, asked: Asked) => Promise<void>) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useMutation({
    mutationFn: ({ question }: Asked) =>
      // Without a locale the words around the quotes are in the language of the question.
      unwrap(api.POST("/lightrag/query", { body: { question } })),
    onSuccess: (answer, asked) => {
      queryClient.setQueryData(answerQuery(projectId, answer.id).queryKey, answer);
      void queryClient.invalidateQueries({ queryKey: historyQuery(projectId).queryKey });
      return onAnswer(answer, asked);
    },
  });
}

export function useFeedback(answer: Answer) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useMutation({
    mutationFn: (body: Schema["FeedbackInput"]) =>
      unwrap(
        api.POST("/lightrag/queries/{query_id}/feedback", {
          params: { path: { query_id: answer.id } },
          body,
        }),
      ),
    onSuccess: (saved) =>
      queryClient.setQueryData(answerQuery(projectId, answer.id).queryKey, saved),
  });
}

/** Sync the sources and prepare what is new; answers with the runs that were queued. */
export function useRefresh() {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/lightrag/refresh")),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries(runsQuery(projectId)),
        queryClient.invalidateQueries(statusQuery(projectId)),
        queryClient.invalidateQueries(streamsQuery(projectId)),
      ]),
  });
}
