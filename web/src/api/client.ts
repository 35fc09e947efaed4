import createClient, { type Middleware } from "openapi-fetch";

import { learnFromReply } from "../lib/server-clock";
import { ApiError, parseProblem } from "./problem";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The value of a readable cookie, or null. */
export function cookie(name: string, jar: string = document.cookie): string | null {
  for (const part of jar.split(";")) {
    const [key, ...rest] = part.trim().split("=");
    if (key === name) return decodeURIComponent(rest.join("="));
  }
  return null;
}

/** Every change carries the token that only a page of this origin can read. */
const csrf: Middleware = {
  onRequest({ request }) {
    const token = cookie("mayak_csrf");
    if (token !== null && !SAFE.has(request.method)) request.headers.set("x-csrf-token", token);
    return request;
  },
};

export const api = createClient<paths>({
  baseUrl: new URL("/api", window.location.origin).href,
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});

/** Each reply says what time it is at the server. */
const serverClock: Middleware = {
  onResponse({ response }) {
    learnFromReply(response);
    return undefined;
  },
};
api.use(csrf, serverClock);

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * The data of a reply; a refusal is thrown, so a query is either loading, failed or data.
 *
 * Throws ApiError with code `network` when no reply came, and `unexpected_reply` when the reply
 * is not ours (a proxy's error page, a truncated body).
 */
export async function unwrap<T>(pending: Promise<Reply<T>>): Promise<T> {
  const { data, error, response } = await pending.catch(notAReply);
  if (!response.ok || error !== undefined) throw new ApiError(parseProblem(error, response));
  return data as T;
}

function notAReply(cause: unknown): never {
  const unreadable = cause instanceof SyntaxError;
  throw new ApiError({
    status: 0,
    code: unreadable ? "unexpected_reply" : "network",
    title: "",
    detail: "",
    requestId: null,
  });
}
