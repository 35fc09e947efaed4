import type { RouterHistory } from "@tanstack/react-router";

import { type Session, sessionQuery } from "../features/access";
import { App } from "./app";
import { createQueryClient } from "./query-client";
import { createAppRouter } from "./router";

interface Options {
  history?: RouterHistory;
  /** How often a failed query is tried again. */
  attempts?: number;
}

/** The dashboard, wired. A lost session or project becomes data that the shell acts on. */
export function createApp({ history, attempts }: Options = {}) {
  const session = sessionQuery().queryKey;
  const queryClient = createQueryClient(
    {
      session: () => queryClient.setQueryData<Session | null>(session, null),
      project: () =>
        queryClient.setQueryData<Session | null>(session, (old) => old && { ...old, project: null }),
    },
    attempts,
  );
  const router = createAppRouter(queryClient, history);
  return <App queryClient={queryClient} router={router} />;
}
