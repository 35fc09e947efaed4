import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, oneCase } from "../../test/answers";
import { get, open, PROJECT, refused, SESSION } from "../../test/mayak";
import { server } from "../../test/server";

function judged() {
  const sent: unknown[] = [];
  const handler = http.post("*/api/lightrag/queries/a1/feedback", async ({ request }) => {
    const body = (await request.json()) as { value: "up" | "down" | null };
    sent.push(body);
    return HttpResponse.json(answer({ feedback: body.value }));
  });
  return { sent, handler };
}
const stored = () => get("/lightrag/queries/a1", answer());

test("a thumb down asks what was wrong and sends it", async () => {
  const { sent, handler } = judged();
  const { user } = open("/ask/a1", stored(), handler);
  await user.click(await screen.findByRole("button", { name: "No, something is wrong" }));
  await user.click(await screen.findByRole("radio", { name: "Out of date" }));
  await user.type(screen.getByRole("textbox", { name: "What was wrong?" }), "Wrong client");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText(/It is saved/)).toBeInTheDocument();
  expect(sent).toEqual([{ value: "down" }, { value: "down", reason: "outdated", comment: "Wrong client" }]);
});

test("a mark is taken back", async () => {
  const { sent, handler } = judged();
  const { user } = open("/ask/a1", stored(), handler);
  await user.click(await screen.findByRole("button", { name: "Yes, it was right" }));
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByText(/taken back/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Yes, it was right" })).toHaveAttribute("aria-pressed", "false");
  expect(sent).toEqual([{ value: "up" }, { value: null }]);
});

test("a complaint that failed is sent again, and then its form closes", async () => {
  const { handler } = judged();
  const { user } = open("/ask/a1", stored(), handler);
  await user.click(await screen.findByRole("button", { name: "No, something is wrong" }));
  await user.click(await screen.findByRole("radio", { name: "Out of date" }));
  const down = () => HttpResponse.json(refused(503, "unavailable"), { status: 503 });
  server.use(http.post("*/api/lightrag/queries/a1/feedback", down, { once: true }));
  await user.click(screen.getByRole("button", { name: "Send" }));
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/It is saved/)).toBeInTheDocument();
  expect(screen.queryByRole("textbox", { name: "What was wrong?" })).toBeNull();
});

test("of two quick presses the first one counts", async () => {
  const { sent, handler } = judged();
  open("/ask/a1", stored(), handler);
  const up = await screen.findByRole("button", { name: "Yes, it was right" });
  fireEvent.click(up);
  fireEvent.click(screen.getByRole("button", { name: "No, something is wrong" }));
  expect(await screen.findByText(/It is saved|Thank/)).toBeInTheDocument();
  expect(sent).toEqual([{ value: "up" }]);
});

test("a manager decides about a case, with what the answer should have been", async () => {
  const sent: unknown[] = [];
  const items = [oneCase()];
  const { user } = open(
    "/ask/cases",
    http.get("*/api/lightrag/cases", ({ request }) => {
      const shown = new URL(request.url).searchParams.get("status");
      return HttpResponse.json({ items: items.filter(({ status }) => status === shown), next_cursor: null });
    }),
    http.post("*/api/lightrag/cases/k1", async ({ request }) => {
      sent.push(await request.json());
      items[0] = oneCase({ status: "accepted", expected: "Oleg" });
      return HttpResponse.json(items[0]);
    }),
  );
  const one = within(await screen.findByRole("article", { name: "Who is unhappy?" }));
  expect(one.getByText("It is Oleg")).toBeInTheDocument();
  await user.type(one.getByLabelText("What the answer should have been"), "Oleg");
  await user.click(one.getByRole("button", { name: "Accept" }));
  expect(await screen.findByText("No answer waits for a verdict")).toBeInTheDocument();
  expect(sent).toEqual([{ status: "accepted", expected: "Oleg" }]);
  await user.click(screen.getByRole("link", { name: "Accepted" }));
  expect(await screen.findByRole("button", { name: "Reopen" })).toBeInTheDocument();
});

test("who does not decide has no way to the cases", async () => {
  const session = { ...SESSION, project: { ...PROJECT, role: "viewer" } };
  open("/ask", get("/auth/session", session));
  await screen.findByRole("textbox", { name: "Your question" });
  await waitFor(() => expect(screen.queryByRole("link", { name: "Cases" })).toBeNull());
});
