import { describe, expect, test, vi } from "vitest";

import { EventParser, eventsOf, type ServerEvent, Silence } from "./sse";

const parse = (...pieces: string[]): ServerEvent[] => {
  const parser = new EventParser();
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
};

async function read(...pieces: Uint8Array[]): Promise<ServerEvent[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const found: ServerEvent[] = [];
  for await (const event of eventsOf(body, 1_000, new AbortController().signal)) found.push(event);
  return found;
}

describe("a stream is cut into events", () => {
  test.each([
    ["LF", "event: a\ndata: 1\n\ndata: 2\n\n"],
    ["CRLF", "event: a\r\ndata: 1\r\n\r\ndata: 2\r\n\r\n"],
    ["CR", "event: a\rdata: 1\r\rdata: 2\r\r"],
    ["no space after the colon", "event:a\ndata:1\n\ndata:2\n\n"],
  ])("with lines that end in %s", (_, text) => {
    const events = [{ name: "a", data: "1" }, { name: "message", data: "2" }];
    expect(parse(text)).toEqual(events);
    // The same, however the network cuts it.
    expect(parse(...Array.from(text))).toEqual(events);
  });

  test("comments and unknown fields say nothing", () => {
    expect(parse(": still here\n\nid: 7\nretry: 5\ndata: x\n\n")).toEqual([{ name: "message", data: "x" }]);
  });

  test("data of several lines keeps its line breaks, and only the first space is dropped", () => {
    expect(parse("data:  one\ndata\ndata: two\n\n")).toEqual([{ name: "message", data: " one\n\ntwo" }]);
  });

  test("a name does not stick to the next event", () => {
    expect(parse("event: gone\n\ndata: x\n\n")).toEqual([{ name: "message", data: "x" }]);
  });

  test("an event that was cut off is not told", () => {
    expect(parse("data: whole\n\ndata: ha")).toEqual([{ name: "message", data: "whole" }]);
  });
});

test("a character whose bytes come in two pieces is one character", async () => {
  const bytes = new TextEncoder().encode("data: ждём 🚚\n\n");
  for (let cut = 1; cut < bytes.length; cut += 1) {
    expect(await read(bytes.slice(0, cut), bytes.slice(cut))).toEqual([{ name: "message", data: "ждём 🚚" }]);
  }
});

test("a stream that falls silent is given up and closed", async () => {
  const closed = vi.fn();
  const body = new ReadableStream<Uint8Array>({ cancel: closed });
  await expect(eventsOf(body, 5, new AbortController().signal).next()).rejects.toBeInstanceOf(Silence);
  expect(closed).toHaveBeenCalledOnce();
});

test("a stream is let go as soon as nobody wants it any more", async () => {
  const closed = vi.fn();
  const control = new AbortController();
  const body = new ReadableStream<Uint8Array>({ cancel: closed });
  const next = eventsOf(body, 1_000, control.signal).next();
  control.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  expect(closed).toHaveBeenCalledOnce();
});
