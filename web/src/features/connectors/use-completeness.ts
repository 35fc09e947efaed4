import { useQuery } from "@tanstack/react-query";

import { useProject } from "../projects";
import { reconciliationQuery } from "./check-api";
import { usePace } from "./use-connectors";

/** What the last checks of all connectors came to; undefined while it is not here. */
export function useReconciliation() {
  return useQuery({ ...reconciliationQuery(useProject().id), refetchInterval: usePace() });
}

/** Per cent of a connector's records that are here; null when that is not known. */
export function useCompleteness(connector: string): number | null {
  const { data } = useReconciliation();
  return data?.connectors.find((one) => one.connector === connector)?.completeness ?? null;
}
