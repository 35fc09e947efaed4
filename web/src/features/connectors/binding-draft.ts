import type { Schema } from "../../api/client";
import type { Bindings, Part } from "./api";
import type { Connector } from "./place";

export interface Chosen {
  kind: Schema["PartView"]["kind"];
  external_id: string;
  name: string;
}

/** What is to belong to the project. */
export interface Draft {
  whole: boolean;
  parts: Chosen[];
}

export const keyOf = ({ kind, external_id }: Pick<Chosen, "kind" | "external_id">) =>
  `${kind} ${external_id}`;

/** As it is on the server; what was bound without a name is called as the service calls it. */
export function draftOf(bound: Bindings, known: readonly Part[] = []): Draft {
  const names = new Map(known.map((part) => [keyOf(part), part.name]));
  const parts = bound.parts.map((part) => ({
    kind: part.kind,
    external_id: part.external_id,
    name: part.name ?? names.get(keyOf(part)) ?? part.external_id,
  }));
  return { whole: bound.scope === "account", parts };
}

/** The same with one part more, or less. */
export function toggled(draft: Draft, part: Chosen): Draft {
  const rest = draft.parts.filter((one) => keyOf(one) !== keyOf(part));
  const had = rest.length < draft.parts.length;
  return { ...draft, parts: had ? rest : [...rest, part] };
}

export interface Losses {
  /** The whole account was bound, and will not be. */
  whole: boolean;
  parts: Chosen[];
}

/** What would be taken away, and deleted here. */
export function losses(before: Draft, after: Draft): Losses {
  if (after.whole) return { whole: false, parts: [] };
  const kept = new Set(after.parts.map(keyOf));
  return { whole: before.whole, parts: before.parts.filter((part) => !kept.has(keyOf(part))) };
}

/** Whether both say the same, in whatever order. */
export function same(before: Draft, after: Draft): boolean {
  const keys = ({ whole, parts }: Draft) =>
    whole ? "whole" : parts.map(keyOf).toSorted().join("\n");
  return keys(before) === keys(after);
}

/** As the server wants to be told. */
export function wanted(connector: Connector, { whole, parts }: Draft): Schema["BindingsWanted"] {
  if (whole) return { scope: "account", inboxes: [], parts: [] };
  if (parts.length === 0) return { scope: "none", inboxes: [], parts: [] };
  if (connector === "chatwoot") {
    return { scope: "inboxes", inboxes: parts.map(({ external_id }) => external_id), parts: [] };
  }
  const named = parts.map(({ kind, external_id, name }) => ({ kind, external_id, name }));
  return { scope: "parts", inboxes: [], parts: named };
}
