import { describe, expect, test } from "vitest";

import { filtersOf, readPlace } from "./place";

const NOW = new Date("2026-03-10T12:00:00Z");

describe("an address says where one is", () => {
  test("what it says wrongly is left out", () => {
    const wrong = { source: "x", sources: "linear,github", since: "2026-02-30", languages: 7, record: "no-kind" };
    expect(readPlace(wrong)).toEqual({ sources: "linear" });
  });

  test("a source of the answer goes before a record", () => {
    expect(readPlace({ source: 2, record: "linear_issue:i1" })).toEqual({ source: 2 });
  });

  test("a period goes before days", () => {
    expect(readPlace({ period: "7d", since: "2026-03-01" })).toEqual({ period: "7d" });
  });
});

describe("the server is asked for", () => {
  test("nothing in particular when nothing is narrowed", () => {
    expect(filtersOf({}, NOW, "UTC")).toBeUndefined();
  });

  test("a period that ends now", () => {
    expect(filtersOf({ period: "7d" }, NOW, "UTC")).toEqual({ since: "2026-03-03T12:00:00.000Z" });
  });

  test("whole days of the project's zone, the last one too", () => {
    expect(filtersOf({ since: "2026-03-01", until: "2026-03-01" }, NOW, "Europe/Madrid")).toEqual({
      since: "2026-02-28T23:00:00.000Z",
      until: "2026-03-01T23:00:00.000Z",
    });
  });
});
