import { createContext, use } from "react";

/** The time zone of the open project. Before one is open, the browser's own. */
export const ZoneContext = createContext(Intl.DateTimeFormat().resolvedOptions().timeZone);

export const useZone = () => use(ZoneContext);
