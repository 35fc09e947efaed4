export { Boundary } from "./boundary";
export { Lines } from "./lines";
export { Moment } from "./moment";
export { sayDone, sayFailed } from "./notices";
export { explain, kindOf, ProblemNote } from "./problem";
export { Said } from "./said";
export { type Hue, StatusDot } from "./status-dot";
export { type Age, useAge } from "./use-age";
export { usePageTitle } from "./use-page-title";
