import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { automation, EMBEDDINGS, job, jobsStatus, overview, run, soon } from "../../test/jobs";
import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";

const row = async (name: RegExp) => screen.findByRole("row", { name });
const SYNC = /connectors_sync_cycle/;
const as = (role: typeof PROJECT.role) => get("/auth/session", { ...SESSION, project: { ...PROJECT, role } });

describe("a row says how its job is", () => {
  test.each([
    ["active, with its cadence and countdown", {}, /active.*done · 4 minutes ago.*in 10 minutes.*every 15 min/],
    [
      "paused by somebody",
      { status: "paused", pause_reason: "person", paused_by: "anna@studio.test", next_run_at: null },
      /paused.*by hand, by anna@studio\.test/,
    ],
    [
      "suspended after failures",
      { status: "suspended", pause_reason: "failures", consecutive_failures: 10, next_run_at: null },
      /suspended.*after 10 failures in a row/,
    ],
    ["failing", { consecutive_failures: 2 }, /active.*2 failures in a row/],
    ["held by the flag", { status: "paused", pause_reason: "lightrag_only" }, /rests while LIGHTRAG_ONLY is 1/],
    ["not built", { built: false }, /not built yet/],
    ["late", { next_run_at: soon(-300) }, /late by 5 min/],
    ["at a wall-clock time", { cadence_seconds: null, cron: "0 8 * * *" }, /daily 08:00 Europe\/Madrid/],
    ["running", { running: run({ status: "running", finished_at: null }) }, /running/],
    [
      "waiting for another attempt",
      { queued: run({ status: "queued", attempt: 1, not_before: soon(90) }) },
      /will try again/,
    ],
  ] as const)("%s", async (_, fields, words) => {
    open("/automation", ...automation(overview([job(fields)])));
    await waitFor(async () => expect(await row(SYNC)).toHaveTextContent(words));
  });
});

test("the last result leads to its run", async () => {
  open("/automation", ...automation());
  const door = within(await row(SYNC)).getByRole("link", { name: /done/ });
  expect(door).toHaveAttribute("href", "/app/automation/runs/r0");
});

