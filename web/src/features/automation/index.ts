export { ActiveRuns } from "./active-runs";
export { isMoving, type Run, runsQuery } from "./api";
export { AutomationPage } from "./automation-page";
export { type Place, readPlace } from "./place";
export { RunPage } from "./run-page";
export { HowFar } from "./run-table";
export { jobName } from "./words";
