import { setupServer } from "msw/node";

/** The network of the tests. A request that no test expects fails that test. */
export const server = setupServer();
