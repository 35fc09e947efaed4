import { Group, Stack, Text } from "@mantine/core";
import { IconBolt, IconRefresh } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, sayDone, sayFailed, WordButton } from "../../components/ui";
import { zoneName } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import { ActiveRuns } from "../automation";
import { ConnectorLines } from "../connectors";
import { useProject, useRefusal } from "../projects";
import { statusQuery, useEmbed, useRefresh, waiting } from "./api";
import { Counts } from "./data-counts";
import { DocumentTable } from "./data-documents";
import { Model, Part } from "./data-model";
import classes from "./data-panel.module.css";
import { Searchable } from "./data-progress";
import type { Status } from "./types";

/** What the copy holds, how much of it can be searched and with what, and how the sources are. */
export function DataPanel() {
  const { t } = useTranslation();
  const { id: projectId } = useProject();
  return (
    <Stack gap="lg" className={classes.panel}>
      <Boundary skeleton={<Lines widths={[100, 60]} height={28} />}>
        <Contents />
      </Boundary>
      <ActiveRuns projectId={projectId} />
      <Part title={t("data.sources")}>
        <Boundary skeleton={<Lines widths={[70, 100, 100]} />}>
          <ConnectorLines projectId={projectId} />
        </Boundary>
      </Part>
      <Zone />
    </Stack>
  );
}

function Contents() {
  const { t } = useTranslation();
  const { data: status } = useSuspenseQuery(statusQuery(useProject().id));
  return (
    <>
      <WhyEmpty status={status} />
      <Counts sources={status.sources} />
      <Part title={t("data.search")}>
        <Searchable status={status} />
        <DocumentTable status={status} />
      </Part>
      <Acts status={status} />
      <Model status={status} />
    </>
  );
}

/** Why nothing can be answered at all, in the server's words; nothing while something can. */
function WhyEmpty({ status: { why_empty_text: why } }: { status: Status }) {
  return why === null ? null : <Text fw={600}>{why}</Text>;
}

/** Sync and prepare; whoever may not sees why. */
function Acts({ status }: { status: Status }) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const refresh = useRefreshWithWord();
  const embed = useEmbedWithWord();
  return (
    <Group gap="sm">
      <WordButton
        refusal={refusal}
        leftSection={<IconRefresh size={14} aria-hidden />}
        loading={refresh.isPending}
        onClick={refresh.run}
      >
        {t("data.refresh")}
      </WordButton>
      {(waiting(status) > 0 || status.chunks.failed > 0) && (
        <WordButton
          refusal={refusal}
          leftSection={<IconBolt size={14} aria-hidden />}
          loading={embed.isPending}
          onClick={embed.run}
        >
          {t("data.embed")}
        </WordButton>
      )}
    </Group>
  );
}

function Zone() {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <Text fz="xs" c="dimmed">
      {t("data.zone", { zone: zoneName(zone, now, locale()) })}
    </Text>
  );
}

/** Start a refresh, and say in a word whether it started. */
export function useRefreshWithWord() {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const run = () =>
    refresh.mutate(undefined, {
      onSuccess: () => sayDone(t("data.refreshQueued")),
      onError: (error) => sayFailed(t, t("data.refreshFailed"), error),
    });
  return { run, isPending: refresh.isPending };
}

function useEmbedWithWord() {
  const { t } = useTranslation();
  const embed = useEmbed();
  const run = () =>
    embed.mutate(undefined, {
      onSuccess: () => sayDone(t("data.embedQueued")),
      onError: (error) => sayFailed(t, t("data.embedFailed"), error),
    });
  return { run, isPending: embed.isPending };
}
