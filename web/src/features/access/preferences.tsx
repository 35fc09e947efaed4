import { SegmentedControl, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { isLocale, locale, type Locale, speak } from "../../lib/i18n";
import classes from "./access.module.css";

export function ThemeSwitch() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const choice = (name: string, icon: ReactNode) => (
    <span className={classes.choice} title={name}>
      {icon}
      <span className={classes.silent}>{name}</span>
    </span>
  );
  return (
    <SegmentedControl
      size="xs"
      withItemsBorders={false}
      aria-label={t("theme.label")}
      value={colorScheme}
      onChange={(scheme) => setColorScheme(scheme)}
      data={[
        { value: "light", label: choice(t("theme.light"), <IconSun size={16} aria-hidden />) },
        { value: "dark", label: choice(t("theme.dark"), <IconMoon size={16} aria-hidden />) },
        { value: "auto", label: choice(t("theme.auto"), <IconDeviceDesktop size={16} aria-hidden />) },
      ]}
    />
  );
}

export function LanguageSwitch({ onSpeak }: { onSpeak?: (language: Locale) => void }) {
  const { t } = useTranslation();
  const choose = (language: string) => {
    if (!isLocale(language)) return;
    void speak(language);
    onSpeak?.(language);
  };
  return (
    <SegmentedControl
      size="xs"
      withItemsBorders={false}
      aria-label={t("language.label")}
      value={locale()}
      onChange={choose}
      data={[
        { value: "en", label: <span lang="en">{t("language.en")}</span> },
        { value: "ru", label: <span lang="ru">{t("language.ru")}</span> },
      ]}
    />
  );
}
