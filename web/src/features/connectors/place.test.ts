import { expect, test } from "vitest";

import { readConnector, readPlace } from "./place";

test("a place stands in the address, and what it says wrongly is left out", () => {
  const search = { tab: "records", stream: "issues", id: 42, deleted: true, kind: "none such", state: 3 };
  expect(readPlace(search)).toEqual({ tab: "records", stream: "issues", id: "42", deleted: true });
});

test("the streams are the beginning", () => {
  expect(readPlace({ tab: "streams" })).toEqual({});
});

test("a connector that there is not is none", () => {
  expect(readConnector("attio")).toBe("attio");
  expect(readConnector("hubspot")).toBeUndefined();
});
