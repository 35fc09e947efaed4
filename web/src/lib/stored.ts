/** What this browser remembers. Storage may be blocked or full; then it remembers nothing. */

export function recall(key: string, store: Storage = localStorage): string | null {
  try {
    return store.getItem(key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string, store: Storage = localStorage): void {
  try {
    if (value === "") store.removeItem(key);
    else store.setItem(key, value);
  } catch {
    // Nothing to do: the value lives as long as the page.
  }
}
