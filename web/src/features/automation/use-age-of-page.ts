import { useQuery } from "@tanstack/react-query";

import { type Age, useAge } from "../../components/ui";
import { useProject } from "../projects";
import { overviewQuery } from "./api";

/** Three polls may fail before the page is called stale. */
const STALE_MS = 50_000;

/** How old the jobs on the page are. */
export function useAgeOfPage(): Age {
  return useAge(useQuery(overviewQuery(useProject().id)), STALE_MS);
}
