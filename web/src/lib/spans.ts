/** Positions in customer text. The server counts Unicode code points, JavaScript UTF-16 units. */

export interface Span {
  /** First UTF-16 unit of the span. */
  from: number;
  /** One past the last UTF-16 unit. */
  to: number;
}

/** How many characters the server counts in a text: code points. */
export function characters(text: string): number {
  return Array.from(text).length;
}

/** The UTF-16 span of code points [start, end), or null when the text has no such span. */
export function utf16Span(text: string, start: number, end: number): Span | null {
  if (start < 0 || end < start) return null;
  let from = start === 0 ? 0 : -1;
  let to = end === 0 ? 0 : -1;
  let unit = 0;
  let point = 0;
  for (const character of text) {
    unit += character.length;
    point += 1;
    if (point === start) from = unit;
    if (point === end) to = unit;
    if (point >= end) break;
  }
  return from < 0 || to < 0 ? null : { from, to };
}

/** Where the quote stands, or null when the text at that place no longer reads like the quote. */
export function quoteSpan(
  text: string,
  quote: { quote: string; start: number; end: number },
): Span | null {
  const span = utf16Span(text, quote.start, quote.end);
  return span && text.slice(span.from, span.to) === quote.quote ? span : null;
}

/**
 * The part of a long text worth showing: all of it up to `limit` UTF-16 units, else about that
 * many around `keep` (or from the start), cut at white space when there is some close by.
 */
export function excerpt(text: string, keep: Span | null, limit: number): Span {
  if (text.length <= limit) return { from: 0, to: text.length };
  if (keep === null) return { from: 0, to: cutBefore(text, limit) };
  const spare = Math.max(80, Math.floor((limit - (keep.to - keep.from)) / 2));
  const from = keep.from <= spare ? 0 : cutAfter(text, keep.from - spare, keep.from);
  const to = keep.to + spare >= text.length ? text.length : cutBefore(text, keep.to + spare);
  return { from, to: Math.max(to, keep.to) };
}

const REACH = 40;

function cutBefore(text: string, at: number): number {
  const space = text.lastIndexOf(" ", at);
  return space > at - REACH ? space : wholeCharacter(text, at);
}

function cutAfter(text: string, at: number, most: number): number {
  const space = text.indexOf(" ", at);
  return space >= 0 && space < Math.min(at + REACH, most) ? space + 1 : wholeCharacter(text, at);
}

/** Never between the halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
