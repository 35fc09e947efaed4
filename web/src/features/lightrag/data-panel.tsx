import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconRefresh } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Boundary, Lines, Moment, sayDone, sayFailed } from "../../components/ui";
import { number, percent, zoneName } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import { ActiveRuns } from "../automation";
import { ConnectorLines } from "../connectors";
import { useProject } from "../projects";
import { type Status, statusQuery, useRefresh, waiting } from "./api";
import classes from "./data-panel.module.css";

/** What the copy holds, how much of it can be searched, and how the sources are. */
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
      <Foot />
    </Stack>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <Text component="h2" fz="xs" fw={600} c="dimmed" mb={4}>
        {title}
      </Text>
      {children}
    </section>
  );
}

function Contents() {
  const { t } = useTranslation();
  const { data: status } = useSuspenseQuery(statusQuery(useProject().id));
  const { sources, embedding } = status;
  return (
    <>
      <dl className={classes.counts}>
        <Count label={t("data.messages")} value={sources.messages} />
        <Count label={t("data.conversations")} value={sources.conversations} />
        <Count label={t("data.contacts")} value={sources.contacts} />
      </dl>
      <Part title={t("data.search")}>
        <Searchable status={status} />
        <Text fz="xs" c="dimmed" mt={4}>
          {t("data.model")}: {embedding.model} · {t("data.lastSync")}:{" "}
          {sources.last_synced_at ? <Moment at={sources.last_synced_at} /> : t("data.never")}
        </Text>
      </Part>
    </>
  );
}

function Count({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{number(value, locale())}</dd>
    </div>
  );
}

function Searchable({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { chunks } = status;
  const left = waiting(status);
  const ready = number(chunks.ready, locale());
  const total = number(chunks.total, locale());
  if (chunks.total === 0) return <Text>{t("data.nothing")}</Text>;
  return (
    <>
      {left > 0 ? (
        <>
          <Group justify="space-between" gap="sm">
            <Text>{t("data.preparing", { ready, total })}</Text>
            <Text c="dimmed">{percent(chunks.ready / chunks.total, locale())}</Text>
          </Group>
          <Progress
            mt={6}
            size={6}
            value={(100 * chunks.ready) / chunks.total}
            aria-label={t("data.ready")}
          />
        </>
      ) : (
        chunks.failed === 0 && (
          <Text className={classes.line}>
            <IconCircleCheck size={16} color="var(--mayak-good)" aria-hidden />
            {t("data.allReady")} · {t("data.fragments", { count: chunks.total })}
          </Text>
        )
      )}
      {chunks.failed > 0 && (
        <Text mt={left > 0 ? 6 : 0} className={classes.line}>
          <IconAlertTriangle size={16} color="var(--mayak-risk)" aria-hidden />
          {t("data.failed", { count: chunks.failed })}
        </Text>
      )}
    </>
  );
}

function Foot() {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useNow(60_000);
  const refresh = useRefreshWithWord();
  return (
    <Group justify="space-between" gap="sm">
      <Text fz="xs" c="dimmed">
        {t("data.zone", { zone: zoneName(zone, now, locale()) })}
      </Text>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconRefresh size={14} aria-hidden />}
        loading={refresh.isPending}
        onClick={refresh.run}
      >
        {t("data.refresh")}
      </Button>
    </Group>
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
