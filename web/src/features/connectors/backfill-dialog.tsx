import { MultiSelect, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api, type Schema, unwrap } from "../../api/client";
import { Confirm } from "../../components/ui";
import type { ConnectorState } from "./api";
import type { Connector } from "./place";
import { useAct, useAsked } from "./use-act";
import { streamName, TITLES } from "./words";

interface BackfillDialogProps {
  state: ConnectorState;
  connector: Connector;
  onClose: () => void;
}

type Stream = NonNullable<Schema["BackfillWanted"]["streams"]>[number];

/** Midnight by the reader's clock, at the beginning of a day or of the one after it. */
function midnight(day: string, after = 0): Date {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + after);
  return at;
}

/** Have a period of history read again, all of it or some streams. */
export function BackfillDialog({ state, connector, onClose }: BackfillDialogProps) {
  const { t } = useTranslation();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [streams, setStreams] = useState<string[]>([]);
  const asked = useAsked();
  const name = TITLES[connector];
  const backfill = useAct({
    act: () => unwrap(api.POST("/connectors/{connector}/backfill", { params: { path: { connector } }, body: span(from, to, streams) })),
    done: asked(t("connectors.backfill.asked", { name })),
    failed: null,
  });
  const wrong = from !== "" && to !== "" && to < from;
  return (
    <Confirm
      title={t("connectors.backfill.title", { name })}
      submit={t("connectors.backfill.submit")}
      locked={from === "" || wrong}
      busy={backfill.isPending}
      error={backfill.error}
      onSubmit={() => backfill.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <Text c="dimmed">{t("connectors.backfill.hint")}</Text>
      <TextInput
        type="date"
        label={t("connectors.backfill.from")}
        value={from}
        onChange={({ currentTarget }) => setFrom(currentTarget.value)}
      />
      <TextInput
        type="date"
        label={t("connectors.backfill.to")}
        error={wrong && t("connectors.backfill.wrong")}
        value={to}
        onChange={({ currentTarget }) => setTo(currentTarget.value)}
      />
      <MultiSelect
        label={t("connectors.backfill.streams")}
        value={streams}
        onChange={setStreams}
        data={state.streams.map(({ stream }) => ({ value: stream, label: streamName(t, stream) }))}
      />
    </Confirm>
  );
}

/** The last day is part of it; its end may still be to come, and then it ends now. */
function span(from: string, to: string, streams: string[]): Schema["BackfillWanted"] {
  const end = to === "" ? null : midnight(to, 1);
  return {
    from: midnight(from).toISOString(),
    to: end === null || end.getTime() > Date.now() ? null : end.toISOString(),
    streams: streams.length === 0 ? null : (streams as Stream[]),
  };
}
