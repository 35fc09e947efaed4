import { Stack, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment, Said, StatusDot } from "../../components/ui";
import { number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone } from "../../lib/zone";
import { type StreamState, streamsQuery } from "./api";
import classes from "./connectors.module.css";
import { HUES, worstFirst } from "./truth";
import { sentence, streamName } from "./words";

/** Each source in a line with its streams, for the panel beside other pages. */
export function ConnectorLines({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const { data: streams } = useSuspenseQuery(streamsQuery(projectId));
  const connectors = [...new Set(streams.map(({ connector }) => connector))];
  if (connectors.length === 0) {
    return (
      <div>
        <Text>{t("data.noConnector")}</Text>
        <Text c="dimmed" fz="xs">
          {t("data.noConnectorNext")} <Link to="/connectors">{t("connectors.title")}</Link>
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
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  return (
    <div>
      <Text>
        <StatusDot hue={HUES[state.status]} pulse={state.status === "running"} />{" "}
        <Link to="/connectors/$connector" params={{ connector: name }} className={classes.subject}>
          {name}
        </Link>{" "}
        · {sentence(t, state, now, zone)}
      </Text>
      {state.cause && (
        <Text fz="xs" c="dimmed" mt={2}>
          <Said>{state.cause}</Said>
        </Text>
      )}
      {state.next_step && (
        <Text fz="xs" mt={2}>
          <Said>{state.next_step}</Said>
        </Text>
      )}
      <ul className={classes.lines}>
        {streams.map((stream) => (
          <Stream key={stream.stream} stream={stream} />
        ))}
      </ul>
    </div>
  );
}

function Stream({ stream }: { stream: StreamState }) {
  const { t } = useTranslation();
  return (
    <li>
      <span>{streamName(t, stream.stream)}</span>
      <span>
        {number(stream.rows, locale())}
        {" · "}
        {stream.last_success_at ? <Moment at={stream.last_success_at} /> : t("data.never")}
      </span>
    </li>
  );
}
