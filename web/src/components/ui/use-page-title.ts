import { useEffect } from "react";
import { useTranslation } from "react-i18next";

/** "Late deliveries? · Ask · Mayak" */
export function usePageTitle(...parts: string[]) {
  const { t } = useTranslation();
  const title = [...parts, t("app.name")].filter(Boolean).join(" · ");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
