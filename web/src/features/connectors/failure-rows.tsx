import { Button, Group, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, Moment, ProblemNote, Said, Stored, WordButton } from "../../components/ui";
import { isolated } from "../../lib/visible";
import { useProject, useRefusal } from "../projects";
import classes from "./connectors.module.css";
import { type Failure, failureQuery, type FailureFilter, failuresQuery } from "./errors-api";
import { NextTry } from "./next-try";
import type { Connector } from "./place";
import { usePace } from "./use-connectors";
import { useDiscard, useRetry } from "./use-repairs";

interface RowsProps {
  connector: Connector;
  filter: FailureFilter;
}

/** The failing things of one cause, page by page. */
export function FailureRows({ connector, filter }: RowsProps) {
  const { t } = useTranslation();
  const pages = useInfiniteQuery({
    ...failuresQuery(useProject().id, connector, filter),
    refetchInterval: usePace(),
  });
  if (pages.data === undefined) {
    return pages.isError ? (
      <ProblemNote error={pages.error} onRetry={() => void pages.refetch()} />
    ) : (
      <Lines widths={[100, 100]} height={32} />
    );
  }
  const rows = pages.data.pages.flatMap(({ items }) => items);
  if (rows.length === 0) return <Text c="dimmed">{t("copy.errors.noneFound")}</Text>;
  return (
    <Stack gap={0}>
      {rows.map((failure) => (
        <FailureRow key={failure.id} failure={failure} connector={connector} />
      ))}
      {pages.hasNextPage && (
        <Button
          variant="default"
          w="fit-content"
          mt="sm"
          loading={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {t("common.showMore")}
        </Button>
      )}
    </Stack>
  );
}

function FailureRow({ failure, connector }: { failure: Failure; connector: Connector }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const what = failure.external_id ?? t("copy.errors.whole");
  const inspect = useRefusal("run");
  return (
    <section className={classes.failure} aria-label={isolated(what)}>
      <div className={classes.failureHead}>
        <Text component="span" fw={600}>
          <Said>{what}</Said>
        </Text>
        <Standing failure={failure} />
        <Group gap={6} wrap="nowrap">
          <WordButton
            size="compact-xs"
            variant="subtle"
            color="gray"
            refusal={inspect}
            onClick={() => setOpen(!open)}
          >
            {t(open ? "copy.errors.detailsHide" : "copy.errors.details")}
          </WordButton>
          <Fates failure={failure} connector={connector} what={isolated(what)} />
        </Group>
      </div>
      <Text fz="xs" c="dimmed">
        <Said>{failure.message}</Said>
      </Text>
      {open && inspect === null && <Payload id={failure.id} what={isolated(what)} />}
    </section>
  );
}

/** How often it was tried, and what comes next or became of it. */
function Standing({ failure }: { failure: Failure }) {
  const { t } = useTranslation();
  return (
    <Text component="span" fz="xs" c="dimmed">
      {t(`copy.errors.${failure.status}`)}
      {failure.status === "resolved" && failure.resolved_by !== null && (
        <>
          {" "}
          <By who={failure.resolved_by} />
        </>
      )}
      {" · "}
      {t("copy.errors.attempt", { count: failure.attempt })} · {t("copy.errors.last")}{" "}
      <Moment at={failure.last_seen_at} />
      {failure.next_retry_at !== null && (
        <>
          {" · "}
          <NextTry at={failure.next_retry_at} />
        </>
      )}
    </Text>
  );
}

function By({ who }: { who: string }) {
  const { t } = useTranslation();
  if (who === "sync") return t("copy.errors.bySync");
  if (who === "retry") return t("copy.errors.byRetry");
  return t("copy.errors.by", { who: isolated(who) });
}

interface FatesProps {
  failure: Failure;
  connector: Connector;
  what: string;
}

function Fates({ failure, connector, what }: FatesProps) {
  const { t } = useTranslation();
  const run = useRefusal("run");
  const manage = useRefusal("manage");
  const retry = useRetry(connector);
  const { discard, restore } = useDiscard(failure.id);
  if (failure.status === "resolved") {
    if (failure.discarded_at === null) return null;
    return (
      <WordButton size="compact-xs" refusal={manage} loading={restore.isPending} onClick={() => restore.mutate()}>
        {t("copy.check.reopen")}
      </WordButton>
    );
  }
  return (
    <>
      <WordButton
        size="compact-xs"
        label={t("copy.errors.retryOf", { what })}
        refusal={run}
        loading={retry.isPending}
        onClick={() => retry.mutate({ id: failure.id })}
      >
        {t("copy.errors.retry")}
      </WordButton>
      <WordButton
        size="compact-xs"
        variant="subtle"
        color="gray"
        label={t("copy.errors.discardOf", { what })}
        hint={t("copy.errors.discardHint")}
        refusal={manage}
        loading={discard.isPending}
        onClick={() => discard.mutate()}
      >
        {t("copy.errors.discard")}
      </WordButton>
    </>
  );
}

/** The record as the service sent it: text, whatever it says. */
function Payload({ id, what }: { id: string; what: string }) {
  const { t } = useTranslation();
  const found = useQuery(failureQuery(useProject().id, id));
  if (found.isError) return <ProblemNote error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data === undefined) return <Lines widths={[80, 60, 70]} />;
  const { payload } = found.data;
  if (payload === null || payload === undefined) return <Text mt={6}>{t("copy.errors.noPayload")}</Text>;
  return <Stored value={payload} label={`${t("copy.errors.details")}: ${what}`} />;
}
