import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { run } from "../../test/jobs";
import { get, open, PROJECT, SESSION } from "../../test/mayak";
import { connector, failure, group, pageOf, sources } from "../../test/sources";

const AT = "/connectors/linear?tab=errors";
const failing = sources(connector({ open_errors: 1, dead_letters: 1 }));
const groups = get("/connectors/errors/groups", pageOf(group()));
const rows = (...items: ReturnType<typeof failure>[]) => get("/connectors/errors", pageOf(...items));
const retried = (sent: unknown[]) =>
  http.post("*/api/connectors/errors/retry", async ({ request }) => {
    sent.push(await request.json());
    return HttpResponse.json(run(), { status: 202 });
  });
const HOSTILE = "<img src=x onerror=alert(1)>";

test("a cause says how many, since when, what to do, and when it is tried again", async () => {
  open(AT, groups, ...failing);
  const cause = await screen.findByRole("region", { name: /A record could not be read/ });
  expect(cause).toHaveTextContent(/2.*Issues · unknown form.*1 waits for a person.*next try in.*See what the service sent/);
});

test("the filters go to the server, and stand in the address", async () => {
  const asked: string[] = [];
  open(
    `${AT}&status=dead_letter&kind=schema&stream=issues`,
    http.get("*/api/connectors/errors/groups", ({ request }) => {
      asked.push(new URL(request.url).search);
      return HttpResponse.json(pageOf());
    }),
    ...failing,
  );
  expect(await screen.findByText("Nothing fits these filters")).toBeInTheDocument();
  expect(asked[0]).toBe("?connector=linear&stream=issues&kind=schema&status=dead_letter");
});

test("what was put aside is shown as text, whatever it says", async () => {
  const detail = { ...failure(), parent_id: null, payload: { title: HOSTILE } };
  const { user } = open(AT, get("/connectors/errors/e1", detail), groups, rows(failure()), ...failing);
  await user.click(await screen.findByRole("button", { name: "Show them" }));
  await user.click(await screen.findByRole("button", { name: "What the service sent" }));
  const stored = await screen.findByRole("region", { name: /What the service sent/ });
  expect(stored).toHaveTextContent(HOSTILE);
  expect(stored.querySelector("img")).toBeNull();
});

test("resolved ones do not stand among those that are open", async () => {
  const { user } = open(AT, groups, rows(failure(), failure({ id: "e2", external_id: "issue old", status: "resolved" })), ...failing);
  await user.click(await screen.findByRole("button", { name: "Show them" }));
  expect(await screen.findByText("issue iss-1")).toBeInTheDocument();
  expect(screen.queryByText("issue old")).toBeNull();
});

test("all of them, those of a cause, or one are tried again", async () => {
  const sent: unknown[] = [];
  const { user } = open(AT, retried(sent), groups, rows(failure(), failure({ id: "e2", external_id: "issue b" })), ...failing);
  await user.click(await screen.findByRole("button", { name: "Retry all 2" }));
  await user.click(await screen.findByRole("button", { name: /Retry .*A record could not be read/ }));
  await user.click(screen.getByRole("button", { name: "Show them" }));
  await user.click(await screen.findByRole("button", { name: /Retry .*issue b/ }));
  await waitFor(() =>
    expect(sent).toEqual([
      { connector: "linear", include_dead: true },
      { ids: ["e1", "e2"], include_dead: true },
      { ids: ["e2"], include_dead: true },
    ]),
  );
});

test("one that does not matter is discarded with a way back", async () => {
  const asked: string[] = [];
  const { user } = open(
    AT,
    http.post("*/api/connectors/errors/e1/:what", ({ params }) => {
      asked.push(String(params.what));
      return HttpResponse.json(failure());
    }),
    groups,
    rows(failure()),
    ...failing,
  );
  await user.click(await screen.findByRole("button", { name: "Show them" }));
  await user.click(await screen.findByRole("button", { name: /Discard .*iss-1/ }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  await waitFor(() => expect(asked).toEqual(["discard", "restore"]));
});

test("a viewer may not read what the service sent, nor try it again", async () => {
  const viewer = get("/auth/session", { ...SESSION, project: { ...PROJECT, role: "viewer" } });
  const { user } = open(AT, viewer, groups, rows(failure()), ...failing);
  await user.click(await screen.findByRole("button", { name: "Show them" }));
  for (const name of ["What the service sent", /Discard/]) {
    expect(await screen.findByRole("button", { name })).toHaveAccessibleDescription(/may not do this/);
  }
});

test("without errors it says so; a connector that was never read gets no green mark", async () => {
  open(AT, ...sources(connector({ last_success_at: null })));
  const words = await screen.findByText("Everything that was read could be copied");
  expect(words.parentElement?.querySelector("svg")).toBeNull();
});
