/** The address when it is an ordinary web address, else null: customer data may say `javascript:`. */
export function safeUrl(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return null;
  const url = new URL(address);
  const web = url.protocol === "https:" || url.protocol === "http:";
  return web && url.username === "" && url.password === "" ? url.href : null;
}

/** A place inside the dashboard to return to after login; anything else is the front page. */
export function safeReturn(path: string | undefined): string {
  if (!path?.startsWith("/") || /^\/[/\\]/.test(path) || path.startsWith("/login")) return "/ask";
  return path;
}
