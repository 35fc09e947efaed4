/** Tables as CSV (RFC 4180) that a spreadsheet opens as what they are. */

export type Cell = string | number | null;

/** Cells that a spreadsheet would run as a formula; customers write what they like. */
const FORMULA = /^[=+\-@\t\r]/;

/** The rows as one text. Words are never formulas; a number stays a number, its minus too. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(written).join(",")).join("\r\n") + "\r\n";
}

function written(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
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
