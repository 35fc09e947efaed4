"""SQL of stream states: checkpoints, leases, causes."""

from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value
from mayak.sync.model import RECORDS_FAILED, STREAMS, Connector, StreamState, Verdict

ORDER = [f"{one.connector} {one.name}" for streams in STREAMS.values() for one in streams]

BEGIN: LiteralString = """
INSERT INTO connector_sync_state AS old
       (project_id, connector, stream, status, run_id, lease_until, last_run_at)
VALUES (%(project_id)s, %(connector)s, %(stream)s, 'running', %(run_id)s,
        now() + %(lease)s::interval, now())
    ON CONFLICT (project_id, connector, stream) DO UPDATE
   SET status = 'running', run_id = excluded.run_id, lease_until = excluded.lease_until,
       last_run_at = excluded.last_run_at, cause = NULL, next_step = NULL, until_at = NULL,
       progress_done = 0, progress_total = NULL, updated_at = now()
RETURNING checkpoint
"""

PAGE: LiteralString = """
UPDATE connector_sync_state
   SET checkpoint = coalesce(%(checkpoint)s::jsonb, checkpoint),
       rows_written = rows_written + %(rows)s,
       rows_seen = rows_seen + %(seen)s,
       progress_done = coalesce(progress_done, 0) + %(seen)s,
       progress_total = coalesce(%(total)s, progress_total),
       pages_read = pages_read + 1,
       lease_until = now() + %(lease)s::interval,
       updated_at = now()
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
RETURNING clock_timestamp()
"""

NO_WAIT: LiteralString = "SELECT set_config('synchronous_commit', 'off', true)"

SETTLE: LiteralString = """
INSERT INTO connector_sync_state AS old
       (project_id, connector, stream, status, cause, next_step, until_at)
VALUES (%(project_id)s, %(connector)s, %(stream)s, %(status)s, %(cause)s, %(next_step)s,
        now() + %(wait)s::interval)
    ON CONFLICT (project_id, connector, stream) DO UPDATE
   SET status = excluded.status, cause = excluded.cause, next_step = excluded.next_step,
       until_at = excluded.until_at, lease_until = NULL, updated_at = now(),
       fresh_until = coalesce(%(fresh_until)s, old.fresh_until),
       consecutive_failures =
         CASE WHEN excluded.status IN ('rate_limited', 'auth_failed', 'failing')
              THEN old.consecutive_failures + 1 ELSE 0 END,
       last_success_at =
         CASE WHEN excluded.status = 'ok' THEN now() ELSE old.last_success_at END
"""

AGREE: LiteralString = """
WITH failing AS (
  SELECT count(*) AS records
    FROM connector_errors
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
     AND status <> 'resolved'
)
UPDATE connector_sync_state
   SET status = CASE WHEN failing.records = 0 THEN 'ok' ELSE 'partial' END,
       cause = CASE WHEN failing.records > 0 THEN failing.records || ' ' || %(said)s::text END,
       next_step = CASE WHEN failing.records > 0 THEN %(next_step)s::text END,
       -- All of it was read then, and what was lacking has come since.
       last_success_at =
         CASE WHEN failing.records = 0 THEN greatest(last_success_at, last_run_at)
              ELSE last_success_at END,
       updated_at = now()
  FROM failing
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND CASE status WHEN 'ok' THEN failing.records > 0
                   WHEN 'partial' THEN cause LIKE '%% ' || %(said)s::text
                   ELSE false END
"""

LAGS: LiteralString = """
SELECT state.connector,
       extract(epoch FROM now() - min(coalesce(
         state.fresh_until, state.last_success_at, project.created_at)))::float AS lag,
       extract(epoch FROM min(state.last_success_at))::float AS last_success
  FROM connector_sync_state AS state
  JOIN projects AS project ON project.id = state.project_id
 WHERE state.status NOT IN ('idle', 'disabled')
 GROUP BY state.connector
"""

STATES: LiteralString = """
SELECT connector, stream, status, cause, next_step, until_at, lease_until,
       last_success_at, last_run_at, fresh_until, progress_done, progress_total
  FROM connector_sync_state
 WHERE project_id = %(project_id)s
 ORDER BY array_position(%(order)s::text[], connector || ' ' || stream)
"""

DONE_BY: LiteralString = """
SELECT stream, status
  FROM connector_sync_state
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND run_id = %(run_id)s
   AND status IN ('ok', 'partial') AND updated_at > now() - interval '2 minutes'
"""

FORGET_RUN: LiteralString = """
UPDATE connector_sync_state
   SET run_id = NULL
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND run_id IS NOT NULL
"""

START_OVER: LiteralString = """
UPDATE connector_sync_state
   SET run_id = NULL, checkpoint = '{}'
 WHERE project_id = %(project_id)s AND connector = %(connector)s
"""

WAS_READ: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_sync_state
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND status <> 'idle')
"""

CLOCK: LiteralString = "SELECT clock_timestamp()"

SUCCEEDED: LiteralString = """
-- A stream that ends partial for want of a few records was read to its end as well.
SELECT last_success_at IS NOT NULL OR fresh_until IS NOT NULL
  FROM connector_sync_state
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
"""

LIMITED_FOR: LiteralString = """
SELECT max(until_at) - now()
  FROM connector_sync_state
 WHERE project_id = %(project_id)s AND connector = %(connector)s
   AND status = 'rate_limited' AND until_at > now()
