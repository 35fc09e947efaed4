import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useZone } from "../../lib/zone";
import { useProject } from "../projects";
import { answerQuery } from "./api";
import { useDraft } from "./draft";
import { filtersOf, type Narrowed, type Place, readNarrowed, readPlace } from "./place";
import type { Answer, Citation, Filters, Question } from "./types";
import { useAsk } from "./use-ask";

/** Previous questions that the server takes. */
const TURNS = 6;

/** The questions that one which follows this answer comes after, oldest first. */
export const turnsAfter = ({ history, question }: Answer): string[] => [...history, question].slice(-TURNS);

/** The question under way on this page, and the ways to ask one. */
export function useAskPage(answerId: string | null, place: Place) {
  const zone = useZone();
  const { id: projectId } = useProject();
  const [draft, setDraft] = useDraft(projectId);
  const go = useGo(answerId, place);
  const { data: answer } = useQuery({ ...answerQuery(projectId, answerId ?? ""), enabled: answerId !== null });
  const under = useAsk({
    onAnswer: (found, asked, shown) => {
      if (draft.trim() === asked.question.question) setDraft("");
      return asked.from === answerId ? go.answer(found, shown) : undefined;
    },
    // The number of a source meant one of the answer that does not come.
    onNone: ({ from }) => (from === answerId && place.source !== undefined ? go.noSource() : undefined),
  });
  const { asked } = under;
  const ours = asked?.from === answerId;
  const { stopped, failed } = useUnanswered(under, answerId);
  const send = (question: Question) => {
    if (under.isPending) return;
    if (place.source !== undefined || place.record !== undefined) go.place({ source: undefined, record: undefined });
    under.ask({ question, from: answerId });
  };
  const followed = place.follow && answer !== undefined ? answer : null;
  return {
    draft,
    setDraft,
    answer: answer ?? null,
    followed,
    go,
    busy: under.isPending,
    asking: ours && under.isPending ? asked.question : null,
    elsewhere: !ours && under.isPending && asked !== undefined ? asked.question.question : null,
    coming: under.coming,
    stopped,
    failed,
    send,
    stop: under.stop,
    fresh: () => {
      if (stopped !== null || failed !== null) under.forget();
      go.fresh();
    },
    ask: (question: string) => {
      const filters = filtersOf(place, new Date(), zone);
      const history = followed === null ? [] : turnsAfter(followed);
      send({ question, ...(filters && { filters }), ...(history.length > 0 && { history }) });
    },
  };
}

export type AskFlow = ReturnType<typeof useAskPage>;

/** The question of this page that came to no answer. Once seen, it is not there when the reader is back. */
function useUnanswered({ asked, stopped: isStopped, error, forget }: ReturnType<typeof useAsk>, answerId: string | null) {
  const question = asked?.from === answerId ? asked.question : null;
  const stopped = isStopped ? question : null;
  const failed = error !== null && question !== null ? { error, question } : null;
  const unanswered = stopped !== null || failed !== null;
  const seen = useRef<string | null | undefined>(undefined);
  useEffect(() => {
    if (seen.current !== undefined && seen.current !== answerId) {
      seen.current = undefined;
      forget();
    } else if (unanswered) seen.current = answerId;
    else seen.current = undefined;
  }, [answerId, unanswered, forget]);
  return { stopped, failed };
}

/** The same question again, as it was asked. */
export function again({ question, filters, history }: Answer, change: Partial<Question> = {}): Question {
  return { question, ...given(filters), ...(history.length > 0 && { history }), ...change };
}

/** Filters that leave something out. */
export const given = (filters: Filters): { filters?: Filters } => (narrows(filters) ? { filters } : {});

export const narrows = (filters: Filters): boolean =>
  Object.values(filters).some((part) => (Array.isArray(part) ? part.length > 0 : part != null));

/** Moves within the page. The open source is in the address too: it can be shared, and Back closes it. */
function useGo(answerId: string | null, place: Place) {
  const navigate = useNavigate();
  const to = (id: string | null, search: Place) =>
    navigate({ to: "/ask/{-$id}", params: id === null ? {} : { id }, search, resetScroll: false });
  const change = (part: Record<string, unknown>) => void to(answerId, readPlace({ ...place, ...part }));
  return {
    place: change,
    narrow: (narrowed: Narrowed) => {
      const { source, record, follow } = place;
      void to(answerId, readPlace({ source, record, follow, ...narrowed }));
    },
    follow: (on: boolean) => change({ follow: on || undefined }),
    source: (index: number) => change({ source: index, record: undefined }),
    record: (type: string, id: string) => change({ source: undefined, record: `${type}:${id}` }),
    noSource: () => to(answerId, readPlace({ ...place, source: undefined })),
    close: () => change({ source: undefined, record: undefined }),
    fresh: () => void to(null, readNarrowed(place)),
    /** To a new answer; the open source stays open where the answer still means it. */
    answer: (answer: Answer, before: Citation[]) => {
      const { source } = place;
      const kept = source !== undefined && sameAt(source, before, answer.citations);
      return to(answer.id, readPlace({ ...place, record: undefined, source: kept ? source : undefined }));
    },
  };
}

function sameAt(index: number, before: Citation[], after: Citation[]): boolean {
  const of = (list: Citation[]) => list.find((each) => each.index === index)?.external_id;
  return of(before) !== undefined && of(before) === of(after);
}
