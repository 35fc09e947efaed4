import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { zoneName } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone, ZoneContext } from "../../lib/zone";

const own = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "Until 14:32" is for whoever waits in front of the screen: on their wall, not the project's. */
export function InViewersZone({ children }: { children: ReactNode }) {
  return <ZoneContext value={own()}>{children}</ZoneContext>;
}

/** Which zone that is, said once. */
export function ZoneNote() {
  const { t } = useTranslation();
  const now = useServerNow(60_000);
  return (
    <Text component="span" fz="xs" c="dimmed">
      {t("connectors.zone", { zone: zoneName(useZone(), now, locale()) })}
    </Text>
  );
}
