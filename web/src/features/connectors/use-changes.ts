import { useTranslation } from "react-i18next";

import { api, type Schema, unwrap } from "../../api/client";
import { sayDone } from "../../components/ui";
import type { ConnectorState } from "./api";
import type { Connector } from "./place";
import { useAct, useAsked } from "./use-act";
import { TITLES } from "./words";

const path = (connector: Connector) => ({ params: { path: { connector } } });

type Wanted = Partial<Schema["SyncWanted"]>;

const whole = (wanted: Wanted): Schema["SyncWanted"] => ({
  full: false,
  accept_deletions: false,
  ...wanted,
});

/** Start reading a connector now. */
export function useSync(connector: Connector) {
  const { t } = useTranslation();
  const asked = useAsked();
  const name = TITLES[connector];
  return useAct({
    act: (wanted: Wanted) =>
      unwrap(api.POST("/connectors/{connector}/sync", { ...path(connector), body: whole(wanted) })),
    done: (run, wanted) =>
      asked(t(wanted.accept_deletions === true ? "connectors.accept.asked" : "connectors.act.syncAsked", { name }))(run),
    failed: t("connectors.act.syncFailed"),
  });
}

/** Start reading all of them. */
export function useSyncAll() {
  const { t } = useTranslation();
  const asked = useAsked();
  return useAct({
    act: () => unwrap(api.POST("/connectors/sync", { body: whole({}) })),
    done: asked(t("connectors.act.syncAllAsked")),
    failed: t("connectors.act.syncFailed"),
  });
}

/** Pause a connector, with a way back; or enable it. */
export function useSwitch(connector: Connector) {
  const { t } = useTranslation();
  const name = TITLES[connector];
  const enable = useAct({
    act: () => unwrap(api.POST("/connectors/{connector}/enable", path(connector))),
    done: () => sayDone(t("connectors.act.enabled", { name })),
    failed: t("connectors.act.enableFailed", { name }),
  });
  const pause = useAct({
    act: () => unwrap(api.POST("/connectors/{connector}/pause", path(connector))),
    done: () =>
      sayDone(t("connectors.act.paused", { name }), {
        label: t("connectors.act.undo"),
        run: () => enable.mutate(),
      }),
    failed: t("connectors.act.pauseFailed", { name }),
  });
  return { pause, enable };
}

export interface Offer {
  base_url: string;
  account: string;
  secret: string;
}

/** Empty parts are left out: they are as they were. */
const given = ({ base_url, account }: Offer) => ({
  ...(base_url.trim() !== "" && { base_url: base_url.trim() }),
  ...(account.trim() !== "" && { account: account.trim() }),
});

/** Look what a credential sees. Nothing is stored, and the outcome is the answer. */
export function useTest(connector: Connector) {
  return useAct({
    // Without a secret it is the stored one, which goes to no other address.
    act: (offer: Offer) => {
      const body = { ...given(offer), ...(offer.secret !== "" && { secret: offer.secret }) };
      return unwrap(api.POST("/connectors/{connector}/test", { ...path(connector), body }));
    },
    done: () => undefined,
    failed: null,
  });
}

/** Store a credential of the project's own; refused unless it works, or `force`. */
export function useConnect(connector: Connector) {
  const { t } = useTranslation();
  const name = TITLES[connector];
  return useAct({
    act: ({ force, ...offer }: Offer & { force: boolean }) => {
      const body = { ...given(offer), secret: offer.secret, force };
      return unwrap(api.PUT("/connectors/{connector}/connection", { ...path(connector), body }));
    },
    done: () => sayDone(t("connectors.setup.saved", { name })),
    failed: null,
  });
}

/** Back to the credential of the installation. */
export function useDisconnect(connector: Connector) {
  const { t } = useTranslation();
  const name = TITLES[connector];
  return useAct({
    act: () => unwrap(api.DELETE("/connectors/{connector}/connection", path(connector))),
    done: () => sayDone(t("connectors.setup.forgotten", { name })),
    failed: null,
  });
}

/** Say what of the account belongs to the project. */
export function useBind(connector: Connector) {
  const { t } = useTranslation();
  return useAct({
    act: (body: Schema["BindingsWanted"]) =>
      unwrap(api.PUT("/connectors/{connector}/bindings", { ...path(connector), body })),
    done: () => sayDone(t("connectors.setup.applied")),
    failed: null,
  });
}

/** Say which attribute is which field, by object; what is left out is found by its name. */
export function useMap() {
  const { t } = useTranslation();
  return useAct({
    act: (body: Record<string, Record<string, string>>) =>
      unwrap(api.PUT("/connectors/attio/mapping", { body })),
    done: () => sayDone(t("connectors.fields.saved")),
    failed: null,
  });
}

/** True when a sync of it would have something to read. */
export const canSync = (state: ConnectorState) =>
  state.configured && state.status === "enabled" && state.scope !== "none";
