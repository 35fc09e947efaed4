import { useTranslation } from "react-i18next";

import { api, type Schema, unwrap } from "../../api/client";
import { sayDone } from "../../components/ui";
import type { Finding } from "./check-api";
import { type FailureFilter, idsOf } from "./errors-api";
import type { Connector } from "./place";
import { useAct, useAsked } from "./use-act";
import { TITLES } from "./words";

/** Compare what is here with what the service shows. */
export function useCheck(connector: Connector) {
  const { t } = useTranslation();
  const asked = useAsked();
  return useAct({
    act: () => unwrap(api.POST("/connectors/reconciliation/run", { body: { connector } })),
    done: asked(t("copy.check.asked", { name: TITLES[connector] })),
    failed: t("copy.check.failed"),
  });
}

/** Read exactly the records again that differ. */
export function useRepair() {
  const { t } = useTranslation();
  const asked = useAsked();
  return useAct({
    act: (body: Schema["RepairWanted"]) =>
      unwrap(api.POST("/connectors/reconciliation/repair", { body })),
    done: asked(t("copy.check.repairAsked")),
    failed: t("copy.check.repairFailed"),
  });
}

/** Let a finding rest, with a way back. */
export function useIgnore(finding: Finding) {
  const { t } = useTranslation();
  const path = { params: { path: { finding_id: finding.id } } };
  const reopen = useAct({
    act: () => unwrap(api.POST("/connectors/reconciliation/findings/{finding_id}/reopen", path)),
    done: () => sayDone(t("copy.check.reopened")),
    failed: t("copy.check.reopenFailed"),
  });
  const ignore = useAct({
    act: () => unwrap(api.POST("/connectors/reconciliation/findings/{finding_id}/ignore", path)),
    done: () =>
      sayDone(t("copy.check.ignored"), {
        label: t("connectors.act.undo"),
        run: () => reopen.mutate(),
      }),
    failed: t("copy.check.ignoreFailed"),
  });
  return { ignore, reopen };
}

const retry = (body: Schema["RetryWanted"]) => unwrap(api.POST("/connectors/errors/retry", { body }));

/** Try failed things again now: all of a connector, those of a group, or one. */
export function useRetry(connector: Connector) {
  const { t } = useTranslation();
  const asked = useAsked();
  return useAct({
    act: async (which: { all: true } | { group: FailureFilter } | { id: string }) => {
      if ("all" in which) return retry({ connector, include_dead: true });
      const ids = "id" in which ? [which.id] : await idsOf(connector, which.group);
      return retry({ ids, include_dead: true });
    },
    done: asked(t("copy.errors.asked")),
    failed: t("copy.errors.retryFailed"),
  });
}

/** Say that a failing thing does not matter, with a way back. */
export function useDiscard(id: string) {
  const { t } = useTranslation();
  const path = { params: { path: { error_id: id } } };
  const restore = useAct({
    act: () => unwrap(api.POST("/connectors/errors/{error_id}/restore", path)),
    done: () => sayDone(t("copy.errors.restored")),
    failed: t("copy.errors.restoreFailed"),
  });
  const discard = useAct({
    act: () => unwrap(api.POST("/connectors/errors/{error_id}/discard", path)),
    done: () =>
      sayDone(t("copy.errors.discarded"), {
        label: t("connectors.act.undo"),
        run: () => restore.mutate(),
      }),
    failed: t("copy.errors.discardFailed"),
  });
  return { discard, restore };
}
