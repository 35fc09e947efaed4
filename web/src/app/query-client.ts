import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError, isUnauthenticated } from "../api/problem";

interface Lost {
  /** The session is over: whoever was asking must log in and come back. */
  session: () => void;
  /** The session has no open project any more. */
  project: () => void;
}

const ATTEMPTS = 2;

/** What may heal by itself: no reply, or a server or proxy in trouble. A refusal never does. */
function mayHeal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.problem.code === "network" || error.problem.status >= 500;
}

export function createQueryClient(lost: Lost, attempts: number = ATTEMPTS): QueryClient {
  const onError = (error: unknown) => {
    if (isUnauthenticated(error)) lost.session();
    if (error instanceof ApiError && error.problem.code === "no_project_selected") lost.project();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < attempts && mayHeal(error),
        // Offline, fail at once and say so; pausing would look like loading for ever.
        networkMode: "always",
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}
