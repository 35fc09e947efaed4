"""SQL over all runs: what went astray, which workers live, how much there is of what."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from mayak.automation.model import Status
from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value

STRAYED: LiteralString = """
SELECT project_id, id, job_type, status, queue_job_id FROM worker_runs
 WHERE status = 'running' AND coalesce(beat_at, started_at) < now() - interval '30 seconds'
    OR status = 'queued' AND queued_at < now() - interval '30 seconds'
   AND (not_before IS NULL OR not_before < now() - interval '10 seconds')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A run that may have lost its wake-up."""

    project_id: UUID
    id: UUID
    job_type: str
    status: Status
    queue_job_id: int | None


async def strays(conn: Conn) -> list[Stray]:
    """Runs of every project that are open for long enough to be looked at."""
    return await fetch_all(conn, Stray, STRAYED)


REVIVE: LiteralString = """
UPDATE worker_runs AS mine SET status = 'queued', lease_token = NULL, queue_job_id = NULL
 WHERE id = %(run_id)s AND status = 'running' AND queue_job_id IS NOT DISTINCT FROM %(queue_job_id)s
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                    WHERE other.job_type = mine.job_type AND other.status = 'queued')
"""
ABANDON: LiteralString = """
UPDATE worker_runs
   SET status = 'failed', finished_at = now(), lease_token = NULL, error_kind = 'crashed',
       error_message = 'Its worker died; a newer run was waiting and took its place.'
 WHERE id = %(run_id)s AND status = 'running' AND queue_job_id IS NOT DISTINCT FROM %(queue_job_id)s
"""


async def revive(conn: Conn, stray: Stray) -> bool:
    """Queue a running run again whose delivery is gone. False when a newer one waits instead."""
    values = {"run_id": stray.id, "queue_job_id": stray.queue_job_id}
    if await execute(conn, REVIVE, **values):
        return True
    await execute(conn, ABANDON, **values)
    return False


SEEN: LiteralString = """
INSERT INTO workers (id, host, pid, seen_at) VALUES (%(id)s, %(host)s, %(pid)s, now())
    ON CONFLICT (id) DO UPDATE SET seen_at = now()
"""
FORGET: LiteralString = """
DELETE FROM workers WHERE id = %(id)s OR seen_at < now() - interval '1 hour'
"""
ALIVE: LiteralString = """
SELECT count(*) FROM workers WHERE seen_at > now() - interval '30 seconds'
"""


async def seen(conn: Conn, worker_id: UUID, host: str, pid: int) -> None:
    """A worker says that it lives."""
    await execute(conn, SEEN, id=worker_id, host=host, pid=pid)


async def forget(conn: Conn, worker_id: UUID) -> None:
    await execute(conn, FORGET, id=worker_id)


async def workers_alive(conn: Conn) -> int:
    """How many workers said so within 30 seconds."""
    count: int = await fetch_value(conn, ALIVE)
    return count


COUNTS: LiteralString = """
SELECT job_type, status, count(*) AS runs FROM worker_runs
 WHERE finished_at > now() - interval '1 day' OR finished_at IS NULL
 GROUP BY job_type, status
"""


async def counts(conn: Conn) -> list[dict[str, Any]]:
    """Runs of the last day and open ones, by job type and status, in the scope of `conn`."""
    return await fetch_dicts(conn, COUNTS)


LONGEST_WAIT: LiteralString = """
SELECT coalesce(max(now() - greatest(queued_at, coalesce(not_before, queued_at))), interval '0')
  FROM worker_runs
 WHERE status = 'queued' AND (not_before IS NULL OR not_before <= now())
"""


async def longest_wait(conn: Conn) -> timedelta:
    """How long the run that waits longest could have started already."""
    wait: timedelta = await fetch_value(conn, LONGEST_WAIT)
    return wait
