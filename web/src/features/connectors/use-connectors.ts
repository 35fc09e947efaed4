import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { type Age, useAge } from "../../components/ui";
import { isMoving as isRunMoving, type Run, runsQuery } from "../automation";
import { useProject } from "../projects";
import { BUSY_MS, connectorsQuery, type ConnectorState, QUIET_MS } from "./api";
import { isMoving } from "./truth";

/** Jobs that read a service, compare with it, or try again. */
const OURS = /^(connectors?_|webhooks_|(chatwoot|linear|attio)_sync)/;

/** Runs of the project that change what these pages show. */
export function useOurRuns(): Run[] {
  const { data: runs = [] } = useQuery(runsQuery(useProject().id));
  return runs.filter((run) => OURS.test(run.job_type) && isRunMoving(run));
}

/** How often to ask: often while a run is on its way or a stream is being read. */
export function usePace(): number {
  const query = connectorsQuery(useProject().id);
  const { data: known } = useQuery({ ...query, enabled: false });
  const running = useOurRuns().length > 0;
  return running || known?.some(isMoving) === true ? BUSY_MS : QUIET_MS;
}

/** Every connector, looked at as often as something moves. */
export function useConnectors(): ConnectorState[] {
  const pace = usePace();
  useLastLook(pace === BUSY_MS);
  return useSuspenseQuery({ ...connectorsQuery(useProject().id), refetchInterval: pace }).data;
}

/** When the work ends, all of it is asked once more: the last reply may be from before the end. */
function useLastLook(busy: boolean) {
  const queryClient = useQueryClient();
  const before = useRef(busy);
  useEffect(() => {
    if (before.current && !busy) void queryClient.invalidateQueries({ queryKey: ["connectors"] });
    before.current = busy;
  }, [queryClient, busy]);
}

/** Three polls may fail before the page is called stale. */
const STALE_MS = 50_000;

/** How old what is shown is. */
export function useAgeOfPage(): Age {
  return useAge(useQuery({ ...connectorsQuery(useProject().id), enabled: false }), STALE_MS);
}
