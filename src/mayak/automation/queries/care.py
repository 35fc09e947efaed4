"""SQL over all runs: which workers live, whose runs lost theirs, how much there is of what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.automation.model import Queue
from mayak.automation.queries.line import Claim
from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_one, fetch_value

SEEN: LiteralString = """
INSERT INTO workers (id, host, pid, seen_at, lease_until, serves_all, slots)
VALUES (%(id)s, %(host)s, %(pid)s, now(), now() + %(lease)s, %(serves_all)s, %(slots)s::jsonb)
    ON CONFLICT (id) DO UPDATE SET seen_at = now(), lease_until = now() + %(lease)s
"""
FORGET: LiteralString = """
DELETE FROM workers WHERE id = %(id)s OR lease_until < now() - interval '1 hour'
"""
ALIVE: LiteralString = """
SELECT count(*) FROM workers WHERE serves_all AND lease_until > now()
"""


async def seen(  # one argument per column
    conn: Conn,
    worker_id: UUID,
    host: str,
    pid: int,
    *,
    lease: timedelta,
    serves_all: bool,
    slots: Mapping[Queue, int],
) -> None:
    """A worker says that it lives, and takes another lease."""
    await execute(
        conn,
        SEEN,
        id=worker_id,
        host=host,
        pid=pid,
        lease=lease,
        serves_all=serves_all,
        slots=orjson.dumps(slots).decode(),
    )


async def forget(conn: Conn, worker_id: UUID) -> None:
    """A worker ends; those that went silent long ago are forgotten with it."""
    await execute(conn, FORGET, id=worker_id)


async def workers_alive(conn: Conn) -> int:
    """How many workers of all job types have a lease."""
    count: int = await fetch_value(conn, ALIVE)
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A run that stands under a worker's name."""

    lease_token: UUID
    cancel_requested: bool


HELD: LiteralString = """
SELECT lease_token, cancel_requested_at IS NOT NULL AS cancel_requested
  FROM worker_runs WHERE status = 'running' AND worker_id = %(worker_id)s
"""


async def held_by(conn: Conn, worker_id: UUID) -> list[Held]:
    """What the database believes that a worker is doing."""
    return await fetch_all(conn, Held, HELD, worker_id=worker_id)


DISOWN: LiteralString = """
UPDATE worker_runs SET worker_id = NULL
 WHERE status = 'running' AND worker_id = %(worker_id)s AND lease_token = ANY(%(tokens)s)
"""


async def disown(conn: Conn, worker_id: UUID, tokens: Sequence[UUID]) -> int:
    """Runs that a worker does not know of have no worker any more: they are strays."""
    return await execute(conn, DISOWN, worker_id=worker_id, tokens=list(tokens))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A run whose worker went silent."""

    claim: Claim
    cancel_requested: bool


STRAYED: LiteralString = """
SELECT project_id, id, job_type, key, trigger, payload, slot_at, attempt, starts, lease_token,
       started_at, cancel_requested_at IS NOT NULL AS cancel_requested
  FROM worker_runs AS run
 WHERE status = 'running'
   AND NOT EXISTS (SELECT 1 FROM workers WHERE workers.id = run.worker_id AND lease_until > now())
 LIMIT %(limit)s
   FOR UPDATE SKIP LOCKED
"""


async def strays(conn: Conn, *, limit: int) -> list[Stray]:
    """Runs whose worker has no lease any more, nobody else's until the transaction ends."""
    rows = await fetch_dicts(conn, STRAYED, limit=limit)
    return [Stray(cancel_requested=row.pop("cancel_requested"), claim=Claim(**row)) for row in rows]


REVIVE: LiteralString = """
UPDATE worker_runs AS mine
   SET status = 'queued', lease_token = NULL, worker_id = NULL, attempt = greatest(attempt - 1, 0)
 WHERE project_id = %(project_id)s AND id = %(run_id)s AND lease_token = %(lease_token)s
   AND status = 'running'
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                    WHERE other.project_id = mine.project_id AND other.job_type = mine.job_type
                      AND other.key = mine.key AND other.status = 'queued')
RETURNING queue
"""