"""

BY_STATUS: LiteralString = """
SELECT CASE WHEN status = 'running' AND (lease_until IS NULL OR lease_until < now())
            THEN 'stalled' ELSE status END AS status,
       count(*) AS streams
  FROM connector_sync_state
 GROUP BY 1
"""


async def agree(
    conn: Conn, project_id: UUID, connector: str, stream: str, *, next_step: str
) -> None:
    """Let the state say how many records of the stream fail now, if it says nothing worse."""
    await execute(
        conn,
        AGREE,
        project_id=project_id,
        connector=connector,
        stream=stream,
        said=RECORDS_FAILED,
        next_step=next_step,
    )


async def lags(conn: Conn) -> list[tuple[str, float, float | None]]:
    """By connector, of the stream that is furthest behind in any project that `conn` sees: seconds
    since what it holds was true, and the time of its last success, in seconds since the epoch.

    What was never read lags since its project began; then there is no last success of it.
    """
    rows = await fetch_dicts(conn, LAGS)
    return [(row["connector"], row["lag"], row["last_success"]) for row in rows]


async def begin(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    *,
    run_id: UUID,
    lease: timedelta,
) -> dict[str, Any]:
    """Mark a stream as running and return the checkpoint it stopped at."""
    checkpoint: dict[str, Any] = await fetch_value(
        conn,
        BEGIN,
        project_id=project_id,
        connector=connector,
        stream=stream,
        run_id=run_id,
        lease=lease,
    )
    return checkpoint


async def done_by(
    conn: Conn, project_id: UUID, connector: Connector, run_id: UUID
) -> dict[str, str]:
    """Streams that this very run finished a moment ago, before its worker died; their status."""
    rows = await fetch_dicts(
        conn, DONE_BY, project_id=project_id, connector=connector, run_id=run_id
    )
    return {row["stream"]: row["status"] for row in rows}


async def forget_run(conn: Conn, project_id: UUID, connector: Connector) -> None:
    """What a run finished so far is not to be taken over: it will be read again."""
    await execute(conn, FORGET_RUN, project_id=project_id, connector=connector)


async def start_over(conn: Conn, project_id: UUID, connector: Connector) -> None:
    """Forget the checkpoints too: lists that were read may hold what has been buried since."""
    await execute(conn, START_OVER, project_id=project_id, connector=connector)


async def was_read(conn: Conn, project_id: UUID, connector: Connector) -> bool:
    """Whether the project was in a state other than unbound when its streams were last settled."""
    read: bool = await fetch_value(conn, WAS_READ, project_id=project_id, connector=connector)
    return read


async def clock(conn: Conn) -> datetime:
    """The present, by the clock that all workers share."""
    present: datetime = await fetch_value(conn, CLOCK)
    return present


async def succeeded(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> bool:
    """Whether the stream was ever read to its end."""
    found: bool | None = await fetch_value(
        conn, SUCCEEDED, project_id=project_id, connector=connector, stream=stream
    )
    return bool(found)


async def page(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    *,
    checkpoint: dict[str, Any] | None,
    rows: int,
    seen: int,
    total: int | None,
    lease: timedelta,
) -> datetime:
    """Count a page and renew the lease; None leaves the checkpoint where it is. Gives the time."""
    at: datetime | None = await fetch_value(
        conn,
        PAGE,
        project_id=project_id,
        connector=connector,
        stream=stream,
        checkpoint=None if checkpoint is None else orjson.dumps(checkpoint).decode(),
        rows=rows,
        seen=seen,
        total=total,
        lease=lease,
    )
    return at or await clock(conn)


async def do_not_wait_for_disk(conn: Conn) -> None:
    """Let this transaction commit without waiting for the disk.

    A page carries its own checkpoint: if the machine dies before the disk has it, rows and
    checkpoint are gone together, and the page is read again.
    """
    await execute(conn, NO_WAIT)


async def settle(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    verdict: Verdict,
    *,
    fresh_until: datetime | None = None,
) -> None:
    """Leave a stream in the state of `verdict`; nothing runs any more."""
    await execute(
        conn,
        SETTLE,
        project_id=project_id,
        connector=connector,
        stream=stream,
        status=verdict.status,
        cause=verdict.cause,
        next_step=verdict.next_step,
        wait=verdict.wait,
        fresh_until=fresh_until,
    )


async def states(conn: Conn, project_id: UUID) -> list[StreamState]:
    return await fetch_all(conn, StreamState, STATES, project_id=project_id, order=ORDER)


async def streams_by_status(conn: Conn) -> dict[str, int]:
    """How many streams are in each state, over all projects that `conn` sees."""
    return {row["status"]: row["streams"] for row in await fetch_dicts(conn, BY_STATUS)}


async def limited_for(conn: Conn, project_id: UUID, connector: Connector) -> timedelta | None:
    """How much longer the source's rate limit is in force, if it is."""
    wait: timedelta | None = await fetch_value(
        conn, LIMITED_FOR, project_id=project_id, connector=connector
    )
    return wait
