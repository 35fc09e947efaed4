import { Checkbox, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, unwrap } from "../../api/client";
import { Confirm, Moment, ProblemNote, Said, sayDone, StatusDot, WordButton } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useProject, useRefusal } from "../projects";
import { type ConnectorState, type Webhook, webhooksQuery } from "./api";
import classes from "./connectors.module.css";
import type { Connector } from "./place";
import { useAct } from "./use-act";

interface WebhooksProps {
  state: ConnectorState;
  connector: Connector;
}

/** Whether the service tells of changes at once, and how that goes. */
export function WebhooksTab({ state, connector }: WebhooksProps) {
  const { t } = useTranslation();
  const { data: found } = useSuspenseQuery(webhooksQuery(useProject().id, connector));
  return (
    <>
      <Text c="dimmed" mb="md" maw="80ch">
        {t("copy.hooks.hint")}
      </Text>
      {found.map((webhook) => (
        <Installed key={webhook.id} webhook={webhook} state={state} connector={connector} />
      ))}
      {found.length === 0 && (
        <>
          <Text fw={600}>{t("copy.hooks.none")}</Text>
          <Install state={state} connector={connector} again={false} />
        </>
      )}
    </>
  );
}

function Install({ state, connector, again }: WebhooksProps & { again: boolean }) {
  const { t } = useTranslation();
  const role = useRefusal("manage");
  const [unsigned, setUnsigned] = useState(false);
  const refusal = role ?? (state.configured ? null : t("connectors.explain.unconnected"));
  const install = useAct({
    act: () =>
      unwrap(api.POST("/connectors/{connector}/webhooks", { params: { path: { connector } }, body: { unsigned } })),
    done: () => sayDone(t("copy.hooks.installed", { name: state.title })),
    failed: null,
  });
  return (
    <>
      {connector === "chatwoot" && !again && (
        <Checkbox
          mt="sm"
          label={t("copy.hooks.unsigned")}
          description={t("copy.hooks.unsignedHint")}
          checked={unsigned}
          onChange={({ currentTarget }) => setUnsigned(currentTarget.checked)}
        />
      )}
      <Group mt="sm">
        <WordButton size="sm" refusal={refusal} loading={install.isPending} onClick={() => install.mutate()}>
          {t(again ? "copy.hooks.again" : "copy.hooks.install")}
        </WordButton>
      </Group>
      {install.error && (
        <div className={classes.outcome}>
          <ProblemNote error={install.error} title={t("copy.hooks.installFailed")} />
        </div>
      )}
    </>
  );
}

const COUNTS = ["received", "done", "ignored", "failed"] as const;

/** It works when the service still has it and the last delivery was believed. */
const isGood = ({ status, at_service }: Webhook) => status === "active" && at_service === "on";

function Installed({ webhook, state, connector }: WebhooksProps & { webhook: Webhook }) {
  const { t } = useTranslation();
  const lost = webhook.at_service === "gone" || webhook.at_service === "off";
  return (
    <section className={page.section}>
      <Text mb={8}>
        <StatusDot hue={isGood(webhook) ? "good" : lost || webhook.status === "failing" ? "risk" : "neutral"} />{" "}
        {t(webhook.status === "removed" ? "copy.hooks.isRemoved" : `copy.hooks.${webhook.status}`)} ·{" "}
        {t(`copy.hooks.${webhook.at_service}`)}
      </Text>
      <dl className={classes.facts}>
        <dt>{t("copy.hooks.address")}</dt>
        <dd>
          <Said>{webhook.url}</Said>
        </dd>
        <dt>{t("copy.hooks.mode")}</dt>
        <dd>{t(`copy.hooks.${webhook.mode}`)}</dd>
        <dt>{t("copy.hooks.since")}</dt>
        <dd>
          <Moment at={webhook.created_at} />
        </dd>
        <dt>{t("copy.hooks.last")}</dt>
        <dd>
          {webhook.last_delivery_at === null ? (
            t("copy.hooks.never")
          ) : (
            <Moment at={webhook.last_delivery_at} />
          )}
        </dd>
        <dt>{t("copy.hooks.counts")}</dt>
        <dd>
          {COUNTS.map((each) => `${t(`copy.hooks.${each}`)} ${number(webhook.deliveries[each] ?? 0, locale())}`).join(" · ")}
        </dd>
        {webhook.last_error !== null && (
          <>
            <dt>{t("copy.hooks.error")}</dt>
            <dd>
              <Said>{webhook.last_error}</Said>
            </dd>
          </>
        )}
      </dl>
      {(lost || webhook.status === "failing") && <Install state={state} connector={connector} again />}
      <Remove webhook={webhook} state={state} connector={connector} />
    </section>
  );
}

function Remove({ webhook, state, connector }: WebhooksProps & { webhook: Webhook }) {
  const { t } = useTranslation();
  const refusal = useRefusal("manage");
  const [opened, dialog] = useDisclosure(false);
  const [hereOnly, setHereOnly] = useState(false);
  const remove = useAct({
    act: () => {
      const params = { path: { connector, endpoint_id: webhook.id }, query: { here_only: hereOnly } };
      return unwrap(api.DELETE("/connectors/{connector}/webhooks/{endpoint_id}", { params }));
    },
    done: () => sayDone(t("copy.hooks.removed")),
    failed: null,
  });
  return (
    <>
      <WordButton mt="sm" size="sm" variant="subtle" color="gray" refusal={refusal} onClick={dialog.open}>
        {t("copy.hooks.remove")}
      </WordButton>
      {opened && (
        <Confirm
          title={t("copy.hooks.remove")}
          submit={t("copy.hooks.remove")}
          grave
          busy={remove.isPending}
          error={remove.error}
          onSubmit={() => remove.mutate(undefined, { onSuccess: dialog.close })}
          onClose={dialog.close}
        >
          <Text>{t("copy.hooks.removeSure", { name: state.title })}</Text>
          <Checkbox
            label={t("copy.hooks.hereOnly")}
            description={t("copy.hooks.hereOnlyHint")}
            checked={hereOnly}
            onChange={({ currentTarget }) => setHereOnly(currentTarget.checked)}
          />
        </Confirm>
      )}
    </>
  );
}
