import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, type Schema, unwrap } from "../../api/client";
import { isUnauthenticated } from "../../api/problem";
import type { Locale } from "../../lib/i18n";

export type Session = Schema["SessionView"];

/** Who is here; null when nobody is logged in, which is an answer and not a failure. */
export const sessionQuery = () =>
  queryOptions({
    queryKey: ["session"],
    queryFn: async (): Promise<Session | null> => {
      try {
        return await unwrap(api.GET("/auth/session"));
      } catch (error) {
        if (isUnauthenticated(error)) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    // Another tab may have logged out or opened another project meanwhile.
    refetchOnWindowFocus: "always",
  });

export function useLogin() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: Schema["Login"]) => unwrap(api.POST("/auth/login", { body })),
    onSuccess: (session) => {
      // Nothing that another person has seen may stay in this page's memory.
      queryClient.clear();
      queryClient.setQueryData(sessionQuery().queryKey, session);
    },
  });
}

/** Log out; `onOut` then leads away, before anything notices that the session is gone. */
export function useLogout(onOut: () => Promise<void>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST("/auth/logout")),
    onSuccess: () => {
      sessionStorage.clear();
      queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      queryClient.setQueryData(sessionQuery().queryKey, null);
      return onOut();
    },
  });
}

/** The language also follows the user to other browsers. */
export function useSaveLocale() {
  return useMutation({
    mutationFn: (locale: Locale) => unwrap(api.PATCH("/auth/me", { body: { locale } })),
  });
}
