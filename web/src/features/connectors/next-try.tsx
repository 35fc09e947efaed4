import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { useServerNow } from "../../lib/server-clock";

/** When it is tried again; one whose time has come waits for the next run of retries. */
export function NextTry({ at }: { at: string }) {
  const { t } = useTranslation();
  const now = useServerNow();
  if (Date.parse(at) <= now.getTime()) return t("copy.errors.due");
  return (
    <>
      {t("copy.errors.next")} <Moment at={at} coming />
    </>
  );
}
