import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { automation, detail, jobsStatus, run, soon } from "../../test/jobs";
import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";

const shown = (fields: Parameters<typeof detail>[0] = {}) => get("/jobs/runs/r1", detail(fields));

test("a run lists everything that caused it and that it caused", async () => {
  open(
    "/automation/runs/r1",
    shown({
      job_type: "embeddings_run",
      trigger: "cascade",
      up: [run({ id: "u1" }), run({ id: "u2", job_type: "chatwoot_sync" })],
      down: [run({ id: "d1", job_type: "signals_extraction", status: "running", finished_at: null })],
    }),
    get("/jobs/status", jobsStatus()),
  );
  const hrefs = (name: string) =>
    within(screen.getByRole("region", { name })).getAllByRole("link").map((link) => link.getAttribute("href"));
  await screen.findByRole("heading", { name: "Preparing for search" });
  expect(hrefs("Caused by")).toEqual(["/app/automation/runs/u1", "/app/automation/runs/u2"]);
  expect(hrefs("Causes")).toEqual(["/app/automation/runs/d1"]);
});

test("a failed run shows its error, its trace and what became of it, and leads to others like it", async () => {
  open(
    "/automation/runs/r1",
    shown({
      status: "dead",
      error: { kind: "auth", message: "Chatwoot refused the token", fingerprint: "1234567890" },
      trace: "Traceback: line 1",
      payload: { inbox: 7 },
    }),
  );
  expect(await screen.findByText("Chatwoot refused the token")).toBeInTheDocument();
  expect(screen.getByText("Traceback: line 1")).toBeInTheDocument();
  expect(screen.getByText(/"inbox": 7/)).toBeInTheDocument();
  expect(screen.getByText("waits for somebody to decide")).toBeInTheDocument();
  const others = screen.getByRole("link", { name: "All with this error" }).getAttribute("href") ?? "";
  expect(decodeURIComponent(others)).toBe('/app/automation?tab=runs&fingerprint="1234567890"');
});

test("a run that goes on shows how far it is, and can be cancelled", async () => {
  let now = detail({ status: "running", finished_at: null, progress: { done: 30, total: 120, note: "conversations read" } });
  const { user } = open(
    "/automation/runs/r1",
    get("/jobs/status", jobsStatus()),
    http.get("*/api/jobs/runs/r1", () => HttpResponse.json(now)),
    http.post("*/api/jobs/runs/r1/cancel", () => {
      now = { ...now, cancel_requested_at: soon(0) };
      return HttpResponse.json(now, { status: 202 });
    }),
  );
  expect(await screen.findByText("30 of 120")).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Cancel the run" }));
  expect(await screen.findByText(/was told to stop/)).toBeInTheDocument();
  await waitFor(() => expect(screen.getByRole("button", { name: "stopping" })).toBeDisabled());
});

test("a run whose worker is gone says that it waits for another", async () => {
  open(
    "/automation/runs/r1",
    shown({ status: "running", finished_at: null }),
    get("/jobs/status", jobsStatus({ workers: [] })),
  );
  // At the head of the page, and where the run stands in the cascade.
  expect(await screen.findAllByText("its worker is gone, waits for another")).toHaveLength(2);
});

test.each([
  ["auth", "dead", null, /CHATWOOT_API_TOKEN/],
  ["rate_limit", "queued", null, /waits by itself/],
  ["network", "failed", "passed_on", /tried again by itself/],
  ["network", "dead", null, /attempts are used up/],
  ["bug", "dead", null, /See the trace/],
] as const)("an error of the kind %s of a run that is %s says what to do next", async (kind, status, resolution, words) => {
  open("/automation/runs/r1", shown({ status, resolution, error: { kind, message: "No", fingerprint: null } }));
  expect(await screen.findByText(words)).toBeInTheDocument();
});

