"""SQL of stream states: checkpoints, leases, causes."""

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value
from mayak.sync.model import Stream, StreamState, Verdict

BEGIN: LiteralString = """
INSERT INTO connector_sync_state AS old
       (project_id, connector, stream, status, run_id, lease_until, last_run_at)
VALUES (%(project_id)s, 'chatwoot', %(stream)s, 'running', %(run_id)s,
        now() + %(lease)s::interval, now())
    ON CONFLICT (project_id, connector, stream) DO UPDATE
   SET status = 'running', run_id = excluded.run_id, lease_until = excluded.lease_until,
       last_run_at = excluded.last_run_at, cause = NULL, next_step = NULL, until_at = NULL,
       updated_at = now()
RETURNING checkpoint
"""

PAGE: LiteralString = """
UPDATE connector_sync_state
   SET checkpoint = coalesce(%(checkpoint)s::jsonb, checkpoint),
       rows_written = rows_written + %(rows)s,
       pages_read = pages_read + 1,
       lease_until = now() + %(lease)s::interval,
       updated_at = now()
 WHERE project_id = %(project_id)s AND connector = 'chatwoot' AND stream = %(stream)s
"""

NO_WAIT: LiteralString = "SELECT set_config('synchronous_commit', 'off', true)"

SETTLE: LiteralString = """
INSERT INTO connector_sync_state AS old
       (project_id, connector, stream, status, cause, next_step, until_at)
VALUES (%(project_id)s, 'chatwoot', %(stream)s, %(status)s, %(cause)s, %(next_step)s,
        now() + %(wait)s::interval)
    ON CONFLICT (project_id, connector, stream) DO UPDATE
   SET status = excluded.status, cause = excluded.cause, next_step = excluded.next_step,
       until_at = excluded.until_at, lease_until = NULL, updated_at = now(),
       consecutive_failures =
         CASE WHEN excluded.status IN ('rate_limited', 'auth_failed', 'failing')
              THEN old.consecutive_failures + 1 ELSE 0 END,
       last_success_at =
         CASE WHEN excluded.status = 'ok' THEN now() ELSE old.last_success_at END
"""

STATES: LiteralString = """
SELECT connector, stream, status, cause, next_step, until_at, lease_until,
       last_success_at, last_run_at
  FROM connector_sync_state
 WHERE project_id = %(project_id)s
 ORDER BY connector,
          array_position(ARRAY['inboxes', 'contacts', 'conversations', 'messages'], stream)
"""

DONE_BY: LiteralString = """
SELECT stream, status
  FROM connector_sync_state
 WHERE project_id = %(project_id)s AND connector = 'chatwoot' AND run_id = %(run_id)s
   AND status IN ('ok', 'partial') AND updated_at > now() - interval '2 minutes'
"""

FORGET_RUN: LiteralString = """
UPDATE connector_sync_state
   SET run_id = NULL
 WHERE project_id = %(project_id)s AND connector = 'chatwoot' AND run_id IS NOT NULL
"""

START_OVER: LiteralString = """
UPDATE connector_sync_state
   SET run_id = NULL, checkpoint = '{}'
 WHERE project_id = %(project_id)s AND connector = 'chatwoot'
"""

WAS_READ: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_sync_state
   WHERE project_id = %(project_id)s AND connector = 'chatwoot' AND status <> 'idle')
"""

LIMITED_FOR: LiteralString = """
SELECT max(until_at) - now()
  FROM connector_sync_state
 WHERE project_id = %(project_id)s AND connector = 'chatwoot'
   AND status = 'rate_limited' AND until_at > now()
"""

BY_STATUS: LiteralString = """
SELECT CASE WHEN status = 'running' AND (lease_until IS NULL OR lease_until < now())
            THEN 'stalled' ELSE status END AS status,
       count(*) AS streams
  FROM connector_sync_state
 GROUP BY 1
"""


async def begin(
    conn: Conn, project_id: UUID, stream: Stream, *, run_id: UUID, lease: timedelta
) -> dict[str, Any]:
    """Mark a stream as running and return the checkpoint it stopped at."""
    checkpoint: dict[str, Any] = await fetch_value(
        conn, BEGIN, project_id=project_id, stream=stream, run_id=run_id, lease=lease
    )
    return checkpoint


async def done_by(conn: Conn, project_id: UUID, run_id: UUID) -> dict[Stream, str]:
    """Streams that this very run finished a moment ago, before its worker died; their status."""
    rows = await fetch_dicts(conn, DONE_BY, project_id=project_id, run_id=run_id)
    return {row["stream"]: row["status"] for row in rows}


async def forget_run(conn: Conn, project_id: UUID) -> None:
    """What a run finished so far is not to be taken over: it will be read again."""
    await execute(conn, FORGET_RUN, project_id=project_id)


async def start_over(conn: Conn, project_id: UUID) -> None:
    """Forget the checkpoints too: lists that were read may hold what has been buried since."""
    await execute(conn, START_OVER, project_id=project_id)


async def was_read(conn: Conn, project_id: UUID) -> bool:
    """Whether the project was in a state other than unbound when its streams were last settled."""
    read: bool = await fetch_value(conn, WAS_READ, project_id=project_id)
    return read


async def page(
    conn: Conn,
    project_id: UUID,
    stream: Stream,
    *,
    checkpoint: dict[str, Any] | None,
    rows: int,
    lease: timedelta,
) -> None:
    """Count a page and renew the lease; None leaves the checkpoint where it is."""
    await execute(
        conn,
        PAGE,
        project_id=project_id,
        stream=stream,
        checkpoint=None if checkpoint is None else orjson.dumps(checkpoint).decode(),
        rows=rows,
        lease=lease,
    )


async def do_not_wait_for_disk(conn: Conn) -> None:
    """Let this transaction commit without waiting for the disk.

    A page carries its own checkpoint: if the machine dies before the disk has it, rows and
    checkpoint are gone together, and the page is read again.
    """
    await execute(conn, NO_WAIT)


async def settle(conn: Conn, project_id: UUID, stream: Stream, verdict: Verdict) -> None:
    """Leave a stream in the state of `verdict`; nothing runs any more."""
    await execute(
        conn,
        SETTLE,
        project_id=project_id,
        stream=stream,
        status=verdict.status,
        cause=verdict.cause,
        next_step=verdict.next_step,
        wait=verdict.wait,
    )


async def states(conn: Conn, project_id: UUID) -> list[StreamState]:
    return await fetch_all(conn, StreamState, STATES, project_id=project_id)


async def streams_by_status(conn: Conn) -> dict[str, int]:
    """How many streams are in each state, over all projects that `conn` sees."""
    return {row["status"]: row["streams"] for row in await fetch_dicts(conn, BY_STATUS)}


async def limited_for(conn: Conn, project_id: UUID) -> timedelta | None:
    """How much longer the source's rate limit is in force, if it is."""
    wait: timedelta | None = await fetch_value(conn, LIMITED_FOR, project_id=project_id)
    return wait
