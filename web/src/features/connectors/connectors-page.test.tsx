import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { clock } from "../../lib/format";
import { run, soon } from "../../test/jobs";
import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";
import { connector, line, pageOf, sources, stream, totals } from "../../test/sources";

const card = (name = "Linear") => screen.findByRole("region", { name });
const as = (role: typeof PROJECT.role) => get("/auth/session", { ...SESSION, project: { ...PROJECT, role } });
const good = (within_: HTMLElement) => within_.querySelector('[data-hue="good"]');

test("a connector that is well is said to be so, with whose it is and its numbers", async () => {
  open("/connectors", ...sources(connector({ rows: 1_240 })));
  const shown = await card();
  expect(shown).toHaveTextContent("Linear · in sync");
  expect(shown).toHaveTextContent(/Northwind studio · as Anna \(admin\) · 2 parts of the account/);
  expect(within(shown).getByRole("link", { name: "1,240" })).toHaveAttribute("href", "/app/connectors/linear");
  expect(good(shown)).not.toBeNull();
});

describe("what is not well says why and what to do, and nothing of it is green", () => {
  test.each([
    ["rate_limited", "rate-limited", null],
    ["auth_failed", "access refused", "Check the credential"],
    ["failing", "failing, retries by itself", "Sync now"],
    ["stalled", "stalled", "See the workers"],
    ["partial", "partly synced", null],
    ["running", "syncing now", null],
    ["idle", "waiting for its turn", "Sync now"],
  ] as const)("%s", async (status, words, step) => {
    const said = line({ status, cause: "Because of it.", next_step: "Do that." });
    open("/connectors", ...sources(connector({ line: said, streams: [stream({ status })] })));
    const shown = await card();
    expect(shown).toHaveTextContent(words);
    expect(shown).toHaveTextContent(/Because of it.*Do that/);
    expect(good(shown)).toBeNull();
    if (step !== null) expect(within(shown).getAllByText(step)[0]).toBeInTheDocument();
  });
});

test("a rate limit says until when, by the clock of whoever looks", async () => {
  const until = soon(600);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  open("/connectors", ...sources(connector({ line: line({ status: "rate_limited", until }) })));
  const time = clock(until, new Date(), "en", zone);
  expect(await card()).toHaveTextContent(`rate-limited until ${time}, resumes by itself`);
});

describe("before anything can be read there is one step to take", () => {
  test.each([
    ["connect", { configured: false, line: line({ status: "disabled" }) }, "Connect"],
    ["bind", { scope: "none", line: line({ status: "idle" }) }, "Choose what belongs here"],
  ] as const)("%s", async (_, fields, step) => {
    open("/connectors", ...sources(connector(fields)));
    const link = within(await card()).getByRole("link", { name: step });
    expect(link).toHaveAttribute("href", "/app/connectors/linear?tab=setup");
  });
});

test("a paused connector says who did it, and is enabled with one click", async () => {
  const paused = connector({ status: "paused", paused_by: "Boris", line: line({ status: "disabled" }) });
  const { user } = open("/connectors", post("/connectors/linear/enable", connector()), ...sources(paused));
  const shown = await card();
  expect(shown).toHaveTextContent(/paused.*Paused by \u2068Boris\u2069/);
  await user.click(within(shown).getByRole("button", { name: "Enable" }));
  expect(await screen.findByText("Linear is on, and a sync was asked for.")).toBeInTheDocument();
});

test("completeness that nobody knows is not 100 %", async () => {
  const unknown = { connectors: [totals({ completeness: null })], streams: [], stages: [] };
  open("/connectors", get("/connectors/reconciliation", unknown), ...sources());
  const door = within(await card()).getByRole("link", { name: "not known" });
  expect(door).toHaveAttribute("href", "/app/connectors/linear?tab=reconciliation");
});

test("a sync is asked for once, and its notice leads to the run", async () => {
  let asked = 0;
  const { user, place } = open(
    "/connectors",
    http.post("*/api/connectors/linear/sync", () => {
      asked += 1;
      return HttpResponse.json(run({ id: "r9", status: "queued" }), { status: 202 });
    }),
    get("/jobs/runs/r9", null, 404),
    ...sources(),
  );
  await user.dblClick(await screen.findByRole("button", { name: "Sync Linear now" }));
  await user.click(await screen.findByRole("button", { name: "Open the run" }));
  expect(asked).toBe(1);
  expect(place()).toBe("/app/automation/runs/r9");
});

test("deletions are accepted only after a look, and the question says how many", async () => {
  const cause = "Linear does not show 63 of 1000 issues any more; nothing was deleted here.";
  const held = connector({ line: line({ status: "partial", cause }), streams: [stream({ status: "partial", cause })] });
  let sent: unknown = null;
  const { user } = open(
    "/connectors",
    http.post("*/api/connectors/linear/sync", async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(run(), { status: 202 });
    }),
    ...sources(held),
  );
  await user.click(await screen.findByRole("button", { name: "Accept deletions…" }));
  const submit = await screen.findByRole("button", { name: "Delete 63 records here" });
  expect(submit).toBeDisabled();
  await user.click(screen.getByRole("checkbox", { name: /I have checked/ }));
  await user.click(submit);
  await waitFor(() => expect(sent).toEqual({ full: false, accept_deletions: true }));
});

test("a viewer sees everything, and each button says why it does nothing", async () => {
  open("/connectors", as("viewer"), ...sources());
  const shown = within(await card());
  for (const name of ["Sync Linear now", "Pause Linear"]) {
    expect(shown.getByRole("button", { name })).toHaveAccessibleDescription(/\(Viewer\) may not do this/);
  }
});

test("a server that is gone is said to be gone, and can be asked again", async () => {
  let up = false;
  const { user } = open(
    "/connectors",
    http.get("*/api/connectors", () => (up ? HttpResponse.json(pageOf(connector())) : HttpResponse.error())),
    ...sources(),
  );
  expect(await screen.findByText("The server cannot be reached")).toBeInTheDocument();
  up = true;
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await card()).toBeInTheDocument();
});

test("when the server falls silent, no light is green any more", async () => {
  let replies = 0;
  const { user } = open(
    "/connectors",
    http.get("*/api/connectors", () => {
      replies += 1;
      return replies === 1 ? HttpResponse.json(pageOf(connector())) : HttpResponse.error();
    }),
    post("/connectors/linear/pause", refused(503, "unavailable"), 503),
    ...sources(),
  );
  await user.click(await screen.findByRole("button", { name: "Pause Linear" }));
  expect(await screen.findByText(/Page not updated since/)).toBeInTheDocument();
  expect(good(await card())).toBeNull();
});
