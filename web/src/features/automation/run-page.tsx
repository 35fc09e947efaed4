import { Button, Group, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconRefresh, IconX } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { problemOf } from "../../api/problem";
import { Boundary, Lines, Moment, ProblemNote, Said, StatusDot, useAge, usePageTitle } from "../../components/ui";
import { firstClick } from "../../lib/first-click";
import { useProject, useRefusal } from "../projects";
import { attemptOf, isActive, type RunDetail, runQuery } from "./api";
import classes from "./automation.module.css";
import { Lineage } from "./lineage";
import { Counters, ErrorOf, Payload, ProgressOf, Resolved, Section, Times } from "./run-facts";
import { StateOfRun } from "./states";
import { useCancel, useReplay } from "./use-changes";
import { because, jobName } from "./words";

/** Past any poll of a run. */
const STALE_MS = 75_000;

/** One run, followed while it goes on. */
export function RunPage({ id }: { id: string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.page}>
      <Button
        variant="subtle"
        color="gray"
        size="compact-sm"
        mb="sm"
        ml={-8}
        leftSection={<IconArrowLeft size={16} aria-hidden />}
        renderRoot={(props) => <Link to="/automation" search={{ tab: "runs" }} {...props} />}
      >
        {t("automation.run.back")}
      </Button>
      <Boundary key={id} skeleton={<Lines widths={[40, 60, 100, 100, 80]} height={28} />} fallback={failed}>
        <Run id={id} />
      </Boundary>
    </div>
  );
}

const failed = (error: Error, retry: () => void) => <RunFailed error={error} onRetry={retry} />;

function RunFailed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTranslation();
  const { status } = problemOf(error);
  // An id that is none is refused as invalid: to people it is a run that is not there.
  if (status !== 404 && status !== 422) return <ProblemNote error={error} onRetry={onRetry} />;
  return (
    <div className={classes.empty}>
      <Text fw={600}>{t("automation.run.missing")}</Text>
      <Text c="dimmed">{t("automation.run.missingHint")}</Text>
    </div>
  );
}

function Run({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: run } = useSuspenseQuery(runQuery(useProject().id, id));
  const name = jobName(t, run.job_type);
  usePageTitle(name, t("automation.title"));
  return (
    <>
      <Head run={run} name={name} />
      <div className={classes.columns}>
        <div>
          <ErrorOf run={run} />
          <ProgressOf run={run} />
          <Section title={t("automation.run.lineage")}>
            <Lineage run={run} />
          </Section>
          <Payload run={run} />
        </div>
        <div>
          <Resolved run={run} />
          <Times run={run} />
          <Counters run={run} />
        </div>
      </div>
    </>
  );
}

function Head({ run, name }: { run: RunDetail; name: string }) {
  const { t } = useTranslation();
  const age = useAge(useQuery(runQuery(useProject().id, run.id)), STALE_MS);
  return (
    <div className={classes.head}>
      <div className={classes.subject}>
        <Title order={1} fz="xl">
          <Link to="/automation" search={{ tab: "runs", job: run.job_type }} className={classes.door}>
            {name}
          </Link>
        </Title>
        <Group gap="4px 16px" mt={4}>
          <strong role="status">
            <StateOfRun run={run} />
          </strong>
          <Text c="dimmed">
            {t(`automation.trigger.${run.trigger}`)}
            {run.because !== null && (
              <>
                {" "}
                (<Said>{because(t, run) ?? ""}</Said>)
              </>
            )}{" "}
            · <Moment at={run.queued_at} />
            {attemptOf(run) > 1 && ` · ${t("automation.runs.attemptN", { n: attemptOf(run) })}`}
            {run.reason !== null && ` · ${t(`automation.reason.${run.reason}`)}`}
          </Text>
          <span className={classes.age}>
            <StatusDot hue={age.hue} />
            {age.words}
          </span>
        </Group>
      </div>
      <Acts run={run} />
    </div>
  );
}

function Acts({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const cancel = useCancel();
  const replay = useReplay();
  return (
    <Tooltip label={refusal} disabled={refusal === null} multiline maw={280}>
      <Group gap="sm">
        {isActive(run) ? (
          <Button
            variant="default"
            leftSection={<IconX size={16} aria-hidden />}
            disabled={refusal !== null || run.cancel_requested_at !== null}
            loading={cancel.isPending}
            onClick={firstClick(() => cancel.mutate(run))}
          >
            {t(run.cancel_requested_at === null ? "automation.act.cancel" : "automation.status.stopping")}
          </Button>
        ) : (
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            disabled={refusal !== null}
            loading={replay.isPending}
            onClick={firstClick(() => replay.mutate(run))}
          >
            {t("automation.act.replay")}
          </Button>
        )}
      </Group>
    </Tooltip>
  );
}
