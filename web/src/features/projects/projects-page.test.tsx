import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";

const without = (role: "owner" | "member") =>
  get("/auth/session", { ...SESSION, project: null, user: { ...SESSION.user, role } });
const none = () => get("/projects", { items: [], next_cursor: null });

test("without an open project one chooses, and gets to Ask", async () => {
  const { user, place } = open("/ask", without("member"), post("/projects/p1/select", PROJECT));
  await user.click(await screen.findByRole("button", { name: /Northwind/ }));
  await waitFor(() => expect(place()).toBe("/app/ask"));
});

test("a member without projects learns the command, and cannot create one here", async () => {
  open("/", without("member"), none());
  expect(await screen.findByText(/mayak project create/)).toBeInTheDocument();
  expect(screen.queryByLabelText("Name")).toBeNull();
});

test("an owner creates the first project by its name and is in it", async () => {
  const sent: unknown[] = [];
  const create = http.post("*/api/projects", async ({ request }) => {
    sent.push(await request.json());
    return HttpResponse.json(PROJECT, { status: 201 });
  });
  const { user, place } = open("/", without("owner"), none(), create, post("/projects/p1/select", PROJECT));
  await user.type(await screen.findByLabelText("Name"), "Northwind{Enter}");
  await waitFor(() => expect(place()).toBe("/app/ask"));
  expect(sent).toEqual([expect.objectContaining({ name: "Northwind" })]);
});

test("a project that was taken away while a page was open leads back to the choice", async () => {
  const gone = refused(409, "no_project_selected");
  const { place } = open("/ask", get("/lightrag/status", gone, 409));
  await waitFor(() => expect(place()).toBe("/app/projects"));
});
