import { screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { answer, deal, table, tableAnswer } from "../../test/answers";
import { get, open, PROJECT, SESSION } from "../../test/mayak";

const counted = () => get("/lightrag/queries/a1", tableAnswer());
const names = () =>
  screen.getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("button")[0]?.textContent);

const textOf = (blob: Blob) =>
  new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.readAsText(blob);
  });

test("the figure stands above its rows, and a part is said to be one", async () => {
  open("/ask/a1", counted());
  expect(await screen.findByText("$12,900")).toBeInTheDocument();
  expect(screen.getByText("Shown 3 of 120")).toBeInTheDocument();
});

test("a press on a column sorts by it, and what is not known stays last", async () => {
  const { user } = open("/ask/a1", counted());
  const head = await screen.findByRole("columnheader", { name: "Amount, $" });
  await user.click(within(head).getByRole("button"));
  expect(names()).toEqual(["Northwind renewal", "=HYPERLINK(1)", "Acme"]);
  await user.click(within(head).getByRole("button"));
  expect(names()).toEqual(["=HYPERLINK(1)", "Northwind renewal", "Acme"]);
  expect(head).toHaveAttribute("aria-sort", "descending");
});

test("a row opens its citation, and one without a citation its record", async () => {
  const { user, place } = open(
    "/ask/a1",
    counted(),
    get("/lightrag/sources/attio_deal/d1", deal()),
    get("/lightrag/sources/attio_deal/d3", deal()),
  );
  await user.click(await screen.findByRole("button", { name: "Northwind renewal" }));
  await waitFor(() => expect(place()).toBe("/app/ask/a1?source=2"));
  await user.click(screen.getByRole("button", { name: "Acme" }));
  await waitFor(() => expect(place()).toBe("/app/ask/a1?record=attio_deal%3Ad3"));
  expect(await screen.findByRole("heading", { name: "Attio deal" })).toBeInTheDocument();
});

test("the rows are saved as a table that no spreadsheet runs", async () => {
  const saved: Blob[] = [];
  vi.stubGlobal("URL", Object.assign(URL, {
    createObjectURL: (blob: Blob) => (saved.push(blob), "blob:x"),
    revokeObjectURL: () => undefined,
  }));
  const { user } = open("/ask/a1", counted());
  await user.click(await screen.findByRole("button", { name: "Download CSV" }));
  const text = await textOf(saved[0] ?? new Blob());
  expect(text).toContain("Deal,\"Amount, $\"\r\nNorthwind renewal,900\r\n'=HYPERLINK(1),12000\r\nAcme,\r\n");
});

test("a day is the same day west of UTC, and has no hour", async () => {
  const [first] = table().rows;
  const due = table({
    columns: [{ key: "day", label: "Due", kind: "date" }],
    rows: first ? [{ ...first, cells: { day: "2026-03-05" } }] : [],
  });
  const session = { ...SESSION, project: { ...PROJECT, time_zone: "America/New_York" } };
  open("/ask/a1", get("/auth/session", session), get("/lightrag/queries/a1", answer({ table: due })));
  expect(await screen.findByText("Mar 5, 2026")).toHaveAttribute("datetime", "2026-03-05");
});
