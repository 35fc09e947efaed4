import { learnFromReply } from "../lib/server-clock";
import { eventsOf, type ServerEvent } from "../lib/sse";
import { cookie } from "./client";
import { ApiError, parseProblem } from "./problem";

/** The stream could not be had, or broke off: the same may still be asked for in one piece. */
export class StreamBroken extends Error {}

/** A comment comes every 10 s; a proxy that holds them back would hold back the answer too. */
const PATIENCE_MS = 25_000;

/** A server that has no streams, or something between that does not let them through. */
const NO_STREAMS = new Set([404, 405, 406, 501]);

/**
 * The events that a POST is answered with, as they come.
 *
 * Throws ApiError when the server refuses, StreamBroken when there is no stream or it breaks off,
 * and the reason of `signal` when that is aborted.
 */
export async function* postForEvents(
  path: string,
  body: object,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  try {
    const reply = await request(path, body, signal);
    if (!reply.ok) throw await refusal(reply);
    const isStream = reply.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    if (!isStream || reply.body === null) throw new StreamBroken();
    yield* eventsOf(reply.body, PATIENCE_MS, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ApiError ? error : new StreamBroken("", { cause: error });
  }
}

async function request(path: string, body: object, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ "content-type": "application/json", accept: "text/event-stream" });
  const token = cookie("mayak_csrf");
  if (token !== null) headers.set("x-csrf-token", token);
  const reply = await globalThis.fetch(new URL(`/api${path}`, window.location.origin), {
    method: "POST",
    credentials: "same-origin",
    headers,
    body: JSON.stringify(body),
    signal,
  });
  learnFromReply(reply);
  return reply;
}

/** What our server refused is told as it is; what anything else did is a stream that broke. */
async function refusal(reply: Response): Promise<Error> {
  const body: unknown = await reply.json().catch(() => null);
  const problem = parseProblem(body, reply);
  if (problem.code === "unexpected_reply" || NO_STREAMS.has(reply.status)) return new StreamBroken();
  return new ApiError(problem);
}
