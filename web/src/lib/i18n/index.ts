import i18next from "i18next";
import { initReactI18next } from "react-i18next";

import { recall, remember } from "../stored";
import { en } from "./en";
import { ru } from "./ru";

export type Locale = "en" | "ru";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
    returnNull: false;
  }
}

const REMEMBERED = "mayak.language";

export function isLocale(value: unknown): value is Locale {
  return value === "en" || value === "ru";
}

function firstLocale(): Locale {
  const remembered = recall(REMEMBERED);
  if (isLocale(remembered)) return remembered;
  return navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
}

export function locale(): Locale {
  return isLocale(i18next.language) ? i18next.language : "en";
}

/** Change the language of the page at once, and of the next visit. */
export async function speak(language: Locale): Promise<void> {
  remember(REMEMBERED, language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}

export async function startI18n(language: Locale = firstLocale()): Promise<void> {
  document.documentElement.lang = language;
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en }, ru: { translation: ru } },
    // React escapes already; escaping twice would show &amp; to people.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
}
