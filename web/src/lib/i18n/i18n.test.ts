import { describe, expect, test } from "vitest";

import { en } from "./en";
import { ru } from "./ru";

interface Tree {
  readonly [key: string]: string | Tree;
}

const PLURAL = /_(zero|one|two|few|many|other)$/;

/** Every text by its dotted key. */
function flat(tree: Tree, prefix = ""): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[prefix + key, value]] : flat(value, `${prefix}${key}.`),
  );
}

const english = flat(en);
const russian = flat(ru);

const plain = (texts: [string, string][]) =>
  texts.map(([key]) => key).filter((key) => !PLURAL.test(key)).sort();

const plurals = (texts: [string, string][]) => {
  const forms = new Map<string, string[]>();
  for (const [key] of texts) {
    const form = PLURAL.exec(key)?.[1];
    if (form === undefined) continue;
    const base = key.replace(PLURAL, "");
    forms.set(base, [...(forms.get(base) ?? []), form]);
  }
  return forms;
};

test("both languages have the same texts", () => {
  expect(plain(russian)).toEqual(plain(english));
  expect([...plurals(russian).keys()].sort()).toEqual([...plurals(english).keys()].sort());
});

describe.each([
  ["en", english],
  ["ru", russian],
] as const)("%s", (language, texts) => {
  const required = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();

  test.each([...plurals(texts)])("%s has every plural form of the language", (_, forms) => {
    expect(forms.toSorted()).toEqual(required);
  });

  test("no text is empty", () => {
    expect(texts.filter(([, text]) => text.trim() === "")).toEqual([]);
  });
});

test("a text asks for the same values in both languages", () => {
  const values = (text: string) => [...text.matchAll(/{{(\w+)/g)].map((match) => match[1]).sort();
  const of = new Map(russian);
  for (const [key, text] of english) {
    const other = of.get(key);
    if (other !== undefined) expect([key, values(other)]).toEqual([key, values(text)]);
  }
});
