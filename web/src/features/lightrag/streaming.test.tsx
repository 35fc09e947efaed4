import { fireEvent, screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, CITATION, event, streamed, streaming, table } from "../../test/answers";
import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";

const box = () => screen.findByRole("textbox", { name: "Your question" });
const whole = () => post("/lightrag/query", answer());
const FIRST = { text: "It is late.", citations: [1] };

test("sentences appear as they come, with citations that open at once", async () => {
  const server = streaming();
  const { user, place } = open("/ask", server.handler);
  await user.type(await box(), "Who is unhappy?{Enter}");
  await waitFor(() => expect(server.asked).toEqual([{ question: "Who is unhappy?" }]));
  server.push("started", { id: "a1" });
  server.push("citations", [CITATION]);
  server.push("sentence", FIRST);

  expect(await screen.findByText(/It is late\./)).toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: /^Source 1:/ }));
  await screen.findByText(CITATION.quote, { selector: "mark" });
  server.push("done", answer());
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
  expect(screen.queryByText(/It is late\./)).toBeNull();
  await waitFor(() => expect(place()).toBe("/app/ask/a1?source=1"));
});

test("a table comes before the answer is whole", async () => {
  const server = streaming();
  const { user } = open("/ask", server.handler);
  await user.type(await box(), "How much is open?{Enter}");
  await waitFor(() => expect(server.asked).toHaveLength(1));
  server.push("started", { id: "a1" });
  server.push("table", table());
  expect(await screen.findByText("$12,900")).toBeInTheDocument();
  server.push("done", answer());
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
});

test("stop ends the wait, and what had come is said to be a part", async () => {
  const server = streaming();
  const { user } = open("/ask", server.handler);
  await user.type(await box(), "Who is unhappy?{Enter}");
  await waitFor(() => expect(server.asked).toHaveLength(1));
  server.push("sentence", FIRST);
  await screen.findByText(/It is late\./);
  await user.click(screen.getByRole("button", { name: "Stop" }));

  expect(await screen.findByText(/only a part of the answer/)).toBeInTheDocument();
  expect(screen.getByText(/It is late\./)).toBeInTheDocument();
  expect(await box()).toHaveValue("Who is unhappy?");
});

test("a table that had come stays when its answer is stopped", async () => {
  const server = streaming();
  const { user } = open("/ask", server.handler);
  await user.type(await box(), "How much is open?{Enter}");
  await waitFor(() => expect(server.asked).toHaveLength(1));
  server.push("table", table());
  await screen.findByText("$12,900");
  await user.click(screen.getByRole("button", { name: "Stop" }));
  expect(await screen.findByText(/only a part of the answer/)).toBeInTheDocument();
  expect(screen.getByText("$12,900")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Northwind renewal" })).toBeNull();
});

test("the source of an answer that is stopped closes, and none is said to be ready", async () => {
  const server = streaming();
  const { user, place } = open("/ask/a1", get("/lightrag/queries/a1", answer()), server.handler);
  await screen.findByText(/has been waiting for a week/);
  await user.type(await box(), "And who is happy?{Enter}");
  await waitFor(() => expect(server.asked).toHaveLength(1));
  server.push("citations", [CITATION]);
  server.push("sentence", FIRST);
  const [marker] = await screen.findAllByRole("button", { name: /^Source 1:/ });
  if (marker) await user.click(marker);
  await waitFor(() => expect(place()).toBe("/app/ask/a1?source=1"));
  await user.click(screen.getByRole("button", { name: "Stop" }));

  expect(await screen.findByText(/only a part of the answer/)).toBeInTheDocument();
  expect(place()).toBe("/app/ask/a1");
  expect(screen.queryByText(/^Answer ready/)).toBeNull();
});

test("a new question leaves behind one that failed", async () => {
  const { user } = open("/ask", post("/lightrag/query/stream", refused(503, "unavailable"), 503));
  await user.type(await box(), "Who is unhappy?{Enter}");
  await screen.findByRole("alert");
  await user.click(screen.getByRole("button", { name: "New question" }));
  expect(await screen.findByRole("button", { name: "Who is waiting for us?" })).toBeInTheDocument();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("of two questions at once only the first is asked", async () => {
  const server = streaming();
  open("/ask", server.handler);
  const suggestion = await screen.findByRole("button", { name: "Who is waiting for us?" });
  fireEvent.click(suggestion);
  fireEvent.click(suggestion);
  await screen.findByRole("heading", { name: "Who is waiting for us?" });
  await waitFor(() => expect(server.asked).not.toHaveLength(0));
  expect(server.asked).toHaveLength(1);
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(await screen.findByText("Stopped before anything came.")).toBeInTheDocument();
});

test.each([
  ["another project is open", { ...SESSION, project: { ...PROJECT, id: "p2", name: "Southwind" } }],
  ["another person is logged in", { ...SESSION, user: { ...SESSION.user, id: "u2" } }],
])("a question whose stream broke off is not asked again once %s", async (_, moved) => {
  const again: unknown[] = [];
  let session = SESSION;
  let checked = 0;
  const { user } = open(
    "/ask",
    http.get("*/api/auth/session", () => {
      if (session === moved) checked += 1;
      return HttpResponse.json(session);
    }),
    http.post("*/api/lightrag/query/stream", () => {
      session = moved;
      return HttpResponse.error();
    }),
    http.post("*/api/lightrag/query", async ({ request }) => {
      again.push(await request.json());
      return HttpResponse.json(answer());
    }),
  );
  await user.type(await box(), "Who is unhappy?{Enter}");
  await waitFor(() => expect(checked).toBeGreaterThan(0));
  expect(await screen.findByRole("button", { name: "Who is waiting for us?" })).toBeInTheDocument();
  expect(again).toEqual([]);
});

test("the answer before stays on the page while another question runs", async () => {
  const server = streaming();
  const { user } = open("/ask/a1", get("/lightrag/queries/a1", answer()), server.handler);
  await screen.findByText(/has been waiting for a week/);
  await user.type(await box(), "And who is happy?{Enter}");
  expect(await screen.findByRole("heading", { name: "And who is happy?" })).toBeInTheDocument();
  expect(screen.getByText(/has been waiting for a week/)).toBeInTheDocument();
  expect(screen.getByText("The answer before")).toBeInTheDocument();
});

test.each([
  ["the network fails", () => HttpResponse.error()],
  ["a proxy answers instead", () => new HttpResponse("<html>", { status: 502 })],
  ["the server has no streams", () => HttpResponse.json(refused(404, "not_found"), { status: 404 })],
  ["the stream is not one", () => HttpResponse.json(answer())],
  ["it is cut off before it starts", () => new HttpResponse("event: sta", { headers: { "content-type": "text/event-stream" } })],
])("the answer comes in one piece when %s", async (_, reply) => {
  const { user } = open("/ask", http.post("*/api/lightrag/query/stream", reply), whole());
  await user.type(await box(), "Who is unhappy?{Enter}");
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
});

test("an answer whose stream broke off is fetched where it was kept, not asked for again", async () => {
  const { user } = open(
    "/ask",
    streamed(event("started", { id: "a1" }), event("sentence", FIRST)),
    get("/lightrag/queries/a1", answer()),
  );
  await user.type(await box(), "Who is unhappy?{Enter}");
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
});

test("a refusal is told as it is, and not asked again in one piece", async () => {
  const denied = refused(429, "too_many_requests", "30 questions a minute.");
  const { user } = open("/ask", post("/lightrag/query/stream", denied, 429));
  await user.type(await box(), "Who is unhappy?{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("30 questions a minute.");
});
