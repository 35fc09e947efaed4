"""SQL of findings: records that differ from the source, until they are settled."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_one, fetch_values
from mayak.sync.model.reconciliation import (
    Choice,
    Difference,
    Finding,
    FindingKind,
    FindingStatus,
)

COLUMNS: LiteralString = """id, connector, stream, kind, external_id, detail, status, found_at,
       last_seen_at, resolved_at, repair_error"""

FIND: LiteralString = """
INSERT INTO sync_reconciliation_findings AS old
       (project_id, connector, stream, kind, external_id, detail)
SELECT %(project_id)s, %(connector)s, %(stream)s, new.kind, new.external_id, new.detail
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (kind text, external_id text, detail jsonb)
    ON CONFLICT (project_id, connector, stream, kind, external_id)
       WHERE status IN ('open', 'ignored')
    DO UPDATE SET last_seen_at = now(), detail = excluded.detail
"""

CLOSE: LiteralString = """
UPDATE sync_reconciliation_findings AS found
   SET status = CASE WHEN EXISTS (
                       SELECT 1 FROM unnest(%(live)s::text[]) AS live (external_id)
                        WHERE live.external_id = found.external_id)
                     THEN 'repaired' ELSE 'gone' END,
       resolved_at = now(), repair_error = NULL
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status IN ('open', 'ignored') AND id = ANY(%(ids)s)
"""

UNSEEN: LiteralString = """
SELECT id, external_id
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status IN ('open', 'ignored') AND kind = ANY(%(kinds)s)
   AND last_seen_at < now()
   AND (%(part)s::text IS NULL OR detail ->> 'conversation_id' = %(part)s::text)
"""

CLOSE_ALL: LiteralString = """
UPDATE sync_reconciliation_findings
   SET status = 'gone', resolved_at = now(), repair_error = NULL
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND status IN ('open', 'ignored')
"""

OPEN: LiteralString = f"""
SELECT {COLUMNS}
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status = 'open' AND kind = ANY(%(kinds)s)
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
 ORDER BY external_id, kind
"""

STILL_OPEN: LiteralString = """
SELECT id
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s AND id = ANY(%(ids)s) AND status IN ('open', 'ignored')
"""

HELD: LiteralString = """
SELECT external_id, repair_error
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status = 'open' AND kind IN ('extra', 'duplicate')
   AND repair_error LIKE '%% ' || %(said)s::text
"""

OPEN_COUNTS: LiteralString = """
SELECT connector, stream, kind, count(*)::integer AS count
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s AND status = 'open'
 GROUP BY connector, stream, kind
