import { Tooltip } from "@mantine/core";

import { absolute, ago } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";

/** A moment, relative to the present; the absolute time in the project's zone on hover. */
export function Moment({ at }: { at: string }) {
  const now = useNow();
  const zone = useZone();
  const full = absolute(at, locale(), zone);
  return (
    <Tooltip label={full}>
      <time dateTime={at}>
        {ago(at, now, locale(), zone)}
      </time>
    </Tooltip>
  );
}
