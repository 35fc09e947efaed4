import { describe, expect, test } from "vitest";

import { connector, line, stream } from "../../test/sources";
import { heldBack, truth } from "./truth";
import { restOf, share } from "./words";

type Fields = NonNullable<Parameters<typeof connector>[0]>;

test("a connector whose streams are all well is ok", () => {
  expect(truth(connector()).status).toBe("ok");
});

describe("a connector that is said to be ok is not, when", () => {
  test.each([
    ["one of its streams is not", { streams: [stream(), stream({ stream: "notes", status: "failing" })] }, "failing"],
    ["a stream waits for its turn", { streams: [stream({ status: "idle" })] }, "idle"],
    ["records are being tried again", { open_errors: 1 }, "partial"],
    ["records wait for a person", { dead_letters: 1 }, "partial"],
    ["the credential may not read all of it", { missing: { notes: "note:read" } }, "partial"],
    ["it was never read", { last_success_at: null }, "idle"],
  ] satisfies [string, Fields, string][])("%s", (_, fields, status) => {
    expect(truth(connector(fields)).status).toBe(status);
  });
});

test("what the server says is wrong is not made better", () => {
  const refused = line({ status: "auth_failed", cause: "no" });
  expect(truth(connector({ line: refused }))).toEqual(refused);
});

test("deletions that were held back are counted stream by stream, once", () => {
  const held = (gone: number, name: string) =>
    stream({
      stream: name,
      status: "partial",
      cause: `Linear does not show ${gone} of 1000 ${name} any more; nothing was deleted here.`,
    });
  const found = heldBack([held(63, "issues"), held(63, "issues"), held(4, "projects"), stream()]);
  expect(found.map(({ stream: name, gone, of }) => [name, gone, of])).toEqual([
    ["issues", 63, 1000],
    ["projects", 4, 1000],
  ]);
});

test("an answer that only looks like it is not read as held back", () => {
  expect(heldBack([stream({ status: "partial", cause: "3 of its records could not be copied." })])).toEqual([]);
});

describe("why a connector rests", () => {
  test.each([
    ["without a credential", { configured: false }, "unconnected"],
    ["paused", { status: "paused" }, "paused"],
    ["nothing bound", { scope: "none", line: line({ status: "idle" }) }, "unbound"],
    ["nothing bound, but the credential is refused", { scope: "none", line: line({ status: "auth_failed" }) }, null],
    ["at work", {}, null],
  ] satisfies [string, Fields, string | null][])("%s", (_, fields, rest) => {
    expect(restOf(connector(fields))).toBe(rest);
  });
});

describe("a share is cut, never rounded up", () => {
  test.each([
    [100, "100%"],
    [99.999, "99.9%"],
    [99.63, "99.6%"],
    [0, "0.0%"],
  ])("%d", (value, words) => {
    expect(share(value)).toBe(words);
  });
});
