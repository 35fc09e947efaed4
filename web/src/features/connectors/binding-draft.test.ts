import { expect, test } from "vitest";

import { type Chosen, draftOf, losses, same, toggled, wanted } from "./binding-draft";

const part = (external_id: string, kind: Chosen["kind"] = "team"): Chosen => ({ kind, external_id, name: external_id });
const draft = (...ids: string[]) => ({ whole: false, parts: ids.map((id) => part(id)) });
const WHOLE = { whole: true, parts: [] };

test("a part is chosen, and let go again", () => {
  const once = toggled(draft("a"), part("b"));
  expect(once).toEqual(draft("a", "b"));
  expect(toggled(once, part("a"))).toEqual(draft("b"));
});

test("two parts of different kinds with one id are two", () => {
  expect(toggled(draft("a"), part("a", "project")).parts).toHaveLength(2);
});

test("what is taken away is what would be deleted here", () => {
  expect(losses(draft("a", "b"), draft("b", "c"))).toEqual({ whole: false, parts: [part("a")] });
});

test("to give up the whole account takes something away, whatever is chosen instead", () => {
  expect(losses(WHOLE, draft("a"))).toEqual({ whole: true, parts: [] });
});

test("to take the whole account takes nothing away", () => {
  expect(losses(draft("a"), WHOLE)).toEqual({ whole: false, parts: [] });
});

test("the order of the parts is no change", () => {
  expect(same(draft("a", "b"), draft("b", "a"))).toBe(true);
  expect(same(draft("a"), WHOLE)).toBe(false);
});

test("the server is told in its own words", () => {
  expect(wanted("linear", WHOLE).scope).toBe("account");
  expect(wanted("linear", draft()).scope).toBe("none");
  expect(wanted("linear", draft("a"))).toMatchObject({ scope: "parts", parts: [part("a")] });
  const inboxes = { whole: false, parts: [part("7", "inbox")] };
  expect(wanted("chatwoot", inboxes)).toEqual({ scope: "inboxes", inboxes: ["7"], parts: [] });
});

test("an unnamed part is called by its id", () => {
  const bound = { scope: "parts" as const, inboxes: [], parts: [{ kind: "team" as const, external_id: "t1", name: null }] };
  expect(draftOf(bound).parts[0]?.name).toBe("t1");
});
