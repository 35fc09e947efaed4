import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { automation, job, overview } from "../../test/jobs";
import { open, refused } from "../../test/mayak";
import { changeOf, draftOf, secondsOf } from "./cadence-draft";

/** Open the dialog of a job; what is sent is kept in `sent`, and answered with `replies` in turn. */
async function dialog(shown = job(), ...replies: { body: object; status: number }[]) {
  const sent: unknown[] = [];
  const { user } = open(
    "/automation",
    http.patch("*/api/jobs/connectors_sync_cycle", async ({ request }) => {
      sent.push(await request.json());
      const { body, status } = replies.shift() ?? { body: shown, status: 200 };
      return HttpResponse.json(body, { status });
    }),
    ...automation(overview([shown])),
  );
  await user.click(await screen.findByRole("button", { name: "More about: Sync of all sources" }));
  await user.click(await screen.findByRole("menuitem", { name: "Change when it runs" }));
  await screen.findByRole("dialog");
  return { user, sent };
}

const save = () => screen.getByRole("button", { name: "Save" });

test("a new cadence is sent alone, and the notice says it in words", async () => {
  const { user, sent } = await dialog(job(), { body: job({ cadence_seconds: 7200, custom: true }), status: 200 });
  await user.clear(screen.getByLabelText("Every"));
  await user.type(screen.getByLabelText("Every"), "120");
  await user.click(save());
  expect(await screen.findByText(/“Sync of all sources” runs every 2 h/)).toBeInTheDocument();
  expect(sent).toEqual([{ cadence_seconds: 7200, reset: false }]);
});

test("a cron that the server refuses is explained in the dialog, which stays open", async () => {
  const problem = refused(422, "invalid_input", "cron: '61 * * * *' cannot be read or never happens");
  const { user, sent } = await dialog(job(), { body: problem, status: 422 });
  await user.click(screen.getByText("At a time of day"));
  await user.clear(screen.getByLabelText("Cron expression"));
  await user.type(screen.getByLabelText("Cron expression"), "61 * * * *");
  await user.click(save());
  expect(await screen.findByRole("alert")).toHaveTextContent(/schedule was not changed.*cannot be read or never happens/);
  expect(sent).toEqual([{ cron: "61 * * * *", reset: false }]);
  expect(screen.getByRole("dialog")).toBeInTheDocument();
});

test("what a schedule does when it is late is chosen in words", async () => {
  const { user, sent } = await dialog();
  await user.click(screen.getByLabelText("Leave this time out; the history says so"));
  await user.click(screen.getByLabelText("Make up for every time that passed"));
  await user.click(save());
  await waitFor(() => expect(sent).toEqual([{ overlap: "skip", catchup: "all", reset: false }]));
});

test("a schedule that a person changed can be set back", async () => {
  const { user, sent } = await dialog(job({ custom: true }));
  await user.click(screen.getByRole("button", { name: "Reset to default" }));
  await waitFor(() => expect(sent).toEqual([{ reset: true }]));
});

test("a dialog that is saved unchanged sends nothing", async () => {
  const { user, sent } = await dialog();
  await user.click(save());
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent).toEqual([]);
});

test.each([
  ["minutes", 900, 15],
  ["hours", 43_200, 12],
  ["days", 172_800, 2],
] as const)("a cadence is shown in %s", (unit, seconds, count) => {
  expect(draftOf(job({ cadence_seconds: seconds }))).toMatchObject({ kind: "every", unit, number: String(count) });
});

test("another zone of the same cron is sent without the cron", () => {
  const daily = job({ cadence_seconds: null, cron: "0 8 * * *" });
  expect(changeOf(daily, { ...draftOf(daily), zone: "Asia/Tokyo" })).toEqual({ reset: false, time_zone: "Asia/Tokyo" });
});

test.each([
  ["1,5", "hours", 5_400],
  ["1.5", "hours", 5_400],
  [" 90 ", "minutes", 5_400],
  ["0", "hours", "numberWrong"],
  ["-5", "hours", "numberWrong"],
  ["1,5,0", "hours", "numberWrong"],
  ["1e3", "minutes", "numberWrong"],
  ["", "hours", "numberWrong"],
  ["0,5", "minutes", "numberRange"],
  ["32", "days", "numberRange"],
  ["0.0001", "hours", "numberOdd"],
] as const)("%s in %s is %s", (number, unit, read) => {
  expect(secondsOf({ number, unit })).toBe(read);
});

test("what is no interval is refused where it was typed, as it was typed", async () => {
  const { user, sent } = await dialog();
  const field = screen.getByLabelText("Every");
  await user.clear(field);
  await user.type(field, "-5");
  await user.click(save());
  expect(screen.getByText("Write a number above 0, such as 15 or 1.5")).toBeInTheDocument();
  expect(field).toHaveValue("-5");
  expect(field).toBeInvalid();
  expect(sent).toEqual([]);
});
