import { Button, Code, Progress, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Moment, Said } from "../../components/ui";
import { absolute, duration, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { useServerNow } from "../../lib/server-clock";
import { visible } from "../../lib/visible";
import { useZone } from "../../lib/zone";
import { useRefusal } from "../projects";
import { isActive, type RunDetail } from "./api";
import classes from "./automation.module.css";
import { nextStep } from "./next-step";
import { counterName, jobName, noteWords } from "./words";

interface RunProps {
  run: RunDetail;
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function ProgressOf({ run }: RunProps) {
  const { t } = useTranslation();
  const { progress } = run;
  if (progress === null || run.reason === "not_built") return null;
  const total = progress.total ?? 0;
  return (
    <Section title={t("automation.run.progress")}>
      {progress.note !== null && <Text><Said>{noteWords(t, progress.note)}</Said></Text>}
      {total > 0 && (
        <>
          <Text c="dimmed">
            {t("job.progress", { done: number(progress.done, locale()), total: number(total, locale()) })}
          </Text>
          {isActive(run) && (
            <Progress
              mt={6}
              size={6}
              value={(100 * progress.done) / total}
              aria-label={`${t("automation.run.progress")}: ${jobName(t, run.job_type)}`}
            />
          )}
        </>
      )}
    </Section>
  );
}

export function Counters({ run }: RunProps) {
  const { t } = useTranslation();
  const counted = Object.entries(run.counters);
  if (counted.length === 0) return null;
  return (
    <Section title={t("automation.run.counters")}>
      <dl className={classes.list}>
        {counted.map(([name, value]) => (
          <Fragment key={name}>
            <dt><Said>{counterName(t, name)}</Said></dt>
            <dd>{typeof value === "number" ? number(value, locale()) : <Said>{JSON.stringify(value)}</Said>}</dd>
          </Fragment>
        ))}
      </dl>
    </Section>
  );
}

/** What went wrong, in the server's words; a person may look for others with the same cause. */
export function ErrorOf({ run }: RunProps) {
  const { t } = useTranslation();
  const { error, trace } = run;
  const hidden = useRefusal("run") !== null;
  if (error === null) return null;
  const next = nextStep(t, run, error.kind);
  return (
    <Section title={t("automation.run.error")}>
      <div className={classes.error}>
        <p><Said>{error.message}</Said></p>
        {next !== null && (
          <Text mb={8} fw={600}>
            {next}
          </Text>
        )}
        <Text fz="xs" c="dimmed">
          {t("automation.run.kind")}: <Code fz="xs">{error.kind}</Code>
          {error.fingerprint !== null && (
            <>
              {" · "}
              {t("automation.run.fingerprint")}: <Code fz="xs">{error.fingerprint}</Code>{" "}
              <Link to="/automation" search={{ tab: "runs", fingerprint: error.fingerprint }}>
                {t("automation.run.sameLetters")}
              </Link>
            </>
          )}
        </Text>
        {hidden && (
          <Text fz="xs" c="dimmed" mt={4}>
            {t("automation.run.traceHidden")}
          </Text>
        )}
        {trace !== null && (
          <details className={classes.fold}>
            <summary>{t("automation.run.trace")}</summary>
            <pre className={classes.scroll} tabIndex={0}>
              {visible(trace)}
            </pre>
          </details>
        )}
      </div>
    </Section>
  );
}

export function Payload({ run }: RunProps) {
  const { t } = useTranslation();
  if (Object.keys(run.payload).length === 0) {
    return (
      <Section title={t("automation.run.payload")}>
        <Text c="dimmed">{t("automation.run.noPayload")}</Text>
      </Section>
    );
  }
  return (
    <details className={classes.fold}>
      <summary>{t("automation.run.payload")}</summary>
      <pre className={classes.scroll} tabIndex={0}>
        {visible(JSON.stringify(run.payload, null, 2))}
      </pre>
    </details>
  );
}

/** When it was meant, queued, started and ended, and how long each part took. */
export function Times({ run }: RunProps) {
  const { t } = useTranslation();
  const zone = useZone();
  const now = useServerNow(1_000).getTime();
  const ms = (moment: string | null) => (moment === null ? now : Date.parse(moment));
  const waited = duration(ms(run.started_at ?? run.finished_at) - ms(run.queued_at), locale());
  const ran = run.started_at && duration(ms(run.finished_at) - ms(run.started_at), locale());
  const line = (label: string, moment: string | null, more?: string, coming = false) =>
    moment !== null && (
      <>
        <dt>{label}</dt>
        <dd title={absolute(moment, locale(), zone)}>
          <Moment at={moment} coming={coming} />
          {more !== undefined && <span className={classes.small}>{more}</span>}
        </dd>
      </>
    );
  return (
    <Section title={t("automation.run.times")}>
      <dl className={classes.list}>
        {line(t("automation.run.slot"), run.slot_at)}
        {line(t("automation.run.queuedAt"), run.queued_at, t("automation.run.waited", { time: waited }))}
        {line(t("automation.run.notBefore"), run.status === "queued" ? run.not_before : null, undefined, true)}
        {line(
          t("automation.run.started"),
          run.started_at,
          ran === null ? undefined : t("automation.run.ran", { time: ran }),
        )}
        {line(t("automation.run.cancelAsked"), run.cancel_requested_at)}
        {line(t("automation.run.finished"), run.finished_at)}
      </dl>
    </Section>
  );
}

export function Resolved({ run }: RunProps) {
  const { t } = useTranslation();
  const failed = run.status === "failed" || run.status === "dead";
  if (!failed) return null;
  return (
    <Section title={t("automation.run.resolution")}>
      <Text>{t(`automation.resolution.${run.resolution ?? "open"}`)}</Text>
      {run.replayed_as !== null && (
        <Button
          size="compact-sm"
          variant="default"
          mt={6}
          renderRoot={(props) => (
            <Link to="/automation/runs/$id" params={{ id: run.replayed_as ?? "" }} {...props} />
          )}
        >
          {t("automation.act.openRun")}
        </Button>
      )}
    </Section>
  );
}
