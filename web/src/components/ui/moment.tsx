import { Tooltip } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { absolute, ago, since } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone } from "../../lib/zone";

interface MomentProps {
  at: string;
  /** True of what may be still to come; all else has happened, and is never shown as future. */
  coming?: boolean;
}

/** A moment, relative to the server's present; the absolute time in the project's zone on hover. */
export function Moment({ at, coming = false }: MomentProps) {
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  const full = absolute(at, locale(), zone);
  return (
    <Tooltip label={full}>
      <time dateTime={at}>
        {coming
          ? ago(at, now, locale(), zone)
          : since(at, now, locale(), zone, t("common.justNow"))}
      </time>
    </Tooltip>
  );
}
