import { Group, Progress, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import { number, percent } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { waiting } from "./api";
import classes from "./data-panel.module.css";
import type { Status } from "./types";

/** How much of the copy can be searched, what is on its way, and what is in the way. */
export function Searchable({ status }: { status: Status }) {
  const { t } = useTranslation();
  const { chunks } = status;
  const left = waiting(status);
  if (chunks.total === 0) return <Text>{t("data.nothing")}</Text>;
  return (
    <>
      {left > 0 && <Preparing chunks={chunks} />}
      {left === 0 && chunks.failed === 0 && (
        <Text className={classes.line}>
          <IconCircleCheck size={16} color="var(--mayak-good)" aria-hidden />
          {t("data.allReady")} · {t("data.fragments", { count: chunks.total })}
        </Text>
      )}
      {chunks.failed > 0 && (
        <Text mt={left > 0 ? 6 : 0} className={classes.line}>
          <IconAlertTriangle size={16} color="var(--mayak-risk)" aria-hidden />
          {t("data.failed", { count: chunks.failed })}
        </Text>
      )}
      <Provider embedding={status.embedding} />
      <Lag lag={status.lag} />
    </>
  );
}

function Preparing({ chunks }: { chunks: Status["chunks"] }) {
  const { t } = useTranslation();
  const ready = number(chunks.ready, locale());
  const total = number(chunks.total, locale());
  return (
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
  );
}

/** Whoever turns texts into vectors, when they fail: why, what to do, and when it is tried again. */
function Provider({ embedding }: { embedding: Status["embedding"] }) {
  const { t } = useTranslation();
  if (embedding.state !== "failing") return null;
  return (
    <div className={classes.failing} role="status">
      <Text className={classes.line} fw={600}>
        <IconAlertTriangle size={16} color="var(--mayak-critical)" aria-hidden />
        {t("data.providerFailing", { provider: embedding.provider })}
      </Text>
      {embedding.cause !== null && (
        <Text>
          <Said>{embedding.cause}</Said>
        </Text>
      )}
      {embedding.next_step !== null && <Text c="dimmed">{embedding.next_step}</Text>}
      {embedding.retry_at !== null && (
        <Text fz="xs" c="dimmed">
          {t("data.retryAt")} <Moment at={embedding.retry_at} coming />
        </Text>
      )}
    </div>
  );
}

/** What has changed at the source and is searched as it was before. */
function Lag({ lag }: { lag: Status["lag"] }) {
  const { t } = useTranslation();
  if (lag.stale_documents === 0) return null;
  return (
    <Text fz="xs" c="dimmed" mt={6}>
      {t("data.stale", { count: lag.stale_documents })}
      {lag.oldest_stale_at !== null && (
        <>
          {" "}
          {t("data.staleSince")} <Moment at={lag.oldest_stale_at} />
        </>
      )}
    </Text>
  );
}
