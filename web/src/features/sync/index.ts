export { connectorsQuery } from "./api";
export { ConnectorLines } from "./connector-lines";
