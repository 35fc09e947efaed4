export { Boundary } from "./boundary";
export { Lines } from "./lines";
export { Moment } from "./moment";
export { explain, kindOf, ProblemNote } from "./problem";
export { type Hue, StatusDot } from "./status-dot";
export { usePageTitle } from "./use-page-title";
