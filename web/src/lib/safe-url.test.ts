import { describe, expect, test } from "vitest";

import { safeReturn, safeUrl } from "./safe-url";

describe("a link from the data is offered only when it is an ordinary web address", () => {
  test.each([["https://chat.test/app/1"], ["http://localhost:3000/app"]])("%s is", (address) => {
    expect(safeUrl(address)).toBe(address);
  });

  test.each([
    ["javascript:alert(1)"],
    ["data:text/html,hi"],
    ["//chat.test"],
    ["https://me:secret@chat.test/"],
    ["not an address"],
    [null],
  ])("%s is not", (address) => {
    expect(safeUrl(address)).toBeNull();
  });
});

describe("after login one returns only to a page inside", () => {
  test("an answer with its source open", () => {
    expect(safeReturn("/ask/7?source=2")).toBe("/ask/7?source=2");
  });

  test.each([["//evil.test"], ["/\\evil.test"], ["https://evil.test"], ["/login"], [undefined]])(
    "%s leads to the front page",
    (path) => {
      expect(safeReturn(path)).toBe("/ask");
    },
  );
});
