"""SQL of runs as they are read, and of the one that goes on."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.automation.model import Run
from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value

COLUMNS: LiteralString = """
id, job_type, queue, trigger, upstream, because, payload, status, reason, slot_at, attempt,
progress_done, progress_total, progress_note, counters, error_kind, error_message,
error_fingerprint, error_trace, resolution, resolved_at, replayed_as, queued_at, not_before,
started_at, finished_at, cancel_requested_at"""

HOLD_LEASE: LiteralString = """
SELECT 1 FROM worker_runs
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
   FOR SHARE
"""


async def hold_lease(conn: Conn, run_id: UUID, lease_token: UUID) -> bool:
    """Whether the run is still ours; if so nobody can take it before this transaction ends."""
    return await fetch_value(conn, HOLD_LEASE, run_id=run_id, lease_token=lease_token) is not None


PROGRESS: LiteralString = """
UPDATE worker_runs
   SET progress_done = %(done)s, progress_total = %(total)s, progress_note = %(note)s
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
"""


async def set_progress(
    conn: Conn, run_id: UUID, lease_token: UUID, done: int, total: int | None, note: str | None
) -> bool:
    """False when the run is no longer ours."""
    rows = await execute(
        conn,
        PROGRESS,
        run_id=run_id,
        lease_token=lease_token,
        done=done,
        total=total,
        note=note,
    )
    return rows == 1


ONE: LiteralString = f"SELECT {COLUMNS} FROM worker_runs WHERE id = %(run_id)s"


async def one(conn: Conn, run_id: UUID) -> Run | None:
    return await fetch_one(conn, Run, ONE, run_id=run_id)


PAGE: LiteralString = f"""
SELECT {COLUMNS} FROM worker_runs
 WHERE (%(job_type)s::text IS NULL OR job_type = %(job_type)s)
   AND (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s))
   AND (%(trigger)s::text IS NULL OR trigger = %(trigger)s)
   AND (%(fingerprint)s::text IS NULL OR error_fingerprint = %(fingerprint)s)
   AND (NOT %(dead_letters)s OR status IN ('failed', 'dead') AND resolution IS NULL)
   AND (%(since)s::timestamptz IS NULL OR queued_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR queued_at < %(until)s)
   AND (%(before_at)s::timestamptz IS NULL
        OR (queued_at, id) < (%(before_at)s, %(before_id)s::uuid))
 ORDER BY queued_at DESC, id DESC
 LIMIT %(limit)s
"""


async def page(  # one argument per filter
    conn: Conn,
    *,
    job_type: str | None = None,
    statuses: Sequence[str] | None = None,
    trigger: str | None = None,
    fingerprint: str | None = None,
    dead_letters: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Run]:
    """Runs, newest first, that come after `before` in that order; `dead_letters` are failed ones
    that nothing took care of.
    """
    return await fetch_all(
        conn,
        Run,
        PAGE,
        job_type=job_type,
        statuses=None if statuses is None else list(statuses),
        trigger=trigger,
        fingerprint=fingerprint,
        dead_letters=dead_letters,
        since=since,
        until=until,
        before_at=before and before[0],
        before_id=before and before[1],
        limit=limit,
    )


OPEN: LiteralString = f"""
SELECT {COLUMNS} FROM worker_runs WHERE status = 'queued'
 UNION ALL
SELECT {COLUMNS} FROM worker_runs WHERE status = 'running'
 ORDER BY queued_at, id
"""


async def open_runs(conn: Conn) -> list[Run]:
    """Runs that wait or go on."""
    return await fetch_all(conn, Run, OPEN)


ABOVE: LiteralString = f"""
SELECT {COLUMNS} FROM worker_runs WHERE id = ANY(%(ids)s)
 ORDER BY queued_at DESC, id LIMIT %(limit)s
"""


async def some(conn: Conn, ids: Sequence[UUID], *, limit: int) -> list[Run]:
    """Those of these runs that still exist, newest first."""
    return await fetch_all(conn, Run, ABOVE, ids=list(ids), limit=limit)


BELOW: LiteralString = f"""
SELECT {COLUMNS} FROM worker_runs
 WHERE queued_at > %(since)s
   AND (%(until)s::timestamptz IS NULL OR queued_at < %(until)s)
   AND upstream @> ARRAY[%(run_id)s::uuid]
 ORDER BY queued_at, id LIMIT %(limit)s
"""


async def below(
    conn: Conn, run_id: UUID, *, since: datetime, until: datetime | None, limit: int
) -> list[Run]:
    """The runs that this one caused, among those queued between `since` and `until`."""
    return await fetch_all(conn, Run, BELOW, run_id=run_id, since=since, until=until, limit=limit)
