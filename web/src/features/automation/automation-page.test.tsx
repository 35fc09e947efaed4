import { act, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { automation, EMBEDDINGS, job, jobsStatus, overview, run, soon } from "../../test/jobs";
import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";
import { isLate } from "./job-list";

const row = async (name: RegExp) => screen.findByRole("row", { name });
const SYNC = /connectors_sync_cycle/;
const as = (role: typeof PROJECT.role) => get("/auth/session", { ...SESSION, project: { ...PROJECT, role } });

describe("a row says how its job is", () => {
  test.each([
    ["on, with its cadence and countdown", {}, /cycle.?on.*done · 4 minutes ago.*in 10 minutes.*every 15 min/],
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
    ["failing", { consecutive_failures: 2 }, /cycle.?on.*2 failures in a row/],
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
  await waitFor(async () => expect(await row(SYNC)).toHaveTextContent(/every 15 min/));
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
  expect(await row(SYNC)).toHaveTextContent(/every 15 min/);
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

test("a double click on an action sends one request", async () => {
  let asked = 0;
  const { user } = open(
    "/automation",
    http.post("*/api/jobs/connectors_sync_cycle/run", () => {
      asked += 1;
      return HttpResponse.json(run({ id: "r7", status: "queued" }), { status: 202 });
    }),
    ...automation(),
  );
  await user.dblClick(await screen.findByRole("button", { name: "Run now: Sync of all sources" }));
  await screen.findByText(/Asked for: Sync of all sources/);
  expect(asked).toBe(1);
});

test("a second click before the page was drawn anew sends nothing", async () => {
  let asked = 0;
  open(
    "/automation",
    http.post("*/api/jobs/connectors_sync_cycle/run", () => {
      asked += 1;
      return HttpResponse.json(run({ id: "r7", status: "queued" }), { status: 202 });
    }),
    ...automation(),
  );
  const button = await screen.findByRole("button", { name: "Run now: Sync of all sources" });
  act(() => {
    button.click();
    button.click();
  });
  await screen.findByText(/Asked for: Sync of all sources/);
  expect(asked).toBe(1);
});

test("a double click on Pause does not wake the job again", async () => {
  const asked: string[] = [];
  const { user } = open(
    "/automation",
    http.post("*/api/jobs/connectors_sync_cycle/:what", ({ params }) => {
      asked.push(String(params.what));
      return HttpResponse.json(job({ status: "paused", pause_reason: "person" }));
    }),
    ...automation(overview([job()])),
  );
  await user.dblClick(await screen.findByRole("button", { name: "Pause: Sync of all sources" }));
  await screen.findByText("Paused: Sync of all sources.");
  expect(asked).toEqual(["pause"]);
});

describe("what has happened is dated by the server's clock", () => {
  const ended = (seconds: number) =>
    job({ last_run: { id: "r0", status: "ok", finished_at: soon(seconds), error: null } });

  test("when this computer's clock is nine minutes behind", async () => {
    open("/automation", ...automation(overview([ended(420)], { at: soon(540) }), jobsStatus({ at: soon(540) })));
    await waitFor(async () => expect(await row(SYNC)).toHaveTextContent("done · 2 minutes ago"));
  });

  test("and never in the future, when the server wrote it after it told the time", async () => {
    open("/automation", ...automation(overview([ended(30)])));
    await waitFor(async () => expect(await row(SYNC)).toHaveTextContent("done · just now"));
  });
});

describe("when the server is silent", () => {
  const goneAfterOne = (shown: ReturnType<typeof overview>) => {
    let replies = 0;
    return http.get("*/api/jobs/scheduler", () => {
      replies += 1;
      return replies === 1 ? HttpResponse.json(shown) : HttpResponse.error();
    });
  };
  const silence = async (user: ReturnType<typeof open>["user"]) => {
    await user.click(await screen.findByRole("button", { name: "Pause all" }));
    await screen.findByText(/Page not updated since/);
  };

  test("no light is green, and nothing is said to be on time", async () => {
    const { user } = open(
      "/automation",
      goneAfterOne(overview([job()])),
      post("/jobs/pause", { changed: [] }),
      ...automation(),
    );
    expect(await screen.findByText("all on time")).toBeInTheDocument();
    await silence(user);
    const line = screen.getByRole("region", { name: "State of the automation" });
    expect(line).toHaveTextContent("how it stands now is unknown");
    expect(line).not.toHaveTextContent("all on time");
    expect(line.innerHTML).not.toContain("--mayak-good");
  });

  test("a slot that passes since then is not called late", () => {
    const reply = soon(0);
    expect(isLate(job({ next_run_at: soon(30) }), reply)).toBe(false);
    expect(isLate(job({ next_run_at: soon(-90) }), reply)).toBe(true);
  });

  test("a slot that has passed is shown by its time, not as due", async () => {
    const { user } = open(
      "/automation",
      goneAfterOne(overview([job({ next_run_at: soon(-20) })])),
      post("/jobs/pause", { changed: [] }),
      ...automation(),
    );
    await waitFor(async () => expect(await row(SYNC)).toHaveTextContent("due now"));
    await silence(user);
    expect(await row(SYNC)).not.toHaveTextContent("due now");
  });
});

test("a run whose worker is gone is not called running, in the row and in the cascade", async () => {
  const left = job({ running: run({ status: "running", finished_at: null }) });
  open("/automation", ...automation(overview([left, EMBEDDINGS], { workers: 0 }), jobsStatus({ workers: [] })));
  expect(await row(SYNC)).toHaveTextContent("its worker is gone, waits for another");
  const cascade = within(screen.getByRole("region", { name: "Which job starts which" }));
  expect(cascade.getByRole("link", { name: /Sync of all sources.*its worker is gone/ })).toBeInTheDocument();
});

test("jobs that are not built do not drown the others, and are a click away", async () => {
  const { user } = open("/automation", ...automation(overview([job({ job_type: "upsell_radar", built: false }), job()])));
  await row(SYNC);
  expect(screen.queryByRole("row", { name: /upsell_radar/ })).toBeNull();
  expect(screen.getByText(/1 more is not built yet/)).toBeInTheDocument();
  await user.click(screen.getByRole("link", { name: "Show all jobs" }));
  const states = within(await row(/upsell_radar/)).getAllByRole("cell");
  expect(states[1]).toBeEmptyDOMElement();
});
