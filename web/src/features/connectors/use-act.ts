import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schema } from "../../api/client";
import { sayDone, sayFailed } from "../../components/ui";
import { useOneAtATime } from "../../lib/use-one-at-a-time";

interface Act<Data, Sent> {
  act: (sent: Sent) => Promise<Data>;
  /** What to say when it is done. */
  done: (data: Data, sent: Sent) => void;
  /** What to say when it failed; null when that is shown where it was asked for. */
  failed: string | null;
}

/** A change, sent once however often it is clicked; then everything about the copy is asked again. */
export function useAct<Data, Sent = void>({ act, done, failed }: Act<Data, Sent>) {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  return useOneAtATime<Data, Sent>({
    mutationFn: act,
    onSuccess: done,
    onError: (error) => {
      if (failed !== null) sayFailed(t, failed, error);
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["connectors"] });
      void queryClient.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
}

/** Say that work was asked for; the notice leads to its run. */
export function useAsked() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (message: string) => (run: Schema["RunView"]) =>
    sayDone(message, {
      label: t("automation.act.openRun"),
      run: () => void navigate({ to: "/automation/runs/$id", params: { id: run.id } }),
    });
}
