import { Text, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, StatusDot, usePageTitle, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { useRefusal } from "../projects";
import { ConnectorCard } from "./connector-card";
import { RunsNow } from "./runs-now";
import { canSync, useSyncAll } from "./use-changes";
import { useAgeOfPage, useConnectors } from "./use-connectors";
import { InViewersZone, ZoneNote } from "./zone";

/** Where the copy comes from: each service with the one thing that matters most about it. */
export function ConnectorsPage() {
  const { t } = useTranslation();
  usePageTitle(t("connectors.title"));
  return (
    <InViewersZone>
      <div className={page.page}>
        <div className={page.head}>
          <div>
            <Title order={1} fz="xl">
              {t("connectors.title")}
            </Title>
            <Text c="dimmed">{t("connectors.hint")}</Text>
          </div>
        </div>
        <Boundary skeleton={<Lines widths={[100, 100, 100]} height={132} />}>
          <Cards />
        </Boundary>
      </div>
    </InViewersZone>
  );
}

function Cards() {
  const { t } = useTranslation();
  const connectors = useConnectors();
  const { hue, words } = useAgeOfPage();
  const role = useRefusal("run");
  const all = useSyncAll();
  const nothing = connectors.some(canSync) ? null : t("connectors.explain.unbound");
  return (
    <>
      <div className={page.bar}>
        <WordButton
          refusal={role ?? nothing}
          loading={all.isPending}
          leftSection={<IconRefresh size={14} aria-hidden />}
          onClick={() => all.mutate()}
        >
          {t("connectors.act.syncAll")}
        </WordButton>
        <ZoneNote />
        <span className={`${page.age} ${page.end}`} role="status">
          <StatusDot hue={hue} />
          {words}
        </span>
      </div>
      <RunsNow />
      {connectors.map((state) => (
        <ConnectorCard key={state.connector} state={state} />
      ))}
    </>
  );
}
