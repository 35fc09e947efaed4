/** Tables as CSV (RFC 4180) that a spreadsheet opens as what they are. */

import type { Locale } from "./i18n";

export type Cell = string | number | null;

/** What parts cells and fractions where a language is at home: Excel splits a file by its own region, not by RFC 4180. */
const MARKS: Record<Locale, { cell: string; fraction: string }> = {
  en: { cell: ",", fraction: "." },
  ru: { cell: ";", fraction: "," },
};

/**
 * Where a spreadsheet would start a formula; customers write what they like. It may split the file
 * by another mark than ours, so a cell can start after any of them, in quotes of its own too.
 */
const FORMULA = /(^|[;,\t\r\n])([\s"]*)(?=[=+\-@])/g;

/** The rows as one text. Words are never formulas; a number stays a number, its minus too. */
export function csv(rows: readonly (readonly Cell[])[], locale: Locale): string {
  const { cell: mark, fraction } = MARKS[locale];
  const line = (row: readonly Cell[]) => row.map((cell) => written(cell, fraction)).join(mark);
  return rows.map(line).join("\r\n") + "\r\n";
}

function written(cell: Cell, fraction: string): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell).replace(".", fraction);
  const safe = cell.replace(FORMULA, "$1$2'").replace(/^(?=[\t\r])/, "'");
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hand a text over as a file. The mark at its front tells Excel that it is UTF-8. */
export function download(name: string, text: string): void {
  const blob = new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
