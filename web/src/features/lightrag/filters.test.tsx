import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer, EMPTY, event } from "../../test/answers";
import { get, open } from "../../test/mayak";

const CHOICES = {
  clients: [{ key: "attio_company:c1", name: "Northwind", documents: 12 }],
  people: [{ key: "attio_person:p1", name: "Irina", documents: 3 }],
  sources: [],
  languages: [],
};
const choices = http.get("*/api/lightrag/filters", ({ request }) => {
  const words = new URL(request.url).searchParams.get("q") ?? "";
  const clients = CHOICES.clients.filter(({ name }) => name.toLowerCase().includes(words));
  return HttpResponse.json({ ...CHOICES, clients });
});
const box = () => screen.findByRole("textbox", { name: "Your question" });

function recorded(fields = {}) {
  const bodies: Record<string, unknown>[] = [];
  const handler = http.post("*/api/lightrag/query/stream", async ({ request }) => {
    bodies.push((await request.json()) as Record<string, unknown>);
    const body = event("done", answer({ id: "a2", ...fields }));
    return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
  });
  return { bodies, handler };
}

test("filters are chosen, stand in the address, and go with the question", async () => {
  const server = recorded();
  const { user, place } = open("/ask", choices, server.handler);
  await user.click(await screen.findByRole("button", { name: "Source" }));
  await user.click(await screen.findByRole("checkbox", { name: "Linear" }));
  await user.keyboard("{Escape}");
  await user.click(screen.getByRole("button", { name: "Client" }));
  await user.type(await screen.findByRole("searchbox", { name: "Client: find by name" }), "north");
  await user.click(await screen.findByRole("checkbox", { name: /Northwind/ }));
  await waitFor(() => expect(place()).toBe("/app/ask?sources=linear&clients=attio_company%3Ac1"));

  await user.keyboard("{Escape}");
  await user.type(await box(), "What is late?{Enter}");
  await waitFor(() => expect(place()).toContain("/app/ask/a2?sources=linear"));
  expect(server.bodies[0]?.filters).toEqual({ sources: ["linear"], clients: ["attio_company:c1"] });
});

test("a period is chosen from the usual ones", async () => {
  const { user, place } = open("/ask", choices);
  await user.click(await screen.findByRole("button", { name: "Period" }));
  await user.click(await screen.findByRole("radio", { name: "last 30 days" }));
  await waitFor(() => expect(place()).toBe("/app/ask?period=30d"));
});

test("an address brings its filters back by name; each can be dropped, and all at once", async () => {
  const { user, place } = open("/ask?sources=linear&clients=attio_company%3Ac1&since=2026-03-01", choices);
  const bar = within(await screen.findByRole("group", { name: "Filters" }));
  expect(await bar.findByRole("button", { name: "Client: Northwind" })).toBeInTheDocument();
  expect(bar.getByRole("button", { name: /Period: since Mar 1, 2026/ })).toBeInTheDocument();
  await user.click(bar.getByRole("button", { name: "Drop the filter: Client" }));
  await waitFor(() => expect(place()).toBe("/app/ask?sources=linear&since=2026-03-01"));
  await user.click(bar.getByRole("button", { name: "Clear all" }));
  await waitFor(() => expect(place()).toBe("/app/ask"));
});

test("filters that left nothing are named, and dropped with one press", async () => {
  const server = recorded();
  const filters = { sources: ["linear" as const], clients: [], people: [], languages: ["ru" as const] };
  const { user } = open(
    "/ask/a1?sources=linear",
    choices,
    server.handler,
    get("/lightrag/queries/a1", answer({ ...EMPTY, reason: "filtered", filters })),
  );
  expect(await screen.findByText(/Everything else was left out by:/)).toHaveTextContent("Linear · Russian");
  await user.click(screen.getByRole("button", { name: "Drop the filters and ask again" }));
  await screen.findByText(/has been waiting for a week/);
  expect(server.bodies).toEqual([{ question: "Who is unhappy?" }]);
});
