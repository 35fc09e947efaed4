import { screen, waitFor } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answer } from "../../test/answers";
import { get, open, post, refused, SESSION } from "../../test/mayak";
import { server } from "../../test/server";

const nobody = () => get("/auth/session", refused(401, "unauthenticated"), 401);
const logIn = async (user: ReturnType<typeof open>["user"]) => {
  await user.type(await screen.findByLabelText("E-mail"), "anna@studio.test");
  await user.type(screen.getByLabelText("Password"), "lighthouse{Enter}");
};

test("a wrong password is said plainly, and the form stays", async () => {
  const { user } = open("/", nobody(), post("/auth/login", refused(401, "invalid_credentials"), 401));
  await logIn(user);
  expect(await screen.findByRole("alert")).toHaveTextContent(/do not match/);
  expect(screen.getByLabelText("E-mail")).toHaveValue("anna@studio.test");
});

test("too many attempts ask to wait", async () => {
  const { user } = open("/", nobody(), post("/auth/login", refused(429, "too_many_attempts"), 429));
  await logIn(user);
  expect(await screen.findByRole("alert")).toHaveTextContent(/Wait a few minutes/);
});

test("a link to an answer leads through the login to that answer", async () => {
  const { user, place } = open(
    "/ask/a1?source=1",
    nobody(),
    post("/auth/login", SESSION),
    get("/lightrag/queries/a1", answer()),
  );
  await logIn(user);
  expect(await screen.findByRole("heading", { name: "Who is unhappy?" })).toBeInTheDocument();
  expect(place()).toBe("/app/ask/a1?source=1");
});

test("a session that ends while asking leads to the login, and the question is kept", async () => {
  const { user, place } = open("/ask", post("/lightrag/query", refused(401, "unauthenticated"), 401));
  await user.type(await screen.findByLabelText("Your question"), "Who is unhappy?{Enter}");
  await screen.findByRole("heading", { name: "Log in" });
  expect(place()).toContain("/app/login?next=");

  server.use(post("/auth/login", SESSION));
  await logIn(user);
  expect(await screen.findByLabelText("Your question")).toHaveValue("Who is unhappy?");
});

test("logging out leaves nothing to return to", async () => {
  const { user, place } = open("/ask", http.post("*/api/auth/logout", () => new HttpResponse(null, { status: 204 })));
  await screen.findByLabelText("Your question"); // the page takes the focus when it is there
  await user.click(screen.getByRole("button", { name: /Your account/ }));
  // Without a layout the menu takes its button for scrolled away, and hides itself.
  await user.click(await screen.findByRole("button", { name: "Log out", hidden: true }));
  await screen.findByRole("heading", { name: "Log in" });
  await waitFor(() => expect(place()).toBe("/app/login"));
});
