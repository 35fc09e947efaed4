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
  return figure(value) ?? value;
}

/** The first number of a text, as people write it: £18,400.50, 18 400,50 £; null when there is none. */
function figure(text: string): number | null {
  const found = /\d(?:[\d\s.,]*\d)?/.exec(text);
  if (found === null) return null;
  const written = found[0].replaceAll(/\s/g, "");
  const at = fractionAt(written);
  const whole = at === -1 ? written : written.slice(0, at);
  const fraction = at === -1 ? "" : written.slice(at + 1);
  const size = Number(`${whole.replaceAll(/[.,]/g, "")}.${fraction}`);
  return /[-−]/.test(text.slice(0, found.index)) ? -size : size;
}

/** Where the fraction of a number starts; -1 when all its marks part thousands. */
function fractionAt(written: string): number {
  const last = Math.max(written.lastIndexOf("."), written.lastIndexOf(","));
  if (last === -1) return -1;
  const mark = written[last] ?? "";
  const other = mark === "." ? "," : ".";
  if (written.indexOf(mark) !== last) return -1;
  const thousands = mark === "," && !written.includes(other) && written.length - last === 4;
  return thousands ? -1 : last;
}
