import { expect, test } from "vitest";

import { sorted } from "./table-order";
import type { Column, Row } from "./types";

const AMOUNT: Column = { key: "amount", label: "Amount", kind: "money" };
const row = (amount: string): Row => ({
  cells: { amount },
  citation: null,
  url: null,
  source_type: null,
  external_id: null,
});

test.each([
  ["ru", ["−20 £", "900,5 £", "18 400,50 £", "19 000 £", "1 000 000 £"]],
  ["ru", ["900,50 руб.", "18\u202f400,50 руб.", "18\u202f401 руб."]],
  ["en", ["-£20", "£900.50", "£18,400", "£18,400.50", "£1,000,000"]],
  ["en", ["900 Rs.", "Rs.1,000.25", "Rs.1,001"]],
])("amounts in %s stand by their size: %j", (locale, amounts) => {
  const rows = amounts.toReversed().map(row);
  const found = sorted(rows, [AMOUNT], { key: "amount", down: false }, locale);
  expect(found.map(({ cells }) => cells.amount)).toEqual(amounts);
});