test("a job is run now, shows itself as queued at once, and the notice leads to the run", async () => {
  const asked: string[] = [];
  const { user, place } = open(
    "/automation",
    http.post("*/api/jobs/:type/run", ({ params }) => {
      asked.push(String(params.type));
      return HttpResponse.json(run({ id: "r7", status: "queued", trigger: "manual" }), { status: 202 });
    }),
    get("/jobs/runs/r7", { ...run({ id: "r7" }), payload: {}, trace: null, up: [], down: [] }),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Run now: Sync of all sources" }));
  await user.click(await screen.findByRole("button", { name: "Open the run" }));
  expect(asked).toEqual(["connectors_sync_cycle"]);
  await waitFor(() => expect(place()).toBe("/app/automation/runs/r7"));
});

test("a job is paused, and Undo wakes it again", async () => {
  let now = job();
  const say = (next: typeof now) => {
    now = next;
    return HttpResponse.json(now);
  };
  const { user } = open(
    "/automation",
    http.get("*/api/jobs/scheduler", () => HttpResponse.json(overview([now]))),
    http.post("*/api/jobs/connectors_sync_cycle/pause", () =>
      say(job({ status: "paused", pause_reason: "person", paused_by: "anna@studio.test" })),
    ),
    http.post("*/api/jobs/connectors_sync_cycle/resume", () => say(job())),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Pause: Sync of all sources" }));
  await waitFor(async () => expect(await row(SYNC)).toHaveTextContent("by anna@studio.test"));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(async () => expect(await row(SYNC)).toHaveTextContent(/active/));
});

test("a failed pause says what happened, and the job stays as it was", async () => {
  const { user } = open(
    "/automation",
    post("/jobs/connectors_sync_cycle/pause", refused(503, "unavailable", "The database is away."), 503),
    ...automation(overview([job()])),
  );
  await user.click(await screen.findByRole("button", { name: "Pause: Sync of all sources" }));
  expect(await screen.findByText("“Sync of all sources” was not paused")).toBeInTheDocument();
  expect(await screen.findByText(/The database is away/)).toBeInTheDocument();
  expect(await row(SYNC)).toHaveTextContent(/active/);
});

test("a viewer sees everything, and each button says why it does nothing", async () => {
  const { user } = open("/automation", as("viewer"), ...automation(overview([job()])));
  const button = await screen.findByRole("button", { name: "Run now: Sync of all sources" });
  await user.click(button);
  expect(button).toHaveAttribute("aria-disabled", "true");
  expect(button).toHaveAccessibleDescription(/\(Viewer\) may not do this/);
  expect(screen.getByRole("button", { name: "Pause all" })).toBeDisabled();
});

test("an operator may run a job, but not change when it runs", async () => {
  const { user } = open("/automation", as("operator"), ...automation(overview([job()])));
  expect(await screen.findByRole("button", { name: "Run now: Sync of all sources" })).not.toHaveAttribute("aria-disabled");
  await user.click(screen.getByRole("button", { name: "More about: Sync of all sources" }));
  expect(await screen.findByRole("menuitem", { name: "Change when it runs" })).toBeDisabled();
});

test("a legacy job cannot be run while the flag holds it", async () => {
  const held = job({ job_type: "kag_daily_pipeline", legacy: true, status: "paused", pause_reason: "lightrag_only" });
  open("/automation", ...automation(overview([held])));
  const button = await screen.findByRole("button", { name: /^Run now: Daily pipeline/ });
  expect(button).toHaveAccessibleDescription(/rest while LIGHTRAG_ONLY is 1/);
});

test("without a worker there is a warning that says what to do", async () => {
  open("/automation", ...automation(overview([job()], { workers: 0 }), jobsStatus({ workers: [] })));
  const alarm = await screen.findByRole("alert");
  expect(alarm).toHaveTextContent(/No worker is running.*schedules stand still.*mayak worker/);
});

test("each number of the status line leads to the rows behind it", async () => {
  const late = job({ next_run_at: soon(-300) });
  const stopped = job({ job_type: "upsell_radar", status: "suspended", next_run_at: null });
  open("/automation", ...automation(overview([late, stopped]), jobsStatus({ dead_letters: 3, late_slots: 4 })));
  const href = async (name: string) => (await screen.findByRole("link", { name })).getAttribute("href");
  expect(await href("1 job is late")).toBe("/app/automation?show=late");
  expect(await href("1 suspended")).toBe("/app/automation?show=suspended");
  expect(await href("3 dead letters")).toBe("/app/automation?tab=letters");
  expect(await href("4 slots left out in 24 h")).toBe("/app/automation?tab=runs&state=left_out");
});

test("the address says which jobs to show, and in which order", async () => {
  const jobs = [job(), EMBEDDINGS, job({ job_type: "upsell_radar", built: false })];
  open("/automation?show=built&sort=name", ...automation(overview(jobs)));
  await row(SYNC);
  const names = screen.getAllByRole("row").slice(1).map((each) => within(each).getAllByRole("link")[0]?.textContent);
  expect(names).toEqual(["Preparing for search", "Sync of all sources"]);
});

test("the cascade lists who starts whom, and says which start happens now", async () => {
  const fired = { ...EMBEDDINGS, running: run({ job_type: "embeddings_run", status: "running", trigger: "cascade", upstream: ["r0"] }) };
  open("/automation", ...automation(overview([job(), fired, job({ job_type: "daily_digest" })])));
  const cascade = within(await screen.findByRole("region", { name: "Which job starts which" }));
  expect(cascade.getAllByRole("link")).toHaveLength(2);
  const link = cascade.getByRole("link", { name: /Preparing for search.*running.*starts after Sync of all sources.*started by it now/ });
  expect(link).toHaveAttribute("href", "/app/automation?tab=runs&job=embeddings_run");
});

test("a server that is gone is said to be gone, and can be asked again", async () => {
  let up = false;
  const { user } = open(
    "/automation",
    http.get("*/api/jobs/scheduler", () => (up ? HttpResponse.json(overview()) : HttpResponse.error())),
    ...automation(),
  );
  expect(await screen.findByText("The server cannot be reached")).toBeInTheDocument();
  up = true;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await row(SYNC)).toBeInTheDocument();
});
