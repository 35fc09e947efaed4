import { Button, Text, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconDownload, IconExternalLink } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import { Moment } from "../../components/ui";
import { type Cell, csv, download } from "../../lib/csv";
import { isDay } from "../../lib/day";
import { day, number } from "../../lib/format";
import { locale } from "../../lib/i18n";
import { safeUrl } from "../../lib/safe-url";
import { systemTitle } from "./kinds";
import classes from "./table.module.css";
import { type Order, sorted, turned } from "./table-order";
import type { Column, Row, Table } from "./types";

interface AnswerTableProps {
  table: Table;
  /** What the table answers: the name of its file. */
  name: string;
  onOpen: (index: number) => void;
  /** Opens a row that no citation stands for. */
  onRecord?: (type: string, id: string) => void;
}

/** An answer that was counted: the figure, and the rows it was counted from. */
export function AnswerTable({ table, name, onOpen, onRecord }: AnswerTableProps) {
  const [order, setOrder] = useState<Order | null>(null);
  const { columns, rows, result } = table;
  const open = (row: Row) => {
    if (row.citation !== null) onOpen(row.citation);
    else if (row.source_type !== null && row.external_id !== null) onRecord?.(row.source_type, row.external_id);
  };
  return (
    <div className={classes.counted}>
      {result !== null && (
        <p className={classes.figure} dir="auto">
          {result}
        </p>
      )}
      {rows.length > 0 && (
        <>
          <div className={classes.scroll} tabIndex={0} role="region" aria-label={name}>
            <table className={classes.table}>
              <thead>
                <tr>
                  {columns.map((column) => (
                    <HeadCell key={column.key} column={column} order={order} onTurn={() => setOrder(turned(order, column.key))} />
                  ))}
                  <th className={classes.out} />
                </tr>
              </thead>
              <tbody>
                {sorted(rows, columns, order, locale()).map((row) => (
                  <TableRow key={rows.indexOf(row)} row={row} columns={columns} onOpen={() => open(row)} />
                ))}
              </tbody>
            </table>
          </div>
          <Foot table={table} name={name} />
        </>
      )}
    </div>
  );
}

const isFigure = ({ kind }: Column) => kind === "number" || kind === "money";

interface HeadCellProps {
  column: Column;
  order: Order | null;
  onTurn: () => void;
}

function HeadCell({ column, order, onTurn }: HeadCellProps) {
  const by = order?.key === column.key ? order : null;
  return (
    <th
      scope="col"
      data-figure={isFigure(column) || undefined}
      aria-sort={by === null ? "none" : by.down ? "descending" : "ascending"}
    >
      <UnstyledButton className={classes.sort} onClick={onTurn}>
        {column.label}
        {by !== null && (by.down ? <IconArrowDown size={12} aria-hidden /> : <IconArrowUp size={12} aria-hidden />)}
      </UnstyledButton>
    </th>
  );
}

interface TableRowProps {
  row: Row;
  columns: Column[];
  onOpen: () => void;
}

/** A row of a record opens it; a row that stands for several opens nothing. */
function TableRow({ row, columns, onOpen }: TableRowProps) {
  const opens = row.citation !== null || row.external_id !== null;
  return (
    <tr className={opens ? classes.row : undefined} onClick={opens ? onOpen : undefined}>
      {columns.map((column, at) => {
        const value = <Value column={column} value={row.cells[column.key] ?? null} />;
        return (
          <td key={column.key} data-kind={column.kind} data-figure={isFigure(column) || undefined} dir="auto">
            {at === 0 && opens ? <RowDoor row={row} onOpen={onOpen}>{value}</RowDoor> : value}
          </td>
        );
      })}
      <td className={classes.out}>
        <Outside row={row} what={String(row.cells[columns[0]?.key ?? ""] ?? "")} />
      </td>
    </tr>
  );
}

/** The whole row can be pressed; this is the way there for a keyboard. */
function RowDoor({ row, onOpen, children }: { row: Row; onOpen: () => void; children: ReactNode }) {
  return (
    <UnstyledButton
      className={classes.door}
      data-citation={row.citation ?? undefined}
      data-record={`${row.source_type ?? ""}:${row.external_id ?? ""}`}
      onClick={(event) => {
        event.stopPropagation();
        onOpen();
      }}
    >
      {children}
    </UnstyledButton>
  );
}

function Outside({ row, what }: { row: Row; what: string }) {
  const { t } = useTranslation();
  const url = safeUrl(row.url);
  const system = row.source_type && systemTitle(row.source_type);
  if (url === null || !system) return null;
  return (
    <a
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={t("source.openNamed", { what, system })}
      onClick={(event) => event.stopPropagation()}
    >
      <IconExternalLink size={14} aria-hidden />
    </a>
  );
}

function Value({ column, value }: { column: Column; value: Cell }) {
  if (value === null || value === "") return <span className={classes.none}>—</span>;
  if (typeof value === "number") return number(value, locale());
  // A day is the same day in every zone, and has no hour.
  if (column.kind === "date" && isDay(value)) {
    return <time dateTime={value}>{day(`${value}T12:00:00Z`, locale(), "UTC")}</time>;
  }
  if (column.kind === "date" && !Number.isNaN(Date.parse(value))) return <Moment at={value} coming />;
  return <span className={classes.cell}>{value}</span>;
}

function Foot({ table, name }: { table: Table; name: string }) {
  const { t } = useTranslation();
  const { columns, rows, shown, total } = table;
  const save = () => {
    const head = columns.map(({ label }) => label);
    const body = rows.map(({ cells }) => columns.map(({ key }) => cells[key] ?? null));
    download(`${fileName(name)}.csv`, csv([head, ...body], locale()));
  };
  return (
    <div className={classes.foot}>
      <Text fz="xs" c="dimmed">
        {shown < total
          ? t("table.part", { shown: number(shown, locale()), total: number(total, locale()) })
          : t("table.all", { count: total })}
      </Text>
      <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={save}>
        {t("table.download")}
      </Button>
    </div>
  );
}

/** A question as the name of a file. */
const fileName = (question: string): string =>
  question.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-|-$/g, "").slice(0, 60) || "mayak";
