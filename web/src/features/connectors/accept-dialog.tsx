import { Checkbox, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Confirm, Said } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import type { Connector } from "./place";
import type { Held } from "./truth";
import { useSync } from "./use-changes";
import { streamName, TITLES } from "./words";

interface AcceptDialogProps {
  connector: Connector;
  held: readonly Held[];
  onClose: () => void;
}

/** How many rows it is about, stream by stream, and a word that somebody has looked. */
export function AcceptDialog({ connector, held, onClose }: AcceptDialogProps) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  const sync = useSync(connector);
  const count = held.reduce((sum, { gone }) => sum + gone, 0);
  const name = TITLES[connector];
  return (
    <Confirm
      title={t("connectors.accept.title", { name })}
      submit={t("connectors.accept.submit", { count })}
      grave
      locked={!sure}
      busy={sync.isPending}
      onSubmit={() => sync.mutate({ accept_deletions: true }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text>{t("connectors.accept.body", { count, name })}</Text>
      <ul>
        {held.map(({ stream, gone, of, cause }) => (
          <li key={stream}>
            {streamName(t, stream)}:{" "}
            {t("connectors.accept.each", { gone: number(gone, locale()), of: number(of, locale()) })}
            <Text fz="xs" c="dimmed">
              <Said>{cause}</Said>
            </Text>
          </li>
        ))}
      </ul>
      <Text>{t("connectors.accept.why")}</Text>
      <Checkbox
        checked={sure}
        onChange={({ currentTarget }) => setSure(currentTarget.checked)}
        label={t("connectors.accept.sure")}
      />
    </Confirm>
  );
}
