"""SQL of the mirror: how pages of records become rows.

All tables have the same statements with other columns. A page is first asked about by key and hash
alone; only the rows that differ follow, as one JSON array, so that reading an unchanged source
writes nothing, not even row locks.

`project_id = (SELECT ...)` says the same as without the SELECT, and keeps the planner from looking
the project up in the statistics. These know the projects of yesterday; a new one has no rows by
them, so every index that begins with the project looks as good as the key, and each look would
read all of the project. Of a table that has been emptied they know nothing at all: see `learn`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.connectors.base import Record
from mayak.platform.db import Conn, execute, fetch_dicts, fetch_one, fetch_values
from mayak.sync.model import ALL_STREAMS, MIRRORS, Mirror, Saved

DIFFER: LiteralString = """
SELECT new.external_id
  FROM unnest(%(external_ids)s::text[], %(hashes)s::bytea[], %(deleted)s::boolean[],
              %(touches)s::timestamptz[])
       AS new (external_id, content_hash, deleted, source_updated_at)
  LEFT JOIN LATERAL (
         SELECT * FROM {table}
          WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = new.external_id
          LIMIT 1) AS old ON true
 WHERE old.external_id IS NULL OR old.content_hash <> new.content_hash
    OR (old.deleted_at IS NOT NULL) <> new.deleted{touched}
"""

SAVE: LiteralString = """
WITH written AS (
  INSERT INTO {table} AS old
         (project_id, external_id, content_hash, payload, deleted_at, observed_at, {names})
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload,
         CASE WHEN deleted THEN now() END, %(observed_at)s, {names}
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, deleted boolean, {typed})
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload,
         deleted_at = CASE WHEN excluded.deleted_at IS NULL THEN NULL
                           ELSE coalesce(old.deleted_at, excluded.deleted_at) END,
         observed_at = excluded.observed_at, synced_at = now(),
         -- A touch alone does not make anything derived out of date.
         revision = CASE WHEN old.content_hash <> excluded.content_hash
                           OR (old.deleted_at IS NULL) <> (excluded.deleted_at IS NULL)
                         THEN excluded.revision ELSE old.revision END,
         {taken}
   WHERE (old.content_hash <> excluded.content_hash
          OR (old.deleted_at IS NULL) <> (excluded.deleted_at IS NULL){touched})
     -- What was asked for earlier than what is stored knows less, whenever it arrives.
     AND old.observed_at <= excluded.observed_at{newer}
  RETURNING deleted_at IS NOT NULL AS deleted
)
SELECT count(*) FILTER (WHERE NOT deleted) AS written,
       count(*) FILTER (WHERE deleted) AS deleted,
       0 AS unchanged
  FROM written
"""

TOUCHED: LiteralString = """
          OR old.source_updated_at IS DISTINCT FROM {row}.source_updated_at"""
NEWER: LiteralString = """
     AND (%(trust)s OR old.deleted_at IS NOT NULL OR old.source_updated_at IS NULL
          OR excluded.source_updated_at >= old.source_updated_at)"""


def differ_statement(mirror: Mirror) -> LiteralString:
    """DIFFER for one table."""
    timed = "source_updated_at" in mirror.columns
    touched = TOUCHED.format(row="new") if timed else ""
    return DIFFER.format(table=mirror.table, touched=touched)


def save_statement(mirror: Mirror) -> LiteralString:
    """SAVE for one table."""
    timed = "source_updated_at" in mirror.columns
    return SAVE.format(
        table=mirror.table,
        typed=", ".join(f"{name} {type_}" for name, type_ in mirror.columns.items()),
        names=", ".join(mirror.columns),
        taken=", ".join(f"{name} = excluded.{name}" for name in mirror.columns),
        touched=TOUCHED.format(row="excluded") if timed else "",
        newer=NEWER if timed else "",
    )


DIFFERENCES: Mapping[str, LiteralString] = {
    kind: differ_statement(mirror) for kind, mirror in MIRRORS.items()
}
STATEMENTS: Mapping[str, LiteralString] = {
    kind: save_statement(mirror) for kind, mirror in MIRRORS.items()
}

BURY: LiteralString = """
UPDATE {table}
   SET deleted_at = now(), synced_at = now(), observed_at = greatest(observed_at, %(observed_at)s),
       revision = nextval('source_revision')
 WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL AND observed_at <= %(observed_at)s
"""
BURIALS: Mapping[str, LiteralString] = {
    kind: BURY.format(table=mirror.table) for kind, mirror in MIRRORS.items()
}

LIVE: LiteralString = """
SELECT external_id
  FROM {table}
 WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL
"""
LIVING: Mapping[str, LiteralString] = {
    kind: LIVE.format(table=mirror.table) for kind, mirror in MIRRORS.items()
}

RECORDS: LiteralString = """
SELECT external_id, payload, source_updated_at, synced_at, deleted_at
  FROM {table}
 WHERE project_id = %(project_id)s
   AND (%(external_id)s::text IS NULL OR external_id = %(external_id)s::text)
   AND (%(after)s::text IS NULL OR external_id > %(after)s::text)
   AND (%(deleted)s OR deleted_at IS NULL)
   AND (%(words)s::text IS NULL
        OR strpos(lower(external_id || ' ' || payload::text), lower(%(words)s::text)) > 0)
 ORDER BY external_id
 LIMIT %(limit)s
