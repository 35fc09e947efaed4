import { expect, test } from "vitest";

import { csv } from "./csv";

test("what is inside a cell never ends it", () => {
  expect(csv([["a,b", 'say "hi"', "two\nlines", null]])).toBe('"a,b","say ""hi""","two\nlines",\r\n');
});

test.each(["=1+1", "+7 900", "-1", "@sum", "\tx", "\rx"])("%j is words to a spreadsheet, not a formula", (cell) => {
  expect(csv([[cell]]).replaceAll('"', "").trimEnd()).toBe(`'${cell}`.trimEnd());
});

test("a number stays a number", () => {
  expect(csv([[-5.5, 3]])).toBe("-5.5,3\r\n");
});
