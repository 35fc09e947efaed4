import { useState } from "react";

import { recall, remember } from "../../lib/stored";

/** The question being typed; it survives a reload and a new login in this tab. */
export function useDraft(projectId: string): [string, (draft: string) => void] {
  const key = `mayak.draft.${projectId}`;
  const [draft, setDraft] = useState(() => recall(key, sessionStorage) ?? "");
  const change = (next: string) => {
    setDraft(next);
    remember(key, next, sessionStorage);
  };
  return [draft, change];
}
