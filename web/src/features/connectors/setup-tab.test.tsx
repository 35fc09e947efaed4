import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { get, open, post, PROJECT, refused, SESSION } from "../../test/mayak";
import { connector, pageOf, sources } from "../../test/sources";

const part = (external_id: string, name: string, bound: "here" | "elsewhere" | null = null, kind = "team") => ({
  kind,
  external_id,
  name,
  bound,
});
const PARTS = pageOf(
  part("acc", "Northwind studio", "elsewhere", "account"),
  part("t1", "Coffee", "here"),
  part("t2", "Roastery"),
  part("t3", "Vega clinic", "elsewhere"),
);
const BOUND = { scope: "parts", inboxes: [], parts: [{ kind: "team", external_id: "t1", name: null }] };
const setup = (bound: object = BOUND) => [
  get("/connectors/linear/parts", PARTS),
  get("/connectors/linear/bindings", bound),
  ...sources(),
];
const as = (role: typeof PROJECT.role) => get("/auth/session", { ...SESSION, project: { ...PROJECT, role } });
const PASSED = {
  ok: true,
  account_name: "Northwind studio",
  user: "Anna",
  role: "admin",
  missing: { notes: "note:read" },
  parts_count: 3,
  coverage: [{ kind: "team", external_id: "t1", name: "Coffee", seen: true }],
  sample: [{ stream: "issues", title: "<b>Broken</b> cup", at: null }],
  cost_ms: 120,
  error: null,
};
const SECRET = "lin_api_secret";

describe("the credential", () => {
  test("is tested before it is stored, and what it sees is shown as text", async () => {
    let sent: unknown = null;
    const { user } = open(
      "/connectors/linear?tab=setup",
      http.post("*/api/connectors/linear/test", async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json(PASSED);
      }),
      ...setup(),
    );
    await user.type(await screen.findByLabelText("Personal API key"), SECRET);
    await user.click(screen.getByRole("button", { name: "Test" }));
    expect(await screen.findByText("It works")).toBeInTheDocument();
    expect(screen.getByText("Notes: needs note:read")).toBeInTheDocument();
    expect(screen.getByText("<b>Broken</b> cup")).toBeInTheDocument();
    expect(sent).toEqual({ secret: SECRET });
  });

  test("that fails says why and what to do", async () => {
    const error = { kind: "auth", message: "Linear refused the key.", next_step: "Set a new one." };
    const failed = { ...PASSED, ok: false, account_name: null, error };
    const { user } = open("/connectors/linear?tab=setup", post("/connectors/linear/test", failed), ...setup());
    await user.click(await screen.findByRole("button", { name: "Test what is stored" }));
    expect(await screen.findByText("It does not work")).toBeInTheDocument();
    expect(screen.getByText("Linear refused the key.")).toBeInTheDocument();
    expect(screen.getByText("Set a new one.")).toBeInTheDocument();
  });

  test("is gone from the page once it is stored", async () => {
    const { user } = open(
      "/connectors/linear?tab=setup",
      http.put("*/api/connectors/linear/connection", () => HttpResponse.json({ connector: connector(), test: PASSED })),
      ...setup(),
    );
    const field = await screen.findByLabelText("Personal API key");
    expect(field).toHaveAttribute("type", "password");
    await user.type(field, SECRET);
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Linear is connected.")).toBeInTheDocument();
    expect(field).toHaveValue("");
    expect(JSON.stringify([localStorage, sessionStorage])).not.toContain(SECRET);
  });

  test("whose test failed can be stored all the same, on a word", async () => {
    const forced: boolean[] = [];
    const { user } = open(
      "/connectors/linear?tab=setup",
      http.put("*/api/connectors/linear/connection", async ({ request }) => {
        const { force } = (await request.json()) as { force: boolean };
        forced.push(force);
        return force
          ? HttpResponse.json({ connector: connector(), test: PASSED })
          : HttpResponse.json(refused(409, "connection_failed", "Nothing was stored: it is down."), { status: 409 });
      }),
      ...setup(),
    );
    await user.type(await screen.findByLabelText("Personal API key"), SECRET);
    await user.click(screen.getByRole("button", { name: "Save" }));
    await user.click(await screen.findByRole("button", { name: "Store it all the same" }));
    await waitFor(() => expect(forced).toEqual([false, true]));
  });
});

describe("what belongs to the project", () => {
  test("a part of another project cannot be chosen, and it is said why, but not whose", async () => {
    open("/connectors/linear?tab=setup", ...setup());
    const box = await screen.findByRole("checkbox", { name: /Vega clinic.*belongs to another project/ });
    expect(box).toBeDisabled();
    expect(screen.getByRole("switch", { name: /whole account/ })).toBeDisabled();
  });

  test("a part that is chosen is told to the server with those before", async () => {
    let sent: unknown = null;
    const { user } = open(
      "/connectors/linear?tab=setup",
      http.put("*/api/connectors/linear/bindings", async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json(BOUND);
      }),
      ...setup(),
    );
    await user.click(await screen.findByRole("checkbox", { name: /Roastery/ }));
    await user.click(screen.getByRole("button", { name: "Save what belongs here" }));
    const parts = [
      { kind: "team", external_id: "t1", name: "Coffee" },
      { kind: "team", external_id: "t2", name: "Roastery" },
    ];
    await waitFor(() => expect(sent).toEqual({ scope: "parts", inboxes: [], parts }));
  });

  test("to take one away is to delete here: it is said, and has to be confirmed", async () => {
    let sent: unknown = null;
    const { user } = open(
      "/connectors/linear?tab=setup",
      http.put("*/api/connectors/linear/bindings", async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json({ ...BOUND, scope: "none", parts: [] });
      }),
      ...setup(),
    );
    await user.click(await screen.findByRole("checkbox", { name: /Coffee/ }));
    const save = screen.getByRole("button", { name: "Save what belongs here" });
    expect(screen.getByRole("alert")).toHaveTextContent(/Coffee.*1 part will be deleted here/);
    await user.click(save);
    expect(sent).toBeNull();
    await user.click(screen.getByRole("checkbox", { name: "Yes, delete it here" }));
    await user.click(save);
    await waitFor(() => expect(sent).toEqual({ scope: "none", inboxes: [], parts: [] }));
  });

  test("to give up the whole account says how many rows it is about", async () => {
    const whole = { scope: "account", inboxes: [], parts: [] };
    const { user } = open("/connectors/linear?tab=setup", ...setup(whole));
    await user.click(await screen.findByRole("switch", { name: /whole account/ }));
    expect(screen.getByRole("alert")).toHaveTextContent(/copied from Linear.*now 1,240 rows/);
  });

  test("the parts are searched by name", async () => {
    const { user } = open("/connectors/linear?tab=setup", ...setup());
    await screen.findByRole("checkbox", { name: /Roastery/ });
    await user.type(screen.getByRole("searchbox", { name: "Search" }), "coff");
    const list = within(screen.getByRole("list", { name: "What the credential sees" }));
    await waitFor(() => expect(list.getAllByRole("checkbox")).toHaveLength(1));
  });

  test("whoever may not change it sees it, and asks the service nothing", async () => {
    open(
      "/connectors/linear?tab=setup",
      as("operator"),
      get("/connectors/linear/bindings", { ...BOUND, parts: [{ kind: "team", external_id: "t1", name: "Coffee" }] }),
      ...sources(),
    );
    expect(await screen.findByText("Coffee")).toBeInTheDocument();
    expect(screen.getByLabelText("Personal API key")).toBeDisabled();
    expect(screen.getByRole("button", { name: "Test what is stored" })).toHaveAccessibleDescription(/may not do this/);
  });
});
