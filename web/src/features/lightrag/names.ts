import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { recall, remember } from "../../lib/stored";
import { useProject } from "../projects";
import { choicesQuery } from "./api";

type Names = ReadonlyMap<string, string>;

const MOST = 200;

const place = (projectId: string) => `mayak.names.${projectId}`;

/** The names of clients and people that were chosen in this tab, by key. */
function remembered(projectId: string): [string, string][] {
  try {
    const stored: unknown = JSON.parse(recall(place(projectId), sessionStorage) ?? "{}");
    return typeof stored === "object" && stored !== null ? (Object.entries(stored) as [string, string][]) : [];
  } catch {
    return [];
  }
}

/** An address holds only keys; their names are kept for the next visit of this tab. */
export function rememberName(projectId: string, key: string, name: string): void {
  const kept = [...remembered(projectId).filter(([known]) => known !== key), [key, name]].slice(-MOST);
  remember(place(projectId), JSON.stringify(Object.fromEntries(kept)), sessionStorage);
}

/** Names by key, as far as they are known here; asked for only when there are keys. */
export function useNames(keys: readonly string[]): Names {
  const { id: projectId } = useProject();
  const { data } = useQuery({ ...choicesQuery(projectId, ""), enabled: keys.length > 0 });
  const listed = [...(data?.clients ?? []), ...(data?.people ?? [])];
  return new Map([...remembered(projectId), ...listed.map(({ key, name }) => [key, name] as const)]);
}

/** A name, or what the source calls it. */
export const nameOf = (known: Names, key: string): string => known.get(key) ?? key.slice(key.indexOf(":") + 1);

/** Some names as one text; those that are not known here are only counted. */
export function useNamed(): (keys: readonly string[], known: Names) => string {
  const { t } = useTranslation();
  return (keys, known) => {
    const said = keys.flatMap((key) => known.get(key) ?? []);
    const unknown = keys.length - said.length;
    if (unknown === 0) return said.join(", ");
    return [...said, t(said.length === 0 ? "filter.chosen" : "filter.more", { count: unknown })].join(", ");
  };
}
