import { api, type Schema, unwrap } from "../../api/client";
import { ApiError, parseProblem } from "../../api/problem";
import { postForEvents, StreamBroken } from "../../api/stream";
import type { ServerEvent } from "../../lib/sse";
import { readAnswer } from "./api";
import type { Answer, Citation, Question, Sentence, Table } from "./types";

/** What has come of an answer so far. */
export interface Coming {
  id: string | null;
  citations: Citation[];
  sentences: Sentence[];
  table: Table | null;
}

export const NOTHING_YET: Coming = { id: null, citations: [], sentences: [], table: null };

type Tell = (coming: Coming) => void;

/** How long the server may still be busy with an answer whose stream broke off, by try. */
const PAUSES_MS = [500, 1_500, 4_000];

/** The project or the person is another one by now: the question is nobody's here. */
export class Moved extends Error {}

/**
 * Ask, and tell what has come each time something comes; the answer when it is whole.
 *
 * Where streams do not come through, the answer comes in one piece, if `still` the same person is
 * in the same project: a request goes to whichever is open. Throws ApiError when the server
 * refuses, Moved when it would be asked elsewhere, and the reason of `signal` when that is aborted.
 */
export async function ask(
  question: Question,
  signal: AbortSignal,
  tell: Tell,
  still: () => Promise<boolean>,
): Promise<Answer> {
  let coming = NOTHING_YET;
  try {
    for await (const event of postForEvents("/lightrag/query/stream", question, signal)) {
      if (event.name === "done") return parsed(event) as Answer;
      if (event.name === "failed") throw failure(event);
      coming = grown(coming, event);
      tell(coming);
    }
    throw new StreamBroken();
  } catch (error) {
    if (!(error instanceof StreamBroken)) throw error;
  }
  const kept = coming.id === null ? null : await stored(coming.id, signal);
  const same = kept !== null || (await still());
  signal.throwIfAborted();
  if (kept !== null) return kept;
  if (!same) throw new Moved();
  tell(NOTHING_YET);
  return inOnePiece(question, signal);
}

function grown(coming: Coming, event: ServerEvent): Coming {
  const data = parsed(event);
  if (event.name === "started") return { ...coming, id: (data as { id: string }).id };
  if (event.name === "citations") return { ...coming, citations: data as Citation[] };
  if (event.name === "sentence") return { ...coming, sentences: [...coming.sentences, data as Sentence] };
  if (event.name === "table") return { ...coming, table: data as Table };
  return coming;
}

function parsed({ data }: ServerEvent): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamBroken("", { cause });
  }
}

function failure(event: ServerEvent): ApiError {
  const data = parsed(event);
  const told = typeof data === "object" && data !== null && "status" in data ? Number(data.status) : 500;
  const status = told >= 400 && told < 600 ? told : 500;
  return new ApiError(parseProblem(data, new Response(null, { status })));
}

/** The answer that was under way, if the server came to its end and kept it. */
async function stored(id: string, signal: AbortSignal): Promise<Answer | null> {
  for (const pause of PAUSES_MS) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    signal.throwIfAborted();
    try {
      return await readAnswer(id);
    } catch (error) {
      if (!(error instanceof ApiError) || error.problem.status !== 404) return null;
    }
  }
  return null;
}

async function inOnePiece(question: Question, signal: AbortSignal): Promise<Answer> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  // The server fills in what a question leaves out; the schema tells only what it is then.
  const body = question as Schema["QueryInput"];
  return Promise.race([unwrap(api.POST("/lightrag/query", { body, signal })), aborted]);
}
