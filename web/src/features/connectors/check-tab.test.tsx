import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { run, soon } from "../../test/jobs";
import { get, open, post, PROJECT, SESSION } from "../../test/mayak";
import { check, finding, metric, pageOf, sources, totals } from "../../test/sources";

const AT = "/connectors/linear?tab=reconciliation";
const reconciliation = (fields: object = {}) =>
  get("/connectors/reconciliation", { connectors: [totals()], streams: [check()], stages: [], ...fields });
const findings = (...items: ReturnType<typeof finding>[]) =>
  get("/connectors/reconciliation/findings", pageOf(...items));
const repaired = (sent: unknown[]) =>
  http.post("*/api/connectors/reconciliation/repair", async ({ request }) => {
    sent.push(await request.json());
    return HttpResponse.json(run(), { status: 202 });
  });

test("each stream stands beside its source, and its number opens the rows", async () => {
  open(AT, reconciliation(), findings(finding()), ...sources());
  const table = within(await screen.findByRole("table", { name: "Completeness by stream" }));
  const row = table.getByRole("row", { name: /Issues/ });
  expect(row).toHaveTextContent(/99\.6%.*10,000.*9,963/);
  expect(within(row).getByRole("link", { name: "37" })).toHaveAttribute(
    "href",
    "/app/connectors/linear?tab=reconciliation&found=missing&stream=issues",
  );
});

test("while records differ, the line above is not green", async () => {
  open(AT, reconciliation(), findings(finding()), ...sources());
  expect(await screen.findByText("37 records differ from the source.")).toBeInTheDocument();
  expect(screen.getByText("partly synced")).toBeInTheDocument();
});

describe("what is not known", () => {
  const unknown = metric({ source_count: null, missing: null, extra: null, stale: null, completeness: null, cause: "Linear could not be asked." });
  const none = { missing: 0, extra: 0, duplicate: 0, stale: 0 };
  const nothing = {
    connectors: [totals({ completeness: null, worst: null, missing: null, extra: null, duplicate: null, stale: null, open: none })],
    streams: [check({ full: unknown, open: none })],
  };

  test("is said to be unknown with its reason, and nothing is 100 % or 0", async () => {
    open(AT, reconciliation(nothing), findings(), ...sources());
    const row = await screen.findByRole("row", { name: /Issues/ });
    expect(row).toHaveTextContent("Linear could not be asked.");
    expect(row.textContent.match(/not known/g)).toHaveLength(5);
    expect(row).not.toHaveTextContent("100%");
  });

  test("does not read as nothing differs", async () => {
    open(AT, reconciliation(nothing), findings(), ...sources());
    expect(await screen.findByText("Whether anything differs is not known")).toBeInTheDocument();
    expect(screen.queryByText("Nothing differs")).toBeNull();
  });
});

test("the last checks are drawn, and said in words", async () => {
  const point = (completeness: number | null, ago: number) => ({ run_id: `r${ago}`, checked_at: soon(-ago), completeness, missing: 0, duplicate: 0 });
  const trend = [point(99.6, 100), point(null, 200), point(98, 300)];
  open(AT, reconciliation({ connectors: [totals({ trend })] }), findings(), ...sources());
  expect(await screen.findByRole("img", { name: "Completeness in the last 3 checks: from 98.0% to 99.6%" })).toBeInTheDocument();
});

test("the very ids are listed, each a door to its stored row", async () => {
  open(AT, reconciliation(), findings(finding({ external_id: "iss-77", repair_error: "The page was cut." })), ...sources());
  const door = await screen.findByRole("link", { name: "iss-77" });
  expect(door.getAttribute("href")).toContain("tab=records&stream=issues&id=iss-77&deleted=true");
  expect(screen.getByRole("row", { name: /ENG-1/ })).toHaveTextContent(/Not repaired: \u2068The page was cut/);
});

describe("a repair", () => {
  test("of those that are ticked names exactly them", async () => {
    const sent: unknown[] = [];
    const { user } = open(AT, repaired(sent), reconciliation(), findings(finding(), finding({ id: "f2", external_id: "iss-2" })), ...sources());
    await user.click(await screen.findByRole("checkbox", { name: /iss-2/ }));
    await user.click(screen.getByRole("button", { name: "Repair 1 selected" }));
    await waitFor(() => expect(sent).toEqual([{ finding_ids: ["f2"], accept_deletions: false }]));
  });

  test("of all leaves the guard against deletions on", async () => {
    const sent: unknown[] = [];
    const { user } = open(AT, repaired(sent), reconciliation(), findings(finding()), ...sources());
    await user.click(await screen.findByRole("button", { name: "Repair all 37" }));
    await waitFor(() => expect(sent).toEqual([{ connector: "linear", stream: null, kinds: null, accept_deletions: false }]));
  });

  test("that deletes asks first, and says how many", async () => {
    const sent: unknown[] = [];
    const extra = finding({ kind: "extra" });
    const { user } = open(AT, repaired(sent), reconciliation(), findings(extra), ...sources());
    await user.click(await screen.findByRole("checkbox", { name: /iss-1/ }));
    await user.click(screen.getByRole("button", { name: "Repair 1 selected" }));
    expect(await screen.findByText(/This deletes 1 record here/)).toBeInTheDocument();
    expect(sent).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Repair, and delete 1" }));
    await waitFor(() => expect(sent).toEqual([{ finding_ids: ["f1"], accept_deletions: true }]));
  });

  test("is not for an operator, and says so", async () => {
    const role = get("/auth/session", { ...SESSION, project: { ...PROJECT, role: "operator" } });
    open(AT, role, reconciliation(), findings(finding()), ...sources());
    expect(await screen.findByRole("button", { name: "Repair all 37" })).toHaveAccessibleDescription(/may not do this/);
    expect(screen.getByRole("button", { name: "Check now" })).not.toHaveAttribute("aria-disabled");
  });
});

test("a finding is ignored with a way back", async () => {
  const asked: string[] = [];
  const { user } = open(
    AT,
    http.post("*/api/connectors/reconciliation/findings/f1/:what", ({ params }) => {
      asked.push(String(params.what));
      return HttpResponse.json(finding({ status: "ignored" }));
    }),
    reconciliation(),
    findings(finding()),
    ...sources(),
  );
  await user.click(await screen.findByRole("button", { name: /^Ignore .*iss-1/ }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(asked).toEqual(["ignore", "reopen"]));
});

test("a check is asked for by hand", async () => {
  const { user } = open(AT, post("/connectors/reconciliation/run", run(), 202), reconciliation(), findings(), ...sources());
  await user.click(await screen.findByRole("button", { name: "Check now" }));
  expect(await screen.findByText("Asked for: a check of Linear.")).toBeInTheDocument();
});