"""

FINDINGS: LiteralString = f"""
SELECT {COLUMNS}
  FROM sync_reconciliation_findings
 WHERE project_id = %(project_id)s
   AND (%(connector)s::text IS NULL OR connector = %(connector)s::text)
   AND (%(stream)s::text IS NULL OR stream = %(stream)s::text)
   AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
   AND (%(status)s::text IS NULL OR status = %(status)s::text)
   AND (%(before_at)s::timestamptz IS NULL
        OR (found_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
 ORDER BY found_at DESC, id DESC
 LIMIT %(limit)s
"""

OPEN_IDS: LiteralString = """
SELECT kind, external_id, count
  FROM (SELECT kind, external_id, count(*) OVER (PARTITION BY kind)::integer AS count,
               row_number() OVER (PARTITION BY kind ORDER BY external_id) AS place
          FROM sync_reconciliation_findings
         WHERE project_id = %(project_id)s AND connector = %(connector)s
           AND stream = %(stream)s AND status = 'open') AS found
 WHERE place <= %(limit)s
 ORDER BY kind, external_id
"""

SETTLE: LiteralString = """
UPDATE sync_reconciliation_findings AS found
   SET status = new.status, repair_error = new.repair_error,
       resolved_at = CASE WHEN new.status = 'open' THEN NULL ELSE now() END
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (id uuid, status text, repair_error text)
 WHERE found.project_id = %(project_id)s AND found.id = new.id AND found.status = 'open'
"""

SWITCH: LiteralString = f"""
UPDATE sync_reconciliation_findings
   SET status = %(status)s, resolved_at = CASE WHEN %(status)s = 'open' THEN NULL ELSE now() END
 WHERE project_id = %(project_id)s AND id = %(finding_id)s AND status = %(was)s
RETURNING {COLUMNS}
"""


async def find(
    conn: Conn, project_id: UUID, connector: str, stream: str, found: Sequence[Difference]
) -> None:
    """Open findings, or see again those that are open or ignored. None may come twice."""
    if found:
        rows = [
            {"kind": one.kind, "external_id": one.external_id, "detail": one.detail}
            for one in found
        ]
        await execute(
            conn,
            FIND,
            project_id=project_id,
            connector=connector,
            stream=stream,
            rows=orjson.dumps(rows).decode(),
        )


async def unseen(
    conn: Conn,
    project_id: UUID,
    connector: str,
    stream: str,
    kinds: Collection[FindingKind],
    *,
    part: str | None = None,
) -> dict[UUID, str]:
    """Findings that this transaction did not see again, with the id of their record."""
    rows = await fetch_dicts(
        conn,
        UNSEEN,
        project_id=project_id,
        connector=connector,
        stream=stream,
        kinds=list(kinds),
        part=part,
    )
    return {row["id"]: row["external_id"] for row in rows}


async def close(
    conn: Conn,
    project_id: UUID,
    connector: str,
    stream: str,
    ids: Collection[UUID],
    *,
    live: Collection[str],
) -> None:
    """These findings hold no more: repaired if the record is among the live ones, else gone."""
    if ids:
        await execute(
            conn,
            CLOSE,
            project_id=project_id,
            connector=connector,
            stream=stream,
            ids=list(ids),
            live=list(live),
        )


async def close_all(conn: Conn, project_id: UUID, connector: str) -> None:
    """Nothing of this connector is copied any more."""
    await execute(conn, CLOSE_ALL, project_id=project_id, connector=connector)


async def open_findings(
    conn: Conn, project_id: UUID, connector: str, stream: str, choice: Choice
) -> list[Finding]:
    """The open findings of a stream that were chosen, by id of the record."""
    return await fetch_all(
        conn,
        Finding,
        OPEN,
        project_id=project_id,
        connector=connector,
        stream=stream,
        kinds=list(choice.kinds),
        ids=None if choice.finding_ids is None else list(choice.finding_ids),
    )


async def still_open(conn: Conn, project_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of the findings that are not settled."""
    return set(await fetch_values(conn, STILL_OPEN, project_id=project_id, ids=list(ids)))


async def held(
    conn: Conn, project_id: UUID, connector: str, stream: str, *, said: str
) -> dict[str, str]:
    """Records that were not deleted because they were too many, with what was `said` of it."""
    rows = await fetch_dicts(
        conn, HELD, project_id=project_id, connector=connector, stream=stream, said=said
    )
    return {row["external_id"]: row["repair_error"] for row in rows}


async def open_counts(conn: Conn, project_id: UUID) -> list[dict[str, Any]]:
    """How many are open: {connector, stream, kind, count}."""
    return await fetch_dicts(conn, OPEN_COUNTS, project_id=project_id)


async def findings(
    conn: Conn,
    project_id: UUID,
    *,
    connector: str | None,
    stream: str | None,
    kind: FindingKind | None,
    status: FindingStatus | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Finding]:
    """Newest first, from below `before` (found_at, id)."""
    before_at, before_id = before or (None, None)
    return await fetch_all(
        conn,
        Finding,
        FINDINGS,
        project_id=project_id,
        connector=connector,
        stream=stream,
        kind=kind,
        status=status,
        before_at=before_at,
        before_id=before_id,
        limit=limit,
    )


async def open_ids(
    conn: Conn, project_id: UUID, connector: str, stream: str, *, limit: int
) -> list[dict[str, Any]]:
    """Records with an open finding, up to `limit` of each kind: {kind, external_id, count}."""
    return await fetch_dicts(
        conn, OPEN_IDS, project_id=project_id, connector=connector, stream=stream, limit=limit
    )


async def settle(
    conn: Conn, project_id: UUID, ends: dict[UUID, tuple[FindingStatus, str | None]]
) -> None:
    """What became of open findings: their status, and why they could not be repaired."""
    if ends:
        rows = [
            {"id": str(id_), "status": status, "repair_error": error}
            for id_, (status, error) in ends.items()
        ]
        await execute(conn, SETTLE, project_id=project_id, rows=orjson.dumps(rows).decode())


async def switch(
    conn: Conn, project_id: UUID, finding_id: UUID, *, was: FindingStatus, status: FindingStatus
) -> Finding | None:
    """Give a finding another status; None when there is none that has the one it should have."""
    return await fetch_one(
        conn,
        Finding,
        SWITCH,
        project_id=project_id,
        finding_id=finding_id,
        was=was,
        status=status,
    )
