import { Stack, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { type Hue, Moment, StatusDot } from "../../components/ui";
import { clock, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useNow } from "../../lib/use-now";
import { useZone } from "../../lib/zone";
import { connectorsQuery, type StreamState } from "./api";
import classes from "./sync.module.css";

type Status = StreamState["status"];

/** From the state that needs a person most to the one that needs nobody. */
const WORST_FIRST: readonly Status[] = [
  "auth_failed",
  "stalled",
  "failing",
  "rate_limited",
  "partial",
  "running",
  "disabled",
  "idle",
  "ok",
];

const HUES: Record<Status, Hue> = {
  auth_failed: "critical",
  stalled: "critical",
  failing: "risk",
  rate_limited: "watch",
  partial: "watch",
  running: "good",
  disabled: "neutral",
  idle: "neutral",
  ok: "good",
};

/** Streams by how much they need a person. */
export function worstFirst(streams: StreamState[]): StreamState[] {
  return streams.toSorted((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status));
}

export function ConnectorLines({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const { data: streams } = useSuspenseQuery(connectorsQuery(projectId));
  const connectors = [...new Set(streams.map(({ connector }) => connector))];
  if (connectors.length === 0) {
    return (
      <div>
        <Text>{t("data.noConnector")}</Text>
        <Text c="dimmed" fz="xs">
          {t("data.noConnectorNext")}
        </Text>
      </div>
    );
  }
  return (
    <Stack gap="md">
      {connectors.map((name) => (
        <Connector key={name} name={name} streams={streams.filter((each) => each.connector === name)} />
      ))}
    </Stack>
  );
}

function Connector({ name, streams }: { name: string; streams: StreamState[] }) {
  const [state] = worstFirst(streams);
  return state ? <ConnectorLine name={name} state={state} streams={streams} /> : null;
}

interface ConnectorLineProps {
  name: string;
  /** The worst of its streams: it speaks for the connector. */
  state: StreamState;
  streams: StreamState[];
}

function ConnectorLine({ name, state, streams }: ConnectorLineProps) {
  const sentence = useSentence(state);
  return (
    <div>
      <Text>
        <StatusDot hue={HUES[state.status]} pulse={state.status === "running"} />{" "}
        <Text component="span" fw={600} tt="capitalize">
          {name}
        </Text>{" "}
        · {sentence}
      </Text>
      {state.cause && (
        <Text fz="xs" c="dimmed" mt={2}>
          {state.cause}
        </Text>
      )}
      {state.next_step && (
        <Text fz="xs" mt={2}>
          {state.next_step}
        </Text>
      )}
      <ul className={classes.streams}>
        {streams.map((stream) => (
          <Stream key={stream.stream} stream={stream} />
        ))}
      </ul>
    </div>
  );
}

function Stream({ stream }: { stream: StreamState }) {
  const { t } = useTranslation();
  const name = stream.stream;
  return (
    <li>
      <span>{isKnown(name) ? t(`stream.${name}`) : name.replaceAll("_", " ")}</span>
      <span>
        {number(stream.rows, locale())}
        {" · "}
        {stream.last_success_at ? <Moment at={stream.last_success_at} /> : t("data.never")}
      </span>
    </li>
  );
}

function useSentence({ status, until }: StreamState): string {
  const { t } = useTranslation();
  const now = useNow();
  const zone = useZone();
  if (status !== "rate_limited") return t(`connector.${status}`);
  if (until === null) return t("connector.rate_limited_open");
  return t("connector.rate_limited", { until: clock(until, now, locale(), zone) });
}

type KnownStream = "contacts" | "conversations" | "messages" | "inboxes" | "attachments";
const KNOWN = new Set(["contacts", "conversations", "messages", "inboxes", "attachments"]);
const isKnown = (name: string): name is KnownStream => KNOWN.has(name);
