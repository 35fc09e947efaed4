import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { answer, CITATION, deal, MESSAGE, source, STAGE } from "../../test/answers";
import { get, open } from "../../test/mayak";

const stored = (fields = {}) => get("/lightrag/queries/a1", answer(fields));
const sourcePane = () => screen.findByRole("complementary", { name: "Source" });
const message = (content: string | null) => get("/lightrag/sources/chatwoot_message/103", source(content));
const staged = () => stored({ citations: [CITATION, STAGE], sentences: [{ text: "So.", citations: [1, 2] }] });

test("what a client wrote is shown as text, never as HTML or as an image", async () => {
  open("/ask/a1?source=1", stored());
  expect(await screen.findByText("<b>Hello</b> ![x](https://evil.test/x.png)")).toBeInTheDocument();
  expect((await sourcePane()).querySelector("img, b, a[href*=evil]")).toBeNull();
});

test("a message that was edited since is not marked at the wrong words", async () => {
  open("/ask/a1?source=1", stored(), message("Everything is fine now, thank you all."));
  const pane = within(await sourcePane());
  expect(await pane.findByText(/has changed since the answer/)).toBeInTheDocument();
  expect(pane.queryByText(CITATION.quote, { selector: "mark" })).toBeNull();
});

test("a message deleted at the source is said to be so", async () => {
  open("/ask/a1?source=1", stored(), message(null));
  expect(await screen.findByText(/^Deleted at the source/)).toBeInTheDocument();
});

test("a message of 150,000 characters is cut around its quote, and can be opened whole", async () => {
  const before = "слово ".repeat(20_000);
  const cited = { ...CITATION, start: before.length + CITATION.start - 2, end: before.length + CITATION.end - 2 };
  const text = before + MESSAGE.slice(4) + " word".repeat(6_000);
  const { user } = open("/ask/a1?source=1", stored({ citations: [cited] }), message(text));
  const mark = await screen.findByText(CITATION.quote, { selector: "mark" });
  expect(mark.parentElement?.textContent.length).toBeLessThan(1_500);
  await user.click(screen.getByRole("button", { name: /Show the whole text/ }));
  expect(mark.parentElement?.textContent).toBe(text);
});

test("the source opens in a tab that cannot reach back", async () => {
  open("/ask/a1?source=1", stored());
  const link = await screen.findByRole("link", { name: /Open in Chatwoot/ });
  expect(link).toHaveAttribute("rel", "noopener noreferrer");
  expect(link).toHaveAttribute("href", CITATION.url);
});

test.each(["javascript:alert(1)", "data:text/html,x", "https://user@evil.test/"])(
  "%s is not offered as a link",
  async (url) => {
    open("/ask/a1?source=1", stored({ citations: [{ ...CITATION, url }] }));
    await screen.findByText(CITATION.quote, { selector: "mark" });
    expect(screen.queryByRole("link", { name: /Open in/ })).toBeNull();
  },
);

test("a quoted field is marked among the facts of its deal, with its notes and links", async () => {
  const { user, place } = open(
    "/ask/a1?source=2",
    staged(),
    get("/lightrag/sources/attio_deal/d1", deal()),
    get("/lightrag/sources/attio_company/c1", deal({ document: { ...deal().document, type: "attio_company", id: "c1", title: "Northwind" }, links: [] })),
  );
  const pane = within(await sourcePane());
  expect(await pane.findByText("Negotiation", { selector: "mark" })).toBeInTheDocument();
  expect(pane.getByText("They want a discount.")).toBeInTheDocument();
  expect(pane.getByText(/linked at the source: .*Company/)).toBeInTheDocument();
  expect(pane.getByRole("link", { name: /^Open in Attio/ })).toHaveAttribute("href", STAGE.url);

  await user.click(pane.getByRole("button", { name: "Northwind" }));
  expect(await screen.findByRole("heading", { name: "Attio company" })).toBeInTheDocument();
  expect(place()).toBe("/app/ask/a1?record=attio_company%3Ac1");
});

test("each citation says what it is of, who said it, and which field", async () => {
  open("/ask/a1", staged());
  const list = within(await screen.findByRole("region", { name: "2 sources" }));
  const [talk, field] = list.getAllByRole("listitem");
  expect(talk).toHaveTextContent(/Chatwoot message · Irina/);
  expect(field).toHaveTextContent(/Stage: NegotiationAttio deal · Northwind renewal/);
});

test("of very many sources the first are listed, and the rest on request", async () => {
  const citations = Array.from({ length: 21 }, (_, at) => ({ ...CITATION, index: at + 1 }));
  const { user } = open("/ask/a1", stored({ citations }));
  const list = within(await screen.findByRole("region", { name: "21 sources" }));
  expect(list.getAllByRole("listitem")).toHaveLength(8);
  await user.click(list.getByRole("button", { name: "Show all 21 sources" }));
  expect(list.getAllByRole("listitem")).toHaveLength(21);
});

test("Escape closes the source, and the keyboard is back at its marker", async () => {
  const { user, place } = open("/ask/a1?source=1", stored());
  await sourcePane();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(place()).toBe("/app/ask/a1"));
  expect(screen.getByRole("button", { name: /^Source 1:/ })).toHaveFocus();
});
