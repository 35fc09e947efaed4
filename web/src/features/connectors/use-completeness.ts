import { useQuery } from "@tanstack/react-query";

import { useProject } from "../projects";
import { reconciliationQuery } from "./check-api";
import { usePace } from "./use-connectors";

/** What the last checks of all connectors came to; undefined while it is not here. */
export function useReconciliation() {
  return useQuery({ ...reconciliationQuery(useProject().id), refetchInterval: usePace() });
}

/** How many records are known to be otherwise at the source. */
export function useDiffering(connector: string): number {
  const { data } = useReconciliation();
  const open = data?.connectors.find((one) => one.connector === connector)?.open;
  return open === undefined ? 0 : open.missing + open.extra + open.duplicate + open.stale;
}

/** Per cent of a connector's records that are here; null when that is not known. */
export function useCompleteness(connector: string): number | null {
  const { data } = useReconciliation();
  return data?.connectors.find((one) => one.connector === connector)?.completeness ?? null;
}
