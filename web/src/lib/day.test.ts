import { describe, expect, test } from "vitest";

import { isDay, startOfDay } from "./day";

describe("a day begins at midnight of its zone", () => {
  test.each([
    ["2026-03-01", "UTC", 0, "2026-03-01T00:00:00.000Z"],
    ["2026-03-01", "Europe/Madrid", 0, "2026-02-28T23:00:00.000Z"],
    ["2026-07-01", "Europe/Madrid", 1, "2026-07-01T22:00:00.000Z"],
    // The clocks go forward during this day: it begins in winter time and ends in summer time.
    ["2026-03-29", "Europe/Madrid", 0, "2026-03-28T23:00:00.000Z"],
    ["2026-03-29", "Europe/Madrid", 1, "2026-03-29T22:00:00.000Z"],
    ["2026-03-01", "Asia/Yekaterinburg", 0, "2026-02-28T19:00:00.000Z"],
  ])("%s in %s, %i later", (day, zone, later, expected) => {
    expect(startOfDay(day, zone, later)).toBe(expected);
  });
});

test.each(["2026-02-30", "2026-3-1", "yesterday", ""])("%j is no day", (text) => {
  expect(isDay(text)).toBe(false);
});