"""
READINGS: Mapping[str, LiteralString] = {
    kind: RECORDS.format(table=mirror.table) for kind, mirror in MIRRORS.items()
}

CONTACT_PAYLOADS: LiteralString = """
SELECT external_id, payload
  FROM cw_contacts
 WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL
"""

COUNTS: LiteralString = " UNION ALL ".join(
    f"SELECT '{one.connector} {one.name}' AS stream,"
    f" (SELECT count(*) FROM {one.mirror.table}"
    " WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS rows"
    for one in ALL_STREAMS.values()
)


async def save(
    conn: Conn,
    project_id: UUID,
    kind: str,
    records: Sequence[Record],
    *,
    observed_at: datetime,
    trust: bool = False,
    expect_new: bool = False,
) -> Saved:
    """Write the records, all of one kind, that are new, different or back from deletion.

    `observed_at` is when the request began that brought them. A record older than what is stored
    is passed over; `trust` takes the source's word even when its time of change went back. With
    `expect_new` all rows are sent at once, which saves a question when most of them differ.
    """
    if not records:
        return Saved()
    latest = {record.external_id: record for record in records}
    differ = list(latest)
    if not expect_new:
        differ = await _differ(conn, project_id, kind, list(latest.values()))
    if not differ:
        return Saved(unchanged=len(latest))
    saved = await fetch_one(
        conn,
        Saved,
        STATEMENTS[kind],
        project_id=project_id,
        rows=orjson.dumps([_row(latest[id_]) for id_ in differ]).decode(),
        observed_at=observed_at,
        **({"trust": trust} if "source_updated_at" in MIRRORS[kind].columns else {}),
    )
    assert saved is not None
    unchanged = len(latest) - saved.written - saved.deleted
    return Saved(written=saved.written, deleted=saved.deleted, unchanged=unchanged)


async def learn(conn: Conn, kind: str, rows: int) -> None:
    """Tell the planner of a table that has at least so many rows, unless it knows."""
    await execute(
        conn,
        "SELECT mayak_learn(%(table)s, %(rows)s)",
        table=MIRRORS[kind].table,
        rows=rows,
    )


async def _differ(conn: Conn, project_id: UUID, kind: str, records: Sequence[Record]) -> list[str]:
    """The ids of those that are not here as they are."""
    return await fetch_values(
        conn,
        DIFFERENCES[kind],
        project_id=project_id,
        external_ids=[one.external_id for one in records],
        hashes=[one.content_hash for one in records],
        deleted=[one.deleted for one in records],
        touches=[one.fields.get("source_updated_at") for one in records],
    )


def _row(record: Record) -> dict[str, Any]:
    return {
        **record.fields,
        "external_id": record.external_id,
        "content_hash": record.content_hash.hex(),
        "payload": record.payload,
        "deleted": record.deleted,
    }


async def bury(
    conn: Conn, project_id: UUID, kind: str, external_ids: Sequence[str], *, observed_at: datetime
) -> int:
    """Tombstones for records that were gone at `observed_at`; how many were live until now."""
    if not external_ids:
        return 0
    return await execute(
        conn,
        BURIALS[kind],
        project_id=project_id,
        external_ids=list(external_ids),
        observed_at=observed_at,
    )


async def live(conn: Conn, project_id: UUID, kind: str, external_ids: Sequence[str]) -> set[str]:
    """Which of these have a live row."""
    return set(
        await fetch_values(
            conn, LIVING[kind], project_id=project_id, external_ids=list(external_ids)
        )
    )


async def records(
    conn: Conn,
    project_id: UUID,
    kind: str,
    *,
    external_id: str | None = None,
    words: str | None = None,
    after: str | None = None,
    deleted: bool = True,
    limit: int,
) -> list[dict[str, Any]]:
    """Rows of one kind as they are stored, by id from above `after`.

    `words` are looked for in the id and the payload, which has quotes and line breaks escaped.
    """
    return await fetch_dicts(
        conn,
        READINGS[kind],
        project_id=project_id,
        external_id=external_id,
        words=orjson.dumps(words).decode()[1:-1] if words else None,
        after=after,
        deleted=deleted,
        limit=limit,
    )


async def contact_payloads(
    conn: Conn, project_id: UUID, external_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What we hold of these contacts, by id. A tombstone may be of an account left behind."""
    rows = await fetch_dicts(
        conn, CONTACT_PAYLOADS, project_id=project_id, external_ids=list(external_ids)
    )
    return {row["external_id"]: row["payload"] for row in rows}


async def counts(conn: Conn, project_id: UUID) -> dict[str, int]:
    """Live rows of a project's copy, by `connector stream`: tombstones are not counted."""
    rows = await fetch_dicts(conn, COUNTS, project_id=project_id)
    return {row["stream"]: row["rows"] for row in rows}
