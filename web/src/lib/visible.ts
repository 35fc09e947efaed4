/** Marks that turn the order of text around, and controls; line breaks and tabs stay. */
const STEERING = /(?![\n\r\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;

/** Text from outside, with what would reorder or hide the words around it spelled out. */
export const visible = (text: string) =>
  text.replace(STEERING, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** The same for the middle of a sentence that is plain text: the order of the rest is kept. */
export const isolated = (text: string) => `\u2068${visible(text)}\u2069`;
