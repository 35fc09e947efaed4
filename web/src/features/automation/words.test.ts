import i18next from "i18next";
import { describe, expect, test } from "vitest";

import { because, cadenceWords, counterName, jobName, noteWords } from "./words";

const at = (fields: { cadence_seconds?: number; cron?: string; after?: string[] }) => ({
  cadence_seconds: null,
  cron: null,
  after: [],
  time_zone: "Europe/Berlin",
  ...fields,
});

describe("a cadence is said in words", () => {
  test.each([
    [{ cadence_seconds: 60 }, "every minute"],
    [{ cadence_seconds: 900 }, "every 15 min"],
    [{ cadence_seconds: 5_400 }, "every 90 min"],
    [{ cadence_seconds: 43_200 }, "every 12 h"],
    [{ cadence_seconds: 86_400 }, "once a day"],
    [{ cadence_seconds: 172_800 }, "every 2 days"],
    [{ cadence_seconds: 90 }, "every 90 s"],
    [{ cron: "0 8 * * *" }, "daily 08:00 Europe/Berlin"],
    [{ cron: "5 * * * *" }, "every hour at :05"],
    [{ cron: "30 9 * * 1-5" }, "Mon–Fri 09:30 Europe/Berlin"],
    [{ cron: "0 8 * * 1" }, "Mon 08:00 Europe/Berlin"],
    [{ cron: "0 8 * * 7" }, "Sun 08:00 Europe/Berlin"],
    [{ after: ["signals_extraction"] }, "only after what starts it"],
    [{}, "only by hand"],
  ])("%o is %s", (rhythm, words) => {
    expect(cadenceWords(i18next.t, at(rhythm), "en")).toBe(words);
  });

  test.each(["*/5 * * * *", "0 8 1 * *", "0 8 * 6 *", "0 8,20 * * *", "0 8 * * 1,3", "nonsense"])(
    "%s is shown as it is",
    (cron) => {
      expect(cadenceWords(i18next.t, at({ cron }), "en")).toBe(`${cron} Europe/Berlin`);
    },
  );
});

test("a job that this page does not know is called by its technical name", () => {
  expect(jobName(i18next.t, "brand_new_job")).toBe("brand new job");
  expect(jobName(i18next.t, "constructor")).toBe("constructor");
});

test.each([
  ["connectors_sync_cycle ended", "after: Sync of all sources"],
  ["anna@studio.test", "anna@studio.test"],
  [null, null],
])("a run because of %s says %s", (said, words) => {
  expect(because(i18next.t, { because: said })).toBe(words);
});

test.each([
  ["1234 messages read", "1,234 messages read"],
  ["chunks embedded", "fragments prepared for search"],
  ["The account has no inbox 7", "The account has no inbox 7"],
])("the note %s reads %s", (said, words) => {
  expect(noteWords(i18next.t, said)).toBe(words);
});

test("a counter that this page does not know is called by its technical name", () => {
  expect(counterName(i18next.t, "chunks_added")).toBe("fragments added");
  expect(counterName(i18next.t, "brand_new")).toBe("brand new");
});
