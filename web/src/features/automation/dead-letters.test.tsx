import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { automation, letters, run, soon } from "../../test/jobs";
import { get, open, PROJECT, refused, SESSION } from "../../test/mayak";

const AT = soon(-1);
const list = (...items: ReturnType<typeof letters>[]) =>
  get("/jobs/dead-letters", { items, total: items.reduce((sum, { count }) => sum + count, 0), at: AT });

/** Remembers what is asked of a path, and replies. */
function recorded(path: string, sent: unknown[], reply: (body: { dry_run?: boolean }) => object) {
  return http.post(`*/api/jobs/dead-letters/${path}`, async ({ request }) => {
    const body = (await request.json()) as { dry_run?: boolean };
    sent.push(body);
    return HttpResponse.json(reply(body));
  });
}

test("letters are replayed only after the server has counted them, and only those that were seen", async () => {
  const sent: unknown[] = [];
  const { user } = open(
    "/automation?tab=letters",
    recorded("replay", sent, ({ dry_run }) => ({ dry_run, letters: 11, runs: dry_run ? null : 3 })),
    list(letters()),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Replay" }));
  expect(await screen.findByText(/11 letters will be queued again/)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: "Replay 11 letters" }));
  expect(await screen.findByText(/Replayed 11 letters; runs waiting for them: 3/)).toBeInTheDocument();
  const which = { fingerprint: "f1", before: AT, all: false };
  expect(sent).toEqual([{ ...which, dry_run: true }, { ...which, dry_run: false }]);
});

test("letters that are given up can be taken back", async () => {
  const sent: unknown[] = [];
  const since = soon(0);
  const { user } = open(
    "/automation?tab=letters",
    recorded("discard", sent, ({ dry_run }) => ({ dry_run, letters: 12, at: since })),
    recorded("restore", sent, () => ({ letters: 12 })),
    list(letters()),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Discard" }));
  await user.click(await screen.findByRole("button", { name: "Discard 12 letters" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByText("12 letters are back.")).toBeInTheDocument();
  expect(sent.at(-1)).toEqual({ fingerprint: "f1", since });
});

test("all of them at once are asked for in so many words", async () => {
  const sent: unknown[] = [];
  const { user } = open(
    "/automation?tab=letters",
    recorded("replay", sent, ({ dry_run }) => ({ dry_run, letters: 15, runs: null })),
    list(letters(), letters({ fingerprint: "f2", message: "Timed out", count: 3 })),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Replay all" }));
  expect(await screen.findByRole("button", { name: "Replay 15 letters" })).toBeEnabled();
  expect(sent).toEqual([{ all: true, before: AT, dry_run: true }]);
});

test("a count that fails is said to have failed, and nothing can be replayed unseen", async () => {
  const { user } = open(
    "/automation?tab=letters",
    http.post("*/api/jobs/dead-letters/replay", () =>
      HttpResponse.json(refused(500, "internal"), { status: 500 }),
    ),
    list(letters()),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Replay" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(await dialog.findByText("They could not be counted")).toBeInTheDocument();
  expect(dialog.getByRole("button", { name: "Replay" })).toBeDisabled();
});

test("the runs of a cause open below it", async () => {
  const asked: string[] = [];
  const { user } = open(
    "/automation?tab=letters",
    http.get("*/api/jobs/runs", ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json({ items: [run({ id: "r9", status: "dead" })], next_cursor: null });
    }),
    list(letters()),
    ...automation(),
  );
  await user.click(await screen.findByRole("button", { name: "Show the runs" }));
  expect(await screen.findByRole("link", { name: "gave up" })).toHaveAttribute("href", "/app/automation/runs/r9");
  expect(asked.some((query) => query.includes("fingerprint=f1") && query.includes("dead_letters=true"))).toBe(true);
});

test("a search waits for the typing to pause, and stands in the address", async () => {
  const asked: (string | null)[] = [];
  const { user, place } = open(
    "/automation?tab=letters",
    http.get("*/api/jobs/dead-letters", ({ request }) => {
      const q = new URL(request.url).searchParams.get("q");
      asked.push(q);
      return HttpResponse.json({ items: [], total: 0, at: AT });
    }),
    ...automation(),
  );
  await user.type(await screen.findByLabelText("Search in messages and payloads"), "tok");
  await waitFor(() => expect(place()).toBe("/app/automation?tab=letters&q=tok"));
  expect(await screen.findByText("Nothing like that among the failed work")).toBeInTheDocument();
  expect(asked).toContain("tok");
});

test("nothing failed is said as what it means", async () => {
  open("/automation?tab=letters", ...automation());
  expect(await screen.findByText("No failed work is waiting for you")).toBeInTheDocument();
});

test("an operator may replay letters, but not give them up", async () => {
  open(
    "/automation?tab=letters",
    get("/auth/session", { ...SESSION, project: { ...PROJECT, role: "operator" } }),
    list(letters()),
    ...automation(),
  );
  expect(await screen.findByRole("button", { name: "Replay" })).not.toHaveAttribute("aria-disabled");
  expect(screen.getByRole("button", { name: "Discard" })).toHaveAttribute("aria-disabled", "true");
});
