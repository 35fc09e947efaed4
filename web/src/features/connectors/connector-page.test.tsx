import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";

import { run, soon } from "../../test/jobs";
import { get, open, post, refused } from "../../test/mayak";
import { connector, pageOf, sources, stream } from "../../test/sources";

const title = async (name: string) => screen.findByRole("heading", { level: 1, name });

describe("streams", () => {
  test("each says how it is, up to when it holds changes, and how much is here", async () => {
    const slow = stream({ stream: "comments", status: "failing", cause: "HTTP 500.", next_step: "Wait.", rows: 7 });
    open("/connectors/linear", ...sources(connector({ streams: [stream(), slow] })));
    expect(await screen.findByRole("row", { name: /^Issues/ })).toHaveTextContent(/in sync.*holds changes until.*1,240/);
    expect(screen.getByRole("row", { name: /^Comments/ })).toHaveTextContent(/failing.*HTTP 500.*Wait/);
  });

  test("one that is being read shows how far it is", async () => {
    open("/connectors/linear", ...sources(connector({ streams: [stream({ status: "running", done: 300, total: 1200 })] })));
    expect(await screen.findByText("300 of 1,200")).toBeInTheDocument();
    expect(screen.getByRole("progressbar", { name: "Reading Issues" })).toHaveAttribute("aria-valuenow", "25");
  });

  test("a number leads to the rows", async () => {
    open("/connectors/linear", ...sources());
    const row = await screen.findByRole("row", { name: /Issues/ });
    expect(within(row).getByRole("link", { name: "1,240" })).toHaveAttribute("href", "/app/connectors/linear?tab=records&stream=issues");
  });
});

test("a connector that there is not is said to be none", async () => {
  open("/connectors/hubspot", ...sources());
  expect(await screen.findByText("There is no connector called “hubspot”")).toBeInTheDocument();
});

test("each part has an address of its own; fields are for Attio alone", async () => {
  open("/connectors/linear", ...sources());
  await title("Linear");
  const tabs = within(screen.getByRole("navigation", { name: "Parts of Linear" }));
  expect(tabs.getByRole("link", { name: "Webhooks" })).toHaveAttribute("href", "/app/connectors/linear?tab=webhooks");
  expect(tabs.queryByRole("link", { name: "Fields" })).toBeNull();
});

describe("fields", () => {
  const attribute = (id: string, name: string) => ({ id, slug: id, title: name, type: "text" });
  const field = { field: "stage", attribute: attribute("a1", "Stage"), chosen_by: "name", candidates: [attribute("a1", "Stage"), attribute("a2", "Phase")] };
  const attio = sources(connector({ connector: "attio", title: "Attio" }));

  test("a person says which attribute a field is, and everything is read again", async () => {
    let sent: unknown = null;
    const { user } = open(
      "/connectors/attio?tab=fields",
      get("/connectors/attio/mapping", { objects: [{ object: "companies", fields: [field] }] }),
      http.put("*/api/connectors/attio/mapping", async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json({ objects: [] });
      }),
      ...attio,
    );
    await user.click(await screen.findByRole("combobox", { name: "Stage" }));
    await user.click(await screen.findByText("Phase (a2)"));
    await user.click(screen.getByRole("button", { name: "Save and read everything again" }));
    await waitFor(() => expect(sent).toEqual({ companies: { stage: "a2" } }));
  });

  test("before the first sync there is nothing to choose", async () => {
    open("/connectors/attio?tab=fields", get("/connectors/attio/mapping", { objects: [] }), ...attio);
    expect(await screen.findByText("The attributes are not known yet")).toBeInTheDocument();
  });
});

