import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse, type HttpHandler } from "msw";

import type { Schema } from "../api/client";
import { createApp } from "../app/create-app";
import { source, status } from "./answers";
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
    get("/lightrag/status", status()),
    get("/lightrag/queries", page()),
    get("/lightrag/sources/chatwoot_message/103", source()),
    get("/connectors/state", page()),
    get("/jobs/runs", page()),
  );
  const history = createMemoryHistory({ initialEntries: [`/app${path}`] });
  render(createApp({ history, attempts: 0 }));
  return { user: userEvent.setup(), place: () => history.location.href };
}
