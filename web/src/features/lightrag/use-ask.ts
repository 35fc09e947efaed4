import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useOneAtATime } from "../../lib/use-one-at-a-time";
import { useProject } from "../projects";
import { answerQuery, historyQuery } from "./api";
import { watchPlace } from "./same-place";
import { ask, type Coming, Moved, NOTHING_YET } from "./stream";
import type { Answer, Citation, Question } from "./types";

export interface Asked {
  question: Question;
  /** The answer that was on the page when this was asked; null when none was. */
  from: string | null;
}

/** The reader pressed stop. */
class Stopped extends Error {}

interface Ends {
  /** Opens the answer; `shown` are the citations that were shown until then. */
  onAnswer: (answer: Answer, asked: Asked, shown: Citation[]) => Promise<void> | undefined;
  /** No answer comes: it failed, or was stopped. */
  onNone: (asked: Asked) => Promise<void> | undefined;
}

/**
 * Ask one question at a time, show what comes, keep the answer, and stay pending until `onAnswer` or `onNone` is done.
 *
 * Once another person or another project is open the question is dropped.
 */
export function useAsk({ onAnswer, onNone }: Ends) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  const [coming, setComing] = useState<Coming>(NOTHING_YET);
  const control = useRef<AbortController>(null);
  const here = useHere();
  const { mutate, reset, isPending, error, variables } = useOneAtATime({
    mutationFn: async ({ question }: Asked) => {
      const controller = new AbortController();
      control.current = controller;
      setComing(NOTHING_YET);
      const watch = watchPlace(queryClient, () => controller.abort(new Moved()));
      try {
        const answer = await ask(question, controller.signal, setComing, watch.still);
        controller.signal.throwIfAborted();
        return answer;
      } finally {
        watch.end();
      }
    },
    onSuccess: (answer, asked) => {
      queryClient.setQueryData(answerQuery(projectId, answer.id).queryKey, answer);
      void queryClient.invalidateQueries({ queryKey: historyQuery(projectId).queryKey });
      // Whoever has left the page meanwhile finds it in the history.
      return here.current ? onAnswer(answer, asked, coming.citations) : undefined;
    },
    onError: (reason, asked) => (here.current && !(reason instanceof Moved) ? onNone(asked) : undefined),
  });
  const told = error instanceof Stopped || error instanceof Moved ? null : error;
  return {
    ask: mutate,
    stop: () => control.current?.abort(new Stopped()),
    forget: reset,
    asked: variables,
    isPending,
    coming,
    stopped: error instanceof Stopped,
    error: told,
  };
}

/** Whether the page is still open. */
function useHere() {
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return here;
}