test("a message from outside cannot turn our words around", async () => {
  open("/automation/runs/r1", shown({ status: "dead", error: { kind: "bug", message: "a\u202eb", fingerprint: null } }));
  expect((await screen.findByText("a\\u202eb")).tagName).toBe("BDI");
});

test("the work of a run that is over is done again, in a run of its own", async () => {
  const { user, place } = open(
    "/automation/runs/r1",
    shown({ status: "dead" }),
    post("/jobs/runs/r1/replay", run({ id: "r2", status: "queued" }), 202),
    get("/jobs/runs/r2", detail({ id: "r2", status: "queued", started_at: null, finished_at: null })),
  );
  await user.click(await screen.findByRole("button", { name: "Run again" }));
  await user.click(await screen.findByRole("button", { name: "Open the run" }));
  await waitFor(() => expect(place()).toBe("/app/automation/runs/r2"));
});

test("a viewer can neither cancel nor replay", async () => {
  open(
    "/automation/runs/r1",
    get("/auth/session", { ...SESSION, project: { ...PROJECT, role: "viewer" } }),
    shown(),
  );
  expect(await screen.findByRole("button", { name: "Run again" })).toBeDisabled();
});

test("a run of another project is said not to be here", async () => {
  open("/automation/runs/r1", get("/jobs/runs/r1", refused(404, "run_not_found"), 404));
  expect(await screen.findByText("This run is not in the open project")).toBeInTheDocument();
});

describe("the list of runs", () => {
  test.each([
    ["still_running", "skipped", "the run before it was still going on"],
    ["outage", "missed", "no worker was running at that time"],
    ["paused", "cancelled", "the job was paused"],
    ["taken_over", "failed", "another worker took it over"],
  ] as const)("says why a run was left out: %s", async (reason, status, words) => {
    const left = run({ reason, status, started_at: null });
    open("/automation?tab=runs", get("/jobs/runs", { items: [left], next_cursor: null }), ...automation());
    expect(await screen.findByText(words)).toBeInTheDocument();
  });

  test("says when a failed run will try again, and at which attempt it is", async () => {
    const waits = run({ status: "queued", attempt: 2, not_before: soon(600), started_at: null });
    open("/automation?tab=runs", get("/jobs/runs", { items: [waits], next_cursor: null }), ...automation());
    expect(await screen.findByText(/tries again .* · attempt 3/)).toBeInTheDocument();
  });

  test("asks for what the address says, and for the next page by its cursor", async () => {
    const asked: URLSearchParams[] = [];
    const { user } = open(
      "/automation?tab=runs&job=embeddings_run&state=failed&trigger=manual",
      http.get("*/api/jobs/runs", ({ request }) => {
        const query = new URL(request.url).searchParams;
        if (query.has("job_type")) asked.push(query);
        const second = query.get("cursor") === "c2";
        return HttpResponse.json({ items: [run({ id: second ? "r2" : "r1" })], next_cursor: second ? null : "c2" });
      }),
      ...automation(),
    );
    await user.click(await screen.findByRole("button", { name: "Show more" }));
    await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(3));
    expect(asked[0]?.get("job_type")).toBe("embeddings_run");
    expect(asked[0]?.getAll("status")).toEqual(["failed", "dead"]);
    expect(asked[0]?.get("trigger")).toBe("manual");
  });

  test("cancels a run that waits", async () => {
    const cancelled: string[] = [];
    const { user } = open(
      "/automation?tab=runs",
      get("/jobs/runs", { items: [run({ status: "queued", started_at: null, finished_at: null })], next_cursor: null }),
      http.post("*/api/jobs/runs/:id/cancel", ({ params }) => {
        cancelled.push(String(params.id));
        return HttpResponse.json(run({ status: "cancelled" }), { status: 202 });
      }),
      ...automation(),
    );
    await user.click(await screen.findByRole("button", { name: "Cancel the run of: Sync of all sources" }));
    expect(await screen.findByText("Cancelled.")).toBeInTheDocument();
    expect(cancelled).toEqual(["r1"]);
  });
});
