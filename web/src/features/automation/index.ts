export { ActiveRuns } from "./active-runs";
export { runsQuery } from "./api";
export { AutomationPage } from "./automation-page";
export { type Place, readPlace } from "./place";
export { RunPage } from "./run-page";
