import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, CITATION, EMPTY, event, run, streamed } from "../../test/answers";
import { get, open, refused } from "../../test/mayak";

const box = () => screen.findByRole("textbox", { name: "Your question" });
const asked = (fields = {}) => streamed(event("done", answer(fields)));
const stored = (fields = {}) => get("/lightrag/queries/a1", answer(fields));

test("a question is answered, and its citation opens the message at the quoted words", async () => {
  const { user, place } = open("/ask", asked());
  await user.type(await box(), "Who is unhappy?{Enter}");

  await user.click(await screen.findByRole("button", { name: /^Source 1:/ }));

  const pane = within(await screen.findByRole("complementary", { name: "Source" }));
  const mark = await pane.findByText(CITATION.quote, { selector: "mark" });
  expect(mark).toHaveTextContent(/^Мы ждём уже неделю!$/);
  expect(place()).toBe("/app/ask/a1?source=1");
});

test("an answer found by words only says so", async () => {
  open("/ask/a1", stored({ searched: "lexical", notes: ["embeddings_unavailable"] }));
  expect(await screen.findByText(/found by words only/)).toBeInTheDocument();
});

test.each([
  ["sources_gone", /their quotes are gone/],
  ["counted_then", /The figure is that of the day it was asked/],
  ["model_unavailable", /The language model did not reply/],
  ["sentences_dropped", /were dropped from this answer/],
])("the note %s is said in words", async (note, words) => {
  open("/ask/a1", stored({ notes: [note] }));
  expect(await screen.findByText(words)).toBeInTheDocument();
});

test("a failure says what, why and the request, keeps the question, and can be retried", async () => {
  const failing = refused(503, "answering_unavailable", "The model did not reply.");
  const { user } = open("/ask", streamed(event("started", { id: "a1" }), event("failed", failing)));
  await user.type(await box(), "Who is unhappy?{Enter}");
  const alert = within(await screen.findByRole("alert"));
  expect(alert.getByText("The model did not reply.")).toBeInTheDocument();
  expect(alert.getByText("Request req_1")).toBeInTheDocument();
  expect(await box()).toHaveValue("Who is unhappy?");

  open("/ask", asked());
  await user.click(alert.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText(/has been waiting for a week/)).toBeInTheDocument();
});

test("Shift and Enter starts a new line, and a slash elsewhere leads back to the box", async () => {
  const { user } = open("/ask");
  await user.type(await box(), "one{Shift>}{Enter}{/Shift}two");
  expect(await box()).toHaveValue("one\ntwo");
  (await box()).blur();
  await user.keyboard("/");
  expect(await box()).toHaveFocus();
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

test.each([
  [0.93, "Very likely right", /93% of answers/],
  [0.87, "Check the quotes", /87% of answers/],
  [0.5, "Check the quotes", /50% of answers/],
  [0.2, "Doubtful", /Only 20% of answers/],
])("a quality of %d is a word, and the word is explained", async (score, word, meaning) => {
  open("/ask/a1", stored({ quality_score: score }));
  expect(await screen.findByText(word)).toHaveAccessibleDescription(meaning);
});

test("an answer without a score claims nothing about its quality", async () => {
  open("/ask/a1", stored());
  await screen.findByText(/has been waiting/);
  expect(screen.queryByText(/Very likely|Check the quotes|Doubtful/)).toBeNull();
});

test("a follow-up sends the questions before it, says so, and can be dropped", async () => {
  const bodies: unknown[] = [];
  const { user, place } = open(
    "/ask/a1",
    stored({ history: ["Who wrote today?"] }),
    http.post("*/api/lightrag/query/stream", async ({ request }) => {
      bodies.push(await request.json());
      const body = event("done", answer({ id: "a2", question: "Since when?", history: ["Who wrote today?", "Who is unhappy?"] }));
      return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
    }),
  );
  await user.click(await screen.findByRole("button", { name: "Ask a follow-up" }));
  expect(await screen.findByText("Follows:")).toHaveTextContent("Follows: Who is unhappy? and 1 before it");
  await user.type(await box(), "Since when?{Enter}");

  expect(await screen.findByText(/^Followed:/)).toHaveTextContent("Followed: Who is unhappy? and 1 before it");
  expect(bodies).toEqual([{ question: "Since when?", history: ["Who wrote today?", "Who is unhappy?"] }]);
  await user.click(screen.getByRole("button", { name: "Do not follow it" }));
  await waitFor(() => expect(place()).toBe("/app/ask/a2"));
});

test("how it was found is a table of ranks, asked for when it was not kept", async () => {
  const ranks = { dense: 2, lexical: null };
  const one = { chunk_id: "c1", document_type: "linear_issue", document_id: "i1", title: "ENG-1", text: "Late", score: 0.0312, ranks };
  const explain = { lists: {}, fused: [one], settings: { rrf_k: 60 } };
  const { user } = open("/ask/a1", stored(), asked({ id: "a2", explain }));
  await user.click(await screen.findByText("How it was found"));
  await user.click(screen.getByRole("button", { name: "Ask again and show them" }));
  const table = within(await screen.findByRole("table"));
  const cells = table.getAllByRole("cell").map((cell) => cell.textContent);
  expect(cells).toEqual(["1", "Linear issue · ENG-1Late", "2", "0.0312"]);
  expect(screen.getByText("Settings: rrf_k = 60")).toBeInTheDocument();
});

test("an answer that is not in the data says why and what to do next", async () => {
  const { user } = open("/ask", asked({ ...EMPTY, reason: "below_threshold" }));
  await user.type(await box(), "Who likes jazz?{Enter}");
  expect(await screen.findByText(/comes close enough/)).toBeInTheDocument();
  expect(screen.getByText(/Use the words a client would have used/)).toBeInTheDocument();
});

test("earlier questions come page by page, each with a link and how it ended", async () => {
  const { user } = open(
    "/ask",
    http.get("*/api/lightrag/queries", ({ request }) => {
      const second = new URL(request.url).searchParams.get("cursor") === "c2";
      const found = second ? run({ id: "q2", question: "Who pays late?", status: "empty", feedback: "down" }) : run();
      return HttpResponse.json({ items: [found], next_cursor: second ? null : "c2" });
    }),
  );
  await user.type(await screen.findByRole("searchbox", { name: "Search the questions" }), "pays");
  expect(screen.queryByRole("link", { name: /Question q1/ })).toBeNull();
  await user.click(await screen.findByRole("button", { name: "Look through older ones" }));
  const link = await screen.findByRole("link", { name: /Who pays late\?.*not in the data/ });
  expect(link).toHaveAttribute("href", "/app/ask/q2");
  expect(within(link).getByLabelText("marked as wrong")).toBeInTheDocument();
});
