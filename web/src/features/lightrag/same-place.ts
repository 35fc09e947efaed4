import type { QueryClient } from "@tanstack/react-query";

import { sessionQuery } from "../access";

/**
 * Watch the person and the open project, to which every request goes; `onMoved` is called at most
 * once, when either is another one. It ends with `end`.
 */
export function watchPlace(queryClient: QueryClient, onMoved: () => void) {
  const place = () => {
    const session = queryClient.getQueryData(sessionQuery().queryKey);
    return session ? `${session.user.id} ${session.project?.id ?? ""}` : null;
  };
  const first = place();
  const end = queryClient.getQueryCache().subscribe(() => {
    if (place() === first) return;
    end();
    onMoved();
  });
  return {
    end,
    /** Whether both are the same at the server too: another tab may have changed them. */
    still: async () => {
      await queryClient.query({ ...sessionQuery(), staleTime: 0 });
      return place() === first;
    },
  };
}
