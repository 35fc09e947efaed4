import { describe, expect, test } from "vitest";

import { characters, excerpt, quoteSpan, utf16Span } from "./spans";

describe("a span of code points becomes a span of UTF-16 units", () => {
  test.each([
    ["plain text", "late again", 5, 10, "again"],
    ["Cyrillic", "Мы ждём неделю", 3, 7, "ждём"],
    ["after emoji", "🚚🚚 late", 3, 7, "late"],
    ["an emoji itself", "ok 😡!", 3, 4, "😡"],
    ["a family of joined emoji", "a👩‍👧b", 1, 4, "👩‍👧"],
    ["a combining mark", "cafe\u0301 closed", 0, 5, "cafe\u0301"],
    ["the whole text", "😡", 0, 1, "😡"],
  ])("%s", (_, text, start, end, expected) => {
    const span = utf16Span(text, start, end);
    expect(span && text.slice(span.from, span.to)).toBe(expected);
  });

  test("an empty span at the very end is a span", () => {
    expect(utf16Span("😡", 1, 1)).toEqual({ from: 2, to: 2 });
  });

  test.each([
    ["past the end", "ok", 0, 3],
    ["negative", "ok", -1, 1],
    ["turned round", "ok", 2, 1],
  ])("there is none %s", (_, text, start, end) => {
    expect(utf16Span(text, start, end)).toBeNull();
  });
});

describe("a quote is marked only where the text still says it", () => {
  test("it does", () => {
    expect(quoteSpan("🚚 late", { quote: "late", start: 2, end: 6 })).toEqual({ from: 3, to: 7 });
  });

  test("the message was edited since", () => {
    expect(quoteSpan("🚚 on time", { quote: "late", start: 2, end: 6 })).toBeNull();
  });
});

test("an emoji counts as one character, as on the server", () => {
  expect(characters("ok 😡")).toBe(4);
});

describe("a long text is cut", () => {
  const long = "word ".repeat(400) + "THE QUOTE " + "word ".repeat(400);
  const from = long.indexOf("THE");

  test("a short one is not", () => {
    expect(excerpt("short", null, 100)).toEqual({ from: 0, to: 5 });
  });

  test("around its quote", () => {
    const cut = excerpt(long, { from, to: from + 9 }, 300);
    const shown = long.slice(cut.from, cut.to);
    expect(shown).toContain("THE QUOTE");
    expect(shown.length).toBeLessThan(400);
    expect(shown.startsWith("word")).toBe(true);
  });

  test("to its beginning, when nothing is quoted", () => {
    const cut = excerpt(long, null, 300);
    expect(cut.from).toBe(0);
    expect(cut.to).toBeLessThanOrEqual(300);
  });

  test("never through an emoji", () => {
    const emoji = "😡".repeat(200);
    const cut = excerpt(emoji, null, 101);
    expect(characters(emoji.slice(0, cut.to))).toBe(50);
  });
});
