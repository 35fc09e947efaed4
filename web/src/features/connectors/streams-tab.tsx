import { Progress, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Moment, Said, State } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { clock, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { useZone } from "../../lib/zone";
import type { ConnectorState, StreamState } from "./api";
import classes from "./connectors.module.css";
import { lookOf } from "./truth-line";
import { useAgeOfPage } from "./use-connectors";
import { sentence, streamName } from "./words";

/** Every stream of a service: how it is, up to when it holds changes, and how much of it is here. */
export function StreamsTab({ state }: { state: ConnectorState }) {
  const { t } = useTranslation();
  return (
    <table className={`${page.table} ${classes.streams}`}>
      <thead>
        <tr>
          <th scope="col">{t("connectors.streams.stream")}</th>
          <th scope="col">{t("connectors.streams.status")}</th>
          <th scope="col">{t("connectors.streams.lag")}</th>
          <th scope="col">{t("connectors.streams.last")}</th>
          <th scope="col" className={page.number}>
            {t("connectors.streams.rows")}
          </th>
        </tr>
      </thead>
      <tbody>
        {state.streams.map((stream) => (
          <StreamRow key={stream.stream} stream={stream} />
        ))}
      </tbody>
    </table>
  );
}

function StreamRow({ stream }: { stream: StreamState }) {
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  const name = streamName(t, stream.stream);
  return (
    <tr>
      <td className={page.lead}>
        <Text component="span" fw={600}>
          {name}
        </Text>
      </td>
      <td className={page.whole}>
        <StreamStatus stream={stream} name={name} />
      </td>
      <td>
        {stream.fresh_until === null
          ? t(stream.last_success_at === null ? "connectors.streams.nothing" : "connectors.card.unknown")
          : t("connectors.streams.holds", { time: clock(stream.fresh_until, now, locale(), zone) })}
      </td>
      <td>
        <span className={classes.label}>{t("connectors.streams.last")} </span>
        {stream.last_success_at === null ? (
          t("connectors.card.never")
        ) : (
          <Moment at={stream.last_success_at} />
        )}
      </td>
      <td className={page.number}>
        <span className={classes.label}>{t("connectors.streams.rows")} </span>
        <Link
          to="/connectors/$connector"
          params={{ connector: stream.connector }}
          search={{ tab: "records", stream: stream.stream }}
          className={page.door}
          title={t("connectors.streams.records")}
        >
          {number(stream.rows, locale())}
        </Link>
      </td>
    </tr>
  );
}

function StreamStatus({ stream, name }: { stream: StreamState; name: string }) {
  const { t } = useTranslation();
  const now = useServerNow();
  const zone = useZone();
  const { stale } = useAgeOfPage();
  return (
    <>
      <State {...lookOf(stream.status, stale)} pulse={stream.status === "running" && !stale}>
        {sentence(t, stream, now, zone)}
      </State>
      <Reading stream={stream} name={name} />
      {stream.cause !== null && (
        <Text fz="xs" c="dimmed">
          <Said>{stream.cause}</Said>
        </Text>
      )}
      {stream.next_step !== null && (
        <Text fz="xs">
          <Said>{stream.next_step}</Said>
        </Text>
      )}
    </>
  );
}

/** How far the reading is; a bar only where the service says how much there is. */
function Reading({ stream: { status, done, total }, name }: { stream: StreamState; name: string }) {
  const { t } = useTranslation();
  if (status !== "running" || done === null) return null;
  if (total === null || total <= 0) {
    return <span className={page.small}>{t("connectors.streams.done", { count: done })}</span>;
  }
  const read = Math.min(done, total);
  return (
    <span className={classes.done}>
      <span className={page.small}>
        {t("connectors.streams.of", { done: number(read, locale()), total: number(total, locale()) })}
      </span>
      <Progress
        size={4}
        mt={4}
        value={(100 * read) / total}
        aria-label={t("connectors.streams.progress", { name })}
      />
    </span>
  );
}
