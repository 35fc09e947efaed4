import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useProject } from "../projects";
import { answerQuery, historyQuery } from "./api";
import { ask, type Coming, NOTHING_YET } from "./stream";
import type { Answer, Citation, Question } from "./types";

export interface Asked {
  question: Question;
  /** The answer that was on the page when this was asked; null when none was. */
  from: string | null;
}

/** The reader pressed stop. */
class Stopped extends Error {}

/**
 * Ask, show what comes, keep the answer, and stay pending until `onAnswer` (which opens it) is done; it is told which
 * citations were shown until then.
 */
export function useAsk(onAnswer: (answer: Answer, asked: Asked, shown: Citation[]) => Promise<void>) {
  const queryClient = useQueryClient();
  const { id: projectId } = useProject();
  const [coming, setComing] = useState<Coming>(NOTHING_YET);
  const control = useRef<AbortController>(null);
  const here = useHere();
  const { mutate, reset, isPending, error, variables } = useMutation({
    mutationFn: ({ question }: Asked) => {
      const controller = new AbortController();
      control.current = controller;
      setComing(NOTHING_YET);
      return ask(question, controller.signal, setComing);
    },
    onSuccess: (answer, asked) => {
      queryClient.setQueryData(answerQuery(projectId, answer.id).queryKey, answer);
      void queryClient.invalidateQueries({ queryKey: historyQuery(projectId).queryKey });
      // Whoever has left the page meanwhile finds it in the history.
      return here.current ? onAnswer(answer, asked, coming.citations) : undefined;
    },
  });
  return {
    ask: mutate,
    stop: () => control.current?.abort(new Stopped()),
    forget: reset,
    asked: variables,
    isPending,
    coming,
    stopped: error instanceof Stopped,
    error: error instanceof Stopped ? null : error,
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
