import "@testing-library/jest-dom/vitest";

import { notifications } from "@mantine/notifications";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, vi } from "vitest";

import { startI18n } from "../lib/i18n";
import { server } from "./server";

/** jsdom lays nothing out: these parts of a browser are missing, and what they do is not tested. */
class NoObserver {
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
}
vi.stubGlobal("ResizeObserver", NoObserver);
Element.prototype.scrollIntoView = () => undefined;
Object.defineProperty(document, "fonts", { value: new EventTarget() });
window.scrollTo = () => undefined;

/** The tests run in a wide window, in light. */
window.matchMedia = (query: string) => {
  const list: Partial<MediaQueryList> = {
    matches: query.includes("min-width"),
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  };
  return list as MediaQueryList;
};

configure({ asyncUtilTimeout: 10_000 });

beforeAll(async () => {
  await startI18n("en");
  server.listen({ onUnhandledRequest: "error" });
});

afterEach(() => {
  cleanup();
  // They live beside the page, and would outlive it.
  notifications.clean();
  notifications.cleanQueue();
  server.resetHandlers();
  localStorage.clear();
  sessionStorage.clear();
});

afterAll(() => server.close());
