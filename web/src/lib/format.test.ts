import { describe, expect, test } from "vitest";

import { ago, clock, duration, zoneName } from "./format";

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

describe("a length of time is said in its two largest units", () => {
  test.each([
    [0, "en", "0 sec"],
    [3_240, "en", "3.2 sec"],
    [9_990, "en", "10 sec"],
    [59_700, "en", "1 min"],
    [64_000, "en", "1 min 4 sec"],
    [3_600_000, "en", "1 hr"],
    [7_500_000, "en", "2 hr 5 min"],
    [90_000_000, "en", "1 day 1 hr"],
    [64_000, "ru", "1 мин 4 с"],
    [-5, "en", "0 sec"],
  ])("%i ms in %s", (milliseconds, locale, expected) => {
    expect(duration(milliseconds, locale)).toBe(expected);
  });
});
