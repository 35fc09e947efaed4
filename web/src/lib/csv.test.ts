import { expect, test } from "vitest";

import { csv } from "./csv";

test("what is inside a cell never ends it", () => {
  expect(csv([["a,b", 'say "hi"', "two\nlines", null]], "en")).toBe('"a,b","say ""hi""","two\nlines",\r\n');
});

test.each(["=1+1", "+7 900", "-1", "@sum", "\tx", "\rx"])("%j is words to a spreadsheet, not a formula", (cell) => {
  expect(csv([[cell]], "en").replaceAll('"', "").trimEnd()).toBe(`'${cell}`.trimEnd());
});

test("a number stays a number", () => {
  expect(csv([[-5.5, 3]], "en")).toBe("-5.5,3\r\n");
});

test("Russian files are parted and pointed as a Russian spreadsheet reads them", () => {
  expect(csv([["a", -5.5, "b;c"]], "ru")).toBe('a;-5,5;"b;c"\r\n');
});

test.each([";=1", ", +1", "x\t@sum", "x\n-1", ';"=1"'])("%j starts no formula after a mark that parts cells", (cell) => {
  expect(csv([[cell]], "en")).toMatch(/'[=+\-@]/);
});

test("a minus, a plus and an address inside words stay as they are", () => {
  expect(csv([["1-2 + me@x.test = 3"]], "en")).toBe("1-2 + me@x.test = 3\r\n");
});
