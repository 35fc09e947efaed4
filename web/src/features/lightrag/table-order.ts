import type { Column, Row } from "./types";

export interface Order {
  key: string;
  /** From the greatest to the least. */
  down: boolean;
}

/** The next order after a press on the head of a column: up, down, as it came. */
export function turned(order: Order | null, key: string): Order | null {
  if (order?.key !== key) return { key, down: false };
  return order.down ? null : { key, down: true };
}

/** The rows in an order. What is not known stands last, whichever way round. */
export function sorted(rows: Row[], columns: Column[], order: Order | null, locale: string): Row[] {
  const column = columns.find(({ key }) => key === order?.key);
  if (order === null || column === undefined) return rows;
  const words = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const value = ({ cells }: Row) => comparable(cells[column.key] ?? null, column);
  return rows.toSorted((one, other) => {
    const a = value(one);
    const b = value(other);
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const up = typeof a === "number" && typeof b === "number" ? a - b : words.compare(String(a), String(b));
    return order.down ? -up : up;
  });
}

function comparable(value: string | number | null, { kind }: Column): string | number | null {
  if (value === null || value === "" || typeof value === "number") return value === "" ? null : value;
  if (kind === "date") return Number.isNaN(Date.parse(value)) ? value : Date.parse(value);
  if (kind !== "number" && kind !== "money") return value;
  const figure = Number.parseFloat(value.replaceAll(/[^\d.-]/g, ""));
  return Number.isNaN(figure) ? value : figure;
}
