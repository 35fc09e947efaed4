import { describe, expect, test } from "vitest";

import { ago, clock, zoneName } from "./format";

const NOW = new Date("2026-03-01T12:00:00Z");

describe("a moment is said relative to the present", () => {
  test.each([
    ["2026-03-01T12:00:00Z", "en", "now"],
    ["2026-03-01T11:59:48Z", "en", "12 seconds ago"],
    ["2026-03-01T11:58:00Z", "ru", "2 минуты назад"],
    ["2026-03-01T11:55:00Z", "ru", "5 минут назад"],
    ["2026-03-01T11:39:00Z", "ru", "21 минуту назад"],
    ["2026-02-28T11:00:00Z", "en", "yesterday"],
    ["2026-01-01T12:00:00Z", "en", "Jan 1, 2026"],
  ])("%s in %s", (moment, locale, expected) => {
    expect(ago(moment, NOW, locale, "UTC")).toBe(expected);
  });
});

test("a clock time is of the project's zone", () => {
  expect(clock("2026-03-01T12:00:00Z", NOW, "ru", "Europe/Moscow")).toBe("15:00");
});

test("a clock time of another day carries its date", () => {
  expect(clock("2026-02-27T12:00:00Z", NOW, "ru", "UTC")).toContain("27");
});

test("a zone that the browser does not know is shown as UTC and called so", () => {
  expect(zoneName("Mars/Olympus", NOW, "en")).toBe("UTC");
});
