"""SQL of connector errors as those see them who retry or look: claims, lists, groups, discards."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from mayak.errors import UpstreamKind
from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_one, fetch_values
from mayak.sync.model import (
    DEAD_AFTER,
    FIRST_RETRY,
    LONGEST_RETRY,
    RETRY_LEASE,
    Claimed,
    Connector,
    ConnectorError,
    ErrorDetail,
    ErrorFilter,
    ErrorGroup,
    ErrorStatus,
)

FITTING: LiteralString = """
 WHERE project_id = %(project_id)s
   AND (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s::text[]))
   AND (%(connector)s::text IS NULL OR connector = %(connector)s::text)
   AND (%(stream)s::text IS NULL OR stream = %(stream)s::text)
   AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
   AND (%(fingerprint)s::text IS NULL OR fingerprint = %(fingerprint)s::text)
"""

COLUMNS: LiteralString = """
       id, connector, stream, kind, message, fingerprint, status, attempt, external_id,
       next_retry_at, first_seen_at, last_seen_at, next_step, resolved_at, resolved_by,
       discarded_at
"""

ERRORS: LiteralString = f"""
SELECT {COLUMNS}
  FROM connector_errors
{FITTING}
   AND (%(before_at)s::timestamptz IS NULL
        OR (last_seen_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
 ORDER BY last_seen_at DESC, id DESC
 LIMIT %(limit)s
"""

ERROR: LiteralString = f"""
SELECT {COLUMNS}, parent_id, payload
  FROM connector_errors
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

GROUPS: LiteralString = f"""
SELECT fingerprint, connector, stream, kind,
       (array_agg(message ORDER BY last_seen_at DESC, id))[1] AS message,
       (array_agg(next_step ORDER BY last_seen_at DESC, id))[1] AS next_step,
       count(*) AS count,
       count(*) FILTER (WHERE status = 'dead_letter') AS dead,
       min(first_seen_at) AS first_seen_at,
       max(last_seen_at) AS last_seen_at,
       min(next_retry_at) AS next_retry_at
  FROM connector_errors
{FITTING}
 GROUP BY fingerprint, connector, stream, kind
 ORDER BY max(last_seen_at) DESC, fingerprint, connector, stream
 LIMIT %(limit)s
"""

WANTED: LiteralString = """
   AND (%(ids)s::uuid[] IS NULL OR id = ANY(%(ids)s::uuid[]))
   AND (%(connector)s::text IS NULL OR connector = %(connector)s::text)
"""

KNOWN: LiteralString = """
SELECT id FROM connector_errors WHERE project_id = %(project_id)s AND id = ANY(%(ids)s)
"""

MAKE_DUE: LiteralString = f"""
UPDATE connector_errors
   SET status = 'pending', next_retry_at = now()
 WHERE project_id = %(project_id)s
   AND (status = 'pending' OR status = 'dead_letter' AND %(dead_too)s)
{WANTED}
"""

TAKE_OVER: LiteralString = """
UPDATE connector_errors
   SET status = 'pending', next_retry_at = now(), retried_by = NULL
 WHERE project_id = %(project_id)s AND status = 'retrying'
   -- What this very run had taken before its worker died, or a run whose lease is over.
   AND (retried_by = %(run_id)s OR retried_by IS NULL OR next_retry_at <= now())
"""

DUE_SOURCES: LiteralString = f"""
SELECT DISTINCT connector
  FROM connector_errors
 WHERE project_id = %(project_id)s AND status = 'pending' AND next_retry_at <= now()
{WANTED}
 ORDER BY connector
"""

CLAIM: LiteralString = f"""
WITH due AS (
  SELECT id
    FROM connector_errors
   WHERE project_id = %(project_id)s AND status = 'pending' AND next_retry_at <= now()
{WANTED}
   ORDER BY next_retry_at, id
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE connector_errors AS error
   SET status = 'retrying', retried_by = %(run_id)s, next_retry_at = now() + %(lease)s::interval
  FROM due
 WHERE error.project_id = %(project_id)s AND error.id = due.id
RETURNING error.id, error.stream, error.kind, error.external_id, error.parent_id,
          error.external_id IS NOT NULL OR error.payload IS NOT NULL AS is_record
"""

PUT_BACK: LiteralString = """
UPDATE connector_errors
   SET status = 'pending', next_retry_at = now() + %(wait)s::interval, retried_by = NULL
 WHERE project_id = %(project_id)s AND status = 'retrying' AND id = ANY(%(ids)s)
RETURNING id
"""

FAILED_AGAIN: LiteralString = """
UPDATE connector_errors
   SET attempt = attempt + 1, kind = %(kind)s, message = %(message)s, next_step = %(next_step)s,
       last_seen_at = now(), retried_by = NULL,
       status = CASE WHEN attempt + 1 >= %(dead_after)s THEN 'dead_letter' ELSE 'pending' END,
       next_retry_at =
         CASE WHEN attempt + 1 < %(dead_after)s THEN
           now() + least(%(longest)s::interval, %(first)s::interval * power(2, attempt))
         END
 WHERE project_id = %(project_id)s AND status = 'retrying' AND id = ANY(%(ids)s)
"""

SUCCEEDED: LiteralString = """
WITH tried AS (
  UPDATE connector_errors AS old
     SET status = 'resolved', resolved_at = now(), resolved_by = 'retry', next_retry_at = NULL
   WHERE project_id = %(project_id)s AND status = 'retrying' AND id = ANY(%(ids)s)
     AND (NOT %(replaced_only)s OR EXISTS (
           SELECT 1 FROM connector_errors AS other
            WHERE other.project_id = old.project_id AND other.connector = old.connector
              AND other.stream = old.stream AND other.external_id = old.external_id
              AND other.id <> old.id AND other.status = 'pending'
              AND other.last_seen_at > old.last_seen_at))
  RETURNING project_id, id, connector, stream, external_id, attempt, first_seen_at
)
-- The record failed again, for another reason than before: its attempts go on being counted.
UPDATE connector_errors AS heir
   SET attempt = tried.attempt + 1, first_seen_at = tried.first_seen_at,
       status =
         CASE WHEN tried.attempt + 1 >= %(dead_after)s THEN 'dead_letter' ELSE 'pending' END,
       next_retry_at =
         CASE WHEN tried.attempt + 1 < %(dead_after)s THEN
           now() + least(%(longest)s::interval, %(first)s::interval * power(2, tried.attempt))
         END
  FROM tried
 WHERE heir.project_id = tried.project_id AND heir.connector = tried.connector
   AND heir.stream = tried.stream AND heir.external_id = tried.external_id
   AND heir.id <> tried.id AND heir.status = 'pending' AND heir.attempt <= tried.attempt
"""

OUTCOMES: LiteralString = """
SELECT id, status
  FROM connector_errors
 WHERE project_id = %(project_id)s AND id = ANY(%(ids)s)
"""

DISCARD: LiteralString = """
UPDATE connector_errors
   SET status = 'resolved', resolved_at = now(), resolved_by = %(by)s, discarded_at = now(),
       next_retry_at = NULL, retried_by = NULL
 WHERE project_id = %(project_id)s AND id = %(id)s AND status <> 'resolved'
"""

RESTORE: LiteralString = """
UPDATE connector_errors AS discarded
   SET status = CASE WHEN attempt >= %(dead_after)s THEN 'dead_letter' ELSE 'pending' END,
       next_retry_at = CASE WHEN attempt >= %(dead_after)s THEN NULL ELSE now() END,
       resolved_at = NULL, resolved_by = NULL, discarded_at = NULL
 WHERE project_id = %(project_id)s AND id = %(id)s AND discarded_at IS NOT NULL
   AND NOT EXISTS (
         SELECT 1 FROM connector_errors AS newer
          WHERE newer.project_id = discarded.project_id AND newer.connector = discarded.connector
            AND newer.stream = discarded.stream AND newer.fingerprint = discarded.fingerprint
            AND newer.external_id IS NOT DISTINCT FROM discarded.external_id
            AND newer.status <> 'resolved')
"""

BY_KIND: LiteralString = """
SELECT connector, kind, status, count(*) AS errors
  FROM connector_errors
 WHERE status <> 'resolved'
 GROUP BY connector, kind, status
"""


async def errors(
    conn: Conn,
    project_id: UUID,
    which: ErrorFilter,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[ConnectorError]:
    """Newest first, from below `before` (last_seen_at, id)."""
    before_at, before_id = before or (None, None)
    return await fetch_all(
        conn,
        ConnectorError,
        ERRORS,
        project_id=project_id,
        **_values(which),
        before_at=before_at,
        before_id=before_id,
        limit=limit,
    )


async def error(conn: Conn, project_id: UUID, error_id: UUID) -> ErrorDetail | None:
    return await fetch_one(conn, ErrorDetail, ERROR, project_id=project_id, id=error_id)


async def groups(
    conn: Conn, project_id: UUID, which: ErrorFilter, *, limit: int
) -> list[ErrorGroup]:
    """By what failed and how, the latest first."""
    return await fetch_all(
        conn, ErrorGroup, GROUPS, project_id=project_id, **_values(which), limit=limit
    )


def _values(which: ErrorFilter) -> dict[str, object]:
    return {
        "statuses": None if which.statuses is None else list(which.statuses),
        "connector": which.connector,
        "stream": which.stream,
        "kind": which.kind,
        "fingerprint": which.fingerprint,
    }


async def known(conn: Conn, project_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are errors of the project."""
    return set(await fetch_values(conn, KNOWN, project_id=project_id, ids=list(ids)))


async def make_due(
    conn: Conn,
    project_id: UUID,
    *,
    ids: Collection[UUID] | None,
    connector: Connector | None,
    dead_too: bool,
) -> int:
    """Let these be tried again now; how many."""
    return await execute(
        conn,
        MAKE_DUE,
        project_id=project_id,
        ids=None if ids is None else list(ids),
        connector=connector,
        dead_too=dead_too,
    )


async def take_over(conn: Conn, project_id: UUID, run_id: UUID) -> int:
    """Make pending again what a run that ended has left in the middle; how many."""
    return await execute(conn, TAKE_OVER, project_id=project_id, run_id=run_id)


async def due_sources(
    conn: Conn, project_id: UUID, *, ids: Collection[UUID] | None, connector: Connector | None
) -> list[Connector]:
    """The connectors that something is to be tried again of."""
    return await fetch_values(
        conn,
        DUE_SOURCES,
        project_id=project_id,
        ids=None if ids is None else list(ids),
        connector=connector,
    )


async def claim(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    run_id: UUID,
    *,
    ids: Collection[UUID] | None,
    limit: int,
) -> list[Claimed]:
    """Take what is due, those that wait longest first; nobody else gets the same."""
    return await fetch_all(
        conn,
        Claimed,
        CLAIM,
        project_id=project_id,
        connector=connector,
        run_id=run_id,
        ids=None if ids is None else list(ids),
        lease=RETRY_LEASE,
        limit=limit,
    )


async def put_back(
    conn: Conn, project_id: UUID, ids: Collection[UUID], *, wait: timedelta
) -> set[UUID]:
    """Nothing was learnt of those that are still being retried: they are pending as before, and
    rest for `wait`. Which ones they are.
    """
    found = await fetch_values(conn, PUT_BACK, project_id=project_id, ids=list(ids), wait=wait)
    return set(found)


async def failed_again(
    conn: Conn,
    project_id: UUID,
    ids: Collection[UUID],
    *,
    kind: UpstreamKind,
    message: str,
    next_step: str,
) -> int:
    """One more attempt of these, unless whoever tried them has counted it already."""
    return await execute(
        conn,
        FAILED_AGAIN,
        project_id=project_id,
        ids=list(ids),
        kind=kind,
        message=message,
        next_step=next_step,
        first=FIRST_RETRY,
        longest=LONGEST_RETRY,
        dead_after=DEAD_AFTER,
    )


async def succeeded(
    conn: Conn, project_id: UUID, ids: Collection[UUID], *, replaced_only: bool = False
) -> None:
    """What of these is still being retried came through, or fails for another reason now: with
    `replaced_only` nothing but the latter.
    """
    await execute(
        conn,
        SUCCEEDED,
        project_id=project_id,
        ids=list(ids),
        replaced_only=replaced_only,
        first=FIRST_RETRY,
        longest=LONGEST_RETRY,
        dead_after=DEAD_AFTER,
    )


async def outcomes(conn: Conn, project_id: UUID, ids: Collection[UUID]) -> dict[UUID, ErrorStatus]:
    """The status of each that is still there."""
    rows = await fetch_dicts(conn, OUTCOMES, project_id=project_id, ids=list(ids))
    return {row["id"]: row["status"] for row in rows}


async def discard(conn: Conn, project_id: UUID, error_id: UUID, *, by: str) -> bool:
    """False when it is resolved already."""
    return await execute(conn, DISCARD, project_id=project_id, id=error_id, by=by) == 1


async def restore(conn: Conn, project_id: UUID, error_id: UUID) -> bool:
    """False when it was not discarded, or the same fails under a newer row."""
    rows = await execute(conn, RESTORE, project_id=project_id, id=error_id, dead_after=DEAD_AFTER)
    return rows == 1


async def errors_by_kind(conn: Conn) -> list[tuple[str, str, str, int]]:
    """Connector, kind, status and how many open errors, over all projects that `conn` sees."""
    rows = await fetch_dicts(conn, BY_KIND)
    return [(row["connector"], row["kind"], row["status"], row["errors"]) for row in rows]
