export { ActiveRuns } from "./active-runs";
export { runsQuery } from "./api";