async def revive(conn: Conn, claim: Claim) -> str | None:
    """Let a stray wait again, in its old place; its queue. None when a newer one waits instead."""
    queue: str | None = await fetch_value(
        conn,
        REVIVE,
        project_id=claim.project_id,
        run_id=claim.id,
        lease_token=claim.lease_token,
    )
    return queue


COUNTS: LiteralString = """
SELECT job_type, status, count(*) AS runs
  FROM (SELECT job_type, status FROM worker_runs WHERE status = 'queued'
        UNION ALL SELECT job_type, status FROM worker_runs WHERE status = 'running'
        UNION ALL SELECT job_type, status FROM worker_runs
         WHERE queued_at > now() - interval '1 day' AND status NOT IN ('queued', 'running')) AS runs
 GROUP BY job_type, status
"""


async def counts(conn: Conn) -> list[dict[str, Any]]:
    """Runs asked for within a day and open ones, by job type and status, in the scope of `conn`."""
    return await fetch_dicts(conn, COUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How the line is doing, in the scope of a connection."""

    queued: dict[str, int]
    """By queue: runs that could start."""
    running: dict[str, int]
    waiting_for_retry: int
    longest_wait: timedelta
    """Of the run that could have started first; one whose lane is taken could not."""
    overdue: timedelta
    """How long the schedule that waits longest for its slot is late."""
    suspended: int
    dead_letters: int
    late_slots: int
    """Slots of the last day that were missed or left out."""


LOAD: LiteralString = """
WITH open AS (
  SELECT queue, status, not_before IS NOT NULL AND not_before > now() AS later,
         CASE WHEN job_type <> ALL(%(types)s)
                OR (project_id, lane) IN (SELECT goes.project_id, goes.lane
                                            FROM worker_runs AS goes
                                           WHERE goes.status = 'running') THEN '0'
              ELSE now() - greatest(queued_at, coalesce(not_before, queued_at)) END AS waits
    FROM worker_runs WHERE status = 'queued'
  UNION ALL
  SELECT queue, status, false, '0' FROM worker_runs WHERE status = 'running'
)
SELECT coalesce((SELECT jsonb_object_agg(queue, number)
                   FROM (SELECT queue, count(*) AS number FROM open
                          WHERE status = 'queued' AND NOT later GROUP BY queue) AS q), '{}')
         AS queued,
       coalesce((SELECT jsonb_object_agg(queue, number)
                   FROM (SELECT queue, count(*) AS number FROM open
                          WHERE status = 'running' GROUP BY queue) AS r), '{}') AS running,
       (SELECT count(*) FROM open WHERE later) AS waiting_for_retry,
       coalesce((SELECT max(waits) FROM open WHERE status = 'queued' AND NOT later), '0')
         AS longest_wait,
       greatest('0', coalesce((SELECT now() - min(next_run_at) FROM scheduled_jobs
                                WHERE status = 'active' AND job_type = ANY(%(types)s)), '0'))
         AS overdue,
       (SELECT count(*) FROM scheduled_jobs WHERE status = 'suspended') AS suspended,
       (SELECT count(*) FROM worker_runs
         WHERE status IN ('failed', 'dead') AND resolution IS NULL) AS dead_letters,
       (SELECT count(*) FROM worker_runs
         WHERE slot_at IS NOT NULL AND queued_at > now() - interval '1 day'
           AND (status = 'missed' OR status = 'skipped' AND reason = 'still_running')) AS late_slots
"""


async def load(conn: Conn, types: Collection[str]) -> Load:
    """`types` are those that this release ticks: what is left of others is never overdue."""
    found = await fetch_one(conn, Load, LOAD, types=list(types))
    assert found is not None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWorker:
    id: UUID
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    slots: dict[str, int]


WORKERS: LiteralString = """
SELECT id, host, pid, started_at, seen_at, slots FROM workers
 WHERE serves_all AND lease_until > now() ORDER BY started_at
"""


async def workers(conn: Conn) -> list[LiveWorker]:
    """Workers that have a lease, the oldest first."""
    return await fetch_all(conn, LiveWorker, WORKERS)
