import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, CITATION, get, open, post, refused, source } from "../../test/mayak";

const box = () => screen.findByRole("textbox", { name: "Your question" });
const asked = (fields = {}) => post("/lightrag/query", answer(fields));
const stored = (fields = {}) => get("/lightrag/queries/a1", answer(fields));
const sourcePane = () => screen.findByRole("complementary", { name: "Source" });

test("a question is answered, and its citation opens the message at the quoted words", async () => {
  const { user, place } = open("/ask", asked());
  await user.type(await box(), "Who is unhappy?{Enter}");

  await user.click(await screen.findByRole("button", { name: /^Source 1:/ }));

  const mark = await within(await sourcePane()).findByText(CITATION.quote, { selector: "mark" });
  expect(mark).toHaveTextContent(/^Мы ждём уже неделю!$/);
  expect(place()).toBe("/app/ask/a1?source=1");
});

test("what a client wrote is shown as text, never as HTML", async () => {
  open("/ask/a1?source=1", stored());
  expect(await screen.findByText("<b>Hello</b>")).toBeInTheDocument();
});

test("a message that was edited since is not marked at the wrong words", async () => {
  open(
    "/ask/a1?source=1",
    stored(),
    get("/lightrag/sources/chatwoot_message/103", source("Everything is fine now, thank you all.")),
  );
  const pane = within(await sourcePane());
  expect(await pane.findByText(/has changed since this answer/)).toBeInTheDocument();
  expect(pane.queryByText(CITATION.quote, { selector: "mark" })).toBeNull();
});

test("a message deleted at the source is said to be so", async () => {
  open("/ask/a1?source=1", stored(), get("/lightrag/sources/chatwoot_message/103", source(null)));
  expect(await screen.findByText(/^Deleted at the source/)).toBeInTheDocument();
});

test("Chatwoot opens in a tab that cannot reach back", async () => {
  open("/ask/a1?source=1", stored());
  const link = await screen.findByRole("link", { name: /Open in Chatwoot/ });
  expect(link).toHaveAttribute("rel", "noopener noreferrer");
  expect(link).toHaveAttribute("href", CITATION.url);
});

test("a link that is not a web address is not offered", async () => {
  open("/ask/a1?source=1", stored({ citations: [{ ...CITATION, url: "javascript:alert(1)" }] }));
  await screen.findByText(CITATION.quote, { selector: "mark" });
  expect(screen.queryByRole("link", { name: /Open in Chatwoot/ })).toBeNull();
});

test("Escape closes the source, and the keyboard is back at its marker", async () => {
  const { user, place } = open("/ask/a1?source=1", stored());
  await sourcePane();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(place()).toBe("/app/ask/a1"));
  expect(screen.getByRole("button", { name: /^Source 1:/ })).toHaveFocus();
});

const EMPTY = { status: "empty", mode: "none", sentences: [], citations: [] } as const;

test("an answer that is not in the data says why and what to do next", async () => {
  const { user } = open("/ask", asked({ ...EMPTY, reason: "below_threshold" }));
  await user.type(await box(), "Who likes jazz?{Enter}");
  expect(await screen.findByText(/Nothing close enough/)).toBeInTheDocument();
  expect(screen.getByText(/Use the words a client would have used/)).toBeInTheDocument();
});

test("a reason this page does not know is told in the server's words", async () => {
  open("/ask/a1", stored({ ...EMPTY, reason: "moon_phase", reason_text: "The moon is full." }));
  expect(await screen.findByText("The moon is full.")).toBeInTheDocument();
});

test("an answer found by words only says so", async () => {
  open("/ask/a1", stored({ mode: "lexical", notes: ["embeddings_unavailable"] }));
  expect(await screen.findByText(/found by words only/)).toBeInTheDocument();
});

test("an answer that lost quotes says so and shows the ones that stand", async () => {
  open("/ask/a1", stored({ notes: ["sources_gone"] }));
  expect(await screen.findByText(/their quotes are gone/)).toBeInTheDocument();
});

test("a failure says what, why and the request, keeps the question, and can be retried", async () => {
  const failing = refused(503, "answering_unavailable", "The model did not reply.");
  const { user } = open("/ask", post("/lightrag/query", failing, 503));
  await user.type(await box(), "Who is unhappy?{Enter}");
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("The model did not reply.")).toBeInTheDocument();
  expect(alert.getByText("Request req_1")).toBeInTheDocument();
  expect(await box()).toHaveValue("Who is unhappy?");

  open("/ask", asked());
  await user.click(alert.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
});

test("Shift and Enter starts a new line", async () => {
  const { user } = open("/ask");
  await user.type(await box(), "one{Shift>}{Enter}{/Shift}two");
  expect(await box()).toHaveValue("one\ntwo");
});

test("a question over the limit cannot be sent, and says by how much", async () => {
  const { user } = open("/ask");
  await user.click(await box());
  await user.paste("😡".repeat(2001));
  expect(screen.getByText("1 character too long")).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Ask" })).toBeDisabled();
});

test("a suggestion is asked when pressed", async () => {
  const { user, place } = open("/ask", asked());
  await user.click(await screen.findByRole("button", { name: "Who is waiting for us?" }));
  await waitFor(() => expect(place()).toBe("/app/ask/a1"));
});

test("a thumb down asks what was wrong and sends it", async () => {
  const sent: unknown[] = [];
  const { user } = open(
    "/ask/a1",
    stored(),
    http.post("*/api/lightrag/queries/a1/feedback", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(answer({ feedback: "down" }));
    }),
  );
  await user.click(await screen.findByRole("button", { name: "No, something is wrong" }));
  await user.type(await screen.findByLabelText("What was wrong?"), "Wrong client");
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(await screen.findByText(/It is saved/)).toBeInTheDocument();
  expect(sent).toEqual([{ value: "down" }, { value: "down", comment: "Wrong client" }]);
});

test("earlier questions come page by page, each with a link of its own", async () => {
  const item = (id: string) => ({ id, question: `Question ${id}`, status: "empty", asked_at: "2026-03-01T12:00:00Z", citations: 0 });
  const { user } = open(
    "/ask",
    http.get("*/api/lightrag/queries", ({ request }) => {
      const second = new URL(request.url).searchParams.get("cursor") === "c2";
      return HttpResponse.json({ items: [item(second ? "q2" : "q1")], next_cursor: second ? null : "c2" });
    }),
  );
  await user.click(await screen.findByRole("button", { name: "Show more" }));
  expect(await screen.findByRole("link", { name: /Question q2/ })).toHaveAttribute("href", "/app/ask/q2");
  expect(screen.getByRole("link", { name: /Question q1/ })).toBeInTheDocument();
});
