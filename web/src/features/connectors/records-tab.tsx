import { Button, Checkbox, Text, TextInput } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { Lines, Moment, ProblemNote, Said, Stored } from "../../components/ui";
import page from "../../components/ui/page.module.css";
import { isolated } from "../../lib/visible";
import { useProject, useRefusal } from "../projects";
import { type ConnectorState, type RecordFilter, recordsQuery, type StoredRecord } from "./api";
import classes from "./connectors.module.css";
import { Filter, useTurn } from "./filter";
import type { Connector, Place } from "./place";
import { streamName } from "./words";

interface RecordsProps {
  state: ConnectorState;
  connector: Connector;
  place: Place;
}

/** Rows of the copy, looked up by their id at the source or by words in them. */
export function RecordsTab({ state, connector, place }: RecordsProps) {
  const { t } = useTranslation();
  const refusal = useRefusal("run");
  const turn = useTurn(connector, place);
  const stream = place.stream ?? state.streams[0]?.stream ?? "";
  const filter: RecordFilter = {
    stream,
    id: place.id ?? "",
    q: place.q ?? "",
    deleted: place.deleted ?? false,
  };
  if (refusal !== null) return <Text c="dimmed">{refusal}</Text>;
  return (
    <>
      <Text c="dimmed" mb="sm">
        {t("copy.records.hint")}
      </Text>
      <div className={page.bar}>
        <Filter
          label={t("copy.stream")}
          value={stream}
          onChoose={(value) => turn("stream", value)}
          data={state.streams.map((one) => ({ value: one.stream, label: streamName(t, one.stream) }))}
        />
        <Words key={`id ${filter.id}`} label={t("copy.records.id")} value={filter.id} onLook={(id) => turn("id", id)} />
        <Words key={`q ${filter.q}`} label={t("copy.records.words")} value={filter.q} onLook={(q) => turn("q", q)} />
        <Checkbox
          label={t("copy.records.deleted")}
          checked={filter.deleted}
          onChange={({ currentTarget }) => turn("deleted", currentTarget.checked ? true : null)}
        />
      </div>
      <Rows connector={connector} filter={filter} />
    </>
  );
}

interface WordsProps {
  label: string;
  value: string;
  onLook: (words: string | null) => void;
}

/** Looked for on Enter or when the field is left: each look reads stored rows. */
function Words({ label, value, onLook }: WordsProps) {
  const [typed, setTyped] = useState(value);
  const look = (event?: SyntheticEvent) => {
    event?.preventDefault();
    const words = typed.trim();
    if (words !== value) onLook(words === "" ? null : words);
  };
  return (
    <form onSubmit={look} className={page.filter}>
      <TextInput
        type="search"
        aria-label={label}
        placeholder={label}
        maxLength={200}
        value={typed}
        onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={() => look()}
      />
    </form>
  );
}

function Rows({ connector, filter }: { connector: Connector; filter: RecordFilter }) {
  const { t } = useTranslation();
  const pages = useInfiniteQuery({
    ...recordsQuery(useProject().id, connector, filter),
    placeholderData: keepPreviousData,
  });
  if (pages.data === undefined) {
    return pages.isError ? (
      <ProblemNote error={pages.error} onRetry={() => void pages.refetch()} />
    ) : (
      <Lines widths={[100, 100, 100]} height={32} />
    );
  }
  const rows = pages.data.pages.flatMap(({ items }) => items);
  const asked = filter.id !== "" || filter.q !== "";
  if (rows.length === 0) {
    return (
      <div className={page.empty}>
        <Text fw={600}>{t(asked ? "copy.records.none" : "copy.records.empty")}</Text>
        {asked && !filter.deleted && <Text c="dimmed">{t("copy.records.noneHint")}</Text>}
      </div>
    );
  }
  return (
    <div aria-busy={pages.isPlaceholderData || undefined}>
      {rows.map((row) => (
        <Row key={row.external_id} row={row} alone={rows.length === 1} />
      ))}
      {pages.hasNextPage && (
        <Button variant="default" mt="sm" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("common.showMore")}
        </Button>
      )}
    </div>
  );
}

function Row({ row, alone }: { row: StoredRecord; alone: boolean }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(alone);
  return (
    <details className={classes.record} open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Text component="span" fw={600}>
          <Said>{row.external_id}</Said>
        </Text>{" "}
        <Text component="span" fz="xs" c="dimmed">
          {t("copy.records.synced")} <Moment at={row.synced_at} />
          {row.source_updated_at !== null && (
            <>
              {" · "}
              {t("copy.records.changed")} <Moment at={row.source_updated_at} />
            </>
          )}
        </Text>
        {row.deleted_at !== null && (
          <Text component="span" fz="xs" c="var(--mayak-risk)">
            {" · "}
            {t("copy.records.deletedAt")} <Moment at={row.deleted_at} />
          </Text>
        )}
      </summary>
      {open && <Stored value={row.payload} label={`${t("copy.records.row")} ${isolated(row.external_id)}`} />}
    </details>
  );
}
