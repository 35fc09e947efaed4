import { ActionIcon, Group, Menu, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDots, IconHistory, IconPlayerPause, IconPlayerTrackNext, IconRefresh, IconReload } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";

import { ActButton, WordButton } from "../../components/ui";
import { useRefusal } from "../projects";
import type { ConnectorState } from "./api";
import { BackfillDialog } from "./backfill-dialog";
import type { Connector } from "./place";
import { canSync, useSwitch, useSync } from "./use-changes";
import { restOf } from "./words";

interface SyncActsProps {
  state: ConnectorState;
  connector: Connector;
}

/** Sync now, pause or enable, and what is asked for more rarely. */
export function SyncActs({ state, connector }: SyncActsProps) {
  const { t } = useTranslation();
  const name = state.title;
  const role = useRefusal("run");
  const rest = restOf(state) ?? (canSync(state) ? null : "unbound");
  const refusal = role ?? (rest === null ? null : t(`connector.${rest}`));
  const manage = useRefusal("manage");
  const sync = useSync(connector);
  const { pause, enable } = useSwitch(connector);
  if (!state.configured) return null;
  return (
    <Group gap={4} wrap="nowrap">
      <WordButton
        label={t("connectors.act.syncNamed", { name })}
        refusal={refusal}
        loading={sync.isPending}
        leftSection={<IconRefresh size={14} aria-hidden />}
        onClick={() => sync.mutate({})}
      >
        {t("connectors.act.sync")}
      </WordButton>
      {state.status === "enabled" ? (
        <ActButton
          label={t("connectors.act.pauseNamed", { name })}
          hint={t("connectors.act.pause")}
          Icon={IconPlayerPause}
          refusal={manage}
          busy={pause.isPending}
          onClick={() => pause.mutate()}
        />
      ) : (
        <ActButton
          label={t("connectors.act.enableNamed", { name })}
          hint={t("connectors.act.enable")}
          Icon={IconPlayerTrackNext}
          refusal={manage}
          busy={enable.isPending}
          onClick={() => enable.mutate()}
        />
      )}
      <More state={state} connector={connector} refusal={refusal} />
    </Group>
  );
}

function More({ state, connector, refusal }: SyncActsProps & { refusal: string | null }) {
  const { t } = useTranslation();
  const sync = useSync(connector);
  const [opened, dialog] = useDisclosure(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const close = () => {
    dialog.close();
    trigger.current?.focus();
  };
  return (
    <>
      <Menu position="bottom-end" width={300}>
        <Menu.Target>
          <ActionIcon ref={trigger} aria-label={t("connectors.act.more", { name: state.title })}>
            <IconDots size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconReload size={16} aria-hidden />}
            disabled={refusal !== null}
            onClick={() => sync.mutate({ full: true })}
          >
            {t("connectors.act.full")}
            <Text fz="xs" c="dimmed">
              {t("connectors.act.fullHint")}
            </Text>
          </Menu.Item>
          <Menu.Item
            leftSection={<IconHistory size={16} aria-hidden />}
            disabled={refusal !== null}
            onClick={dialog.open}
          >
            {t("connectors.act.backfill")}
          </Menu.Item>
          {refusal !== null && <Menu.Label>{refusal}</Menu.Label>}
        </Menu.Dropdown>
      </Menu>
      {opened && <BackfillDialog state={state} connector={connector} onClose={close} />}
    </>
  );
}