describe("webhooks", () => {
  const hook = {
    id: "w1",
    connector: "linear",
    url: "https://mayak.test/webhooks/linear/w1",
    mode: "signed",
    status: "active",
    at_service: "on",
    created_at: soon(-9000),
    last_delivery_at: soon(-60),
    last_error: null,
    deliveries: { done: 12, failed: 1 },
  };
  const AT = "/connectors/linear?tab=webhooks";

  test("one that works says how much came and when", async () => {
    open(AT, get("/connectors/linear/webhooks", pageOf(hook)), ...sources());
    expect(await screen.findByText(/works · on at the service/)).toBeInTheDocument();
    expect(screen.getByText(/waiting 0 · taken over 12 · ignored 0 · failed 1/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Install again" })).toBeNull();
  });

  test("one that the service lost is not green, and can be installed again", async () => {
    open(AT, get("/connectors/linear/webhooks", pageOf({ ...hook, at_service: "gone" })), ...sources());
    const line = await screen.findByText(/not at the service any more/);
    expect(line.querySelector('[data-hue="good"]')).toBeNull();
    expect(screen.getByRole("button", { name: "Install again" })).toBeInTheDocument();
  });

  test("a refusal to install says why", async () => {
    const why = refused(409, "no_public_url", "Set MAYAK_PUBLIC_URL first.");
    const { user } = open(AT, post("/connectors/linear/webhooks", why, 409), get("/connectors/linear/webhooks", pageOf()), ...sources());
    await user.click(await screen.findByRole("button", { name: "Install" }));
    expect(await screen.findByText("Set MAYAK_PUBLIC_URL first.")).toBeInTheDocument();
  });
});

test("what the service began to say later is listed", async () => {
  const found = [
    { connector: "linear", stream: "issues", field: "mood:text", first_seen_at: soon(-60), next_step: "" },
    { connector: "linear", stream: "issues", field: "priority_label=Wow", first_seen_at: soon(-60), next_step: "" },
  ];
  open("/connectors/linear?tab=drift", get("/connectors/drift", pageOf(...found)), ...sources());
  expect(await screen.findByRole("row", { name: /field mood \(text\) Issues/ })).toBeInTheDocument();
  expect(screen.getByRole("row", { name: /priority_label = Wow Issues/ })).toBeInTheDocument();
});

describe("records", () => {
  const row = { external_id: "iss-1", payload: { title: "<b>late</b>" }, source_updated_at: soon(-90), synced_at: soon(-60), deleted_at: soon(-30) };

  test("a row is looked up by its id, and shown as text with when it was deleted", async () => {
    const asked: string[] = [];
    open(
      "/connectors/linear?tab=records&stream=issues&id=iss-1&deleted=true",
      http.get("*/api/connectors/linear/records/issues", ({ request }) => {
        asked.push(new URL(request.url).search);
        return HttpResponse.json(pageOf(row));
      }),
      ...sources(),
    );
    expect(await screen.findByText(/"title": "<b>late<\/b>"/)).toBeInTheDocument();
    expect(screen.getByRole("group")).toHaveTextContent(/deleted \d+ seconds ago/);
    expect(asked[0]).toContain("external_id=iss-1&deleted=true");
  });

  test("one that is not here says where it may be", async () => {
    open("/connectors/linear?tab=records&stream=issues&id=none", get("/connectors/linear/records/issues", pageOf()), ...sources());
    expect(await screen.findByText("No such row")).toBeInTheDocument();
  });
});

test("a period is asked for in whole days by the reader's clock", async () => {
  let sent: unknown = null;
  const { user } = open(
    "/connectors/linear",
    http.post("*/api/connectors/linear/backfill", async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(run(), { status: 202 });
    }),
    ...sources(),
  );
  await user.click(await screen.findByRole("button", { name: "More for Linear" }));
  await user.click(await screen.findByRole("menuitem", { name: "Read a period again…" }));
  await user.type(await screen.findByLabelText("From"), "2026-01-05");
  await user.type(screen.getByLabelText(/Up to/), "2026-01-06");
  await user.click(screen.getByRole("button", { name: "Read it again" }));
  const day = (text: string) => new Date(`${text}T00:00:00`).toISOString();
  await waitFor(() => expect(sent).toEqual({ from: day("2026-01-05"), to: day("2026-01-07"), streams: null }));
});
