export { historyQuery } from "./api";
export { AskPage } from "./ask-page";
export { DataPanel, useRefreshWithWord } from "./data-panel";
export { FreshnessChip } from "./freshness";
export { History } from "./history";
