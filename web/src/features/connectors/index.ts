export { streamsQuery } from "./api";
export { ConnectorLines } from "./connector-lines";
export { ConnectorPage } from "./connector-page";
export { ConnectorsPage } from "./connectors-page";
export { CONNECTORS, type Place as ConnectorPlace, readPlace as readConnectorPlace } from "./place";
export { TITLES } from "./words";
