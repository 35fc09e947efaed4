/** Server-sent events, as far as a page that reads them with fetch needs them (WHATWG HTML, 9.2). */

export interface ServerEvent {
  /** `message` when the server gave no name. */
  name: string;
  /** The lines of its data, joined by line breaks. */
  data: string;
}

/** Cuts the text of a stream into events, however the network cut it into pieces. */
export class EventParser {
  private rest = "";
  private name = "";
  private data: string[] = [];

  /** The events that this piece completes. */
  push(piece: string): ServerEvent[] {
    const found: ServerEvent[] = [];
    const text = this.rest + piece;
    // A CR at the very end may be the first half of a CRLF.
    const breaks = /\r\n|\n|\r(?!$)/g;
    let from = 0;
    for (const { index, 0: end } of text.matchAll(breaks)) {
      const event = this.line(text.slice(from, index));
      if (event !== null) found.push(event);
      from = index + end.length;
    }
    this.rest = text.slice(from);
    return found;
  }

  /** What the end of the stream completes: only a CR that was waited on. The rest was cut off. */
  end(): ServerEvent[] {
    return this.rest.endsWith("\r") ? this.push("\n") : [];
  }

  private line(line: string): ServerEvent | null {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // a comment: the server says that it is still there
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.name = value;
    if (field === "data") this.data.push(value);
    return null;
  }

  private dispatch(): ServerEvent | null {
    const { name, data } = this;
    this.name = "";
    this.data = [];
    return data.length === 0 ? null : { name: name === "" ? "message" : name, data: data.join("\n") };
  }
}

/** No byte came for longer than a server that sends comments is ever silent. */
export class Silence extends Error {}

/**
 * The events of a body as they come.
 *
 * Throws Silence after `patience` milliseconds without a byte, and the reason of `signal` as soon
 * as that is aborted. However it ends, the body is let go.
 */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  patience: number,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const parser = new EventParser();
  // Streaming: a character whose bytes came in two pieces is still one character.
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), patience, signal);
      if (done) break;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
    yield* parser.end();
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

async function within<T>(pending: Promise<T>, milliseconds: number, signal: AbortSignal): Promise<T> {
  const control = new AbortController();
  const giveUp = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Silence()), milliseconds);
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { signal: control.signal });
    control.signal.addEventListener("abort", () => clearTimeout(timer));
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([pending, giveUp]);
  } finally {
    control.abort();
  }
}
