"""SQL of schedules: rows appear with a project, rest, wake, and change their cadence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.automation.model import JobType, PauseReason, Schedule
from mayak.platform.db import Conn, execute, execute_many, fetch_all, fetch_one, fetch_values

COLUMNS: LiteralString = """
job_type, status, pause_reason, paused_at, paused_by, cadence_seconds, cron, time_zone, custom,
overlap, catchup, next_run_at, last_run_id, last_run_at, last_status, last_error, last_success_at,
consecutive_failures"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A job type that a project has no schedule of, or one that the release or its zone changed."""

    project_id: UUID
    time_zone: str
    job_type: str
    at: datetime


LACKING: LiteralString = """
SELECT project.id AS project_id, project.time_zone, type.job_type,
       coalesce(%(at)s::timestamptz, now()) AS at
  FROM projects AS project
 CROSS JOIN unnest(%(types)s::text[], %(cadences)s::integer[], %(crons)s::text[])
    AS type (job_type, cadence_seconds, cron)
  LEFT JOIN scheduled_jobs AS schedule
    ON schedule.project_id = project.id AND schedule.job_type = type.job_type
 WHERE schedule.project_id IS NULL
    OR NOT schedule.custom
   AND (schedule.cadence_seconds IS DISTINCT FROM type.cadence_seconds
        OR schedule.cron IS DISTINCT FROM type.cron)
    OR schedule.cron IS NOT NULL AND schedule.time_zone <> project.time_zone
   AND NOT schedule.custom
 LIMIT %(limit)s
"""


async def lacking(
    conn: Conn, types: Sequence[JobType], *, at: datetime | None, limit: int
) -> list[Lacking]:
    """What `put` shall write, in the scope of `conn`."""
    rhythms = [one.rhythm for one in types]
    return await fetch_all(
        conn,
        Lacking,
        LACKING,
        at=at,
        limit=limit,
        types=[one.name for one in types],
        cadences=[one and one.cadence_seconds for one in rhythms],
        crons=[one and one.cron for one in rhythms],
    )


PUT: LiteralString = """
INSERT INTO scheduled_jobs AS old (project_id, job_type, cadence_seconds, cron, time_zone, overlap,
                                   catchup, next_run_at, status, pause_reason, paused_at)
VALUES (%(project_id)s, %(job_type)s, %(cadence_seconds)s, %(cron)s, %(time_zone)s, %(overlap)s,
        %(catchup)s, %(next_run_at)s, CASE WHEN %(rests)s THEN 'paused' ELSE 'active' END,
        CASE WHEN %(rests)s THEN 'lightrag_only' END, CASE WHEN %(rests)s THEN now() END)
    ON CONFLICT (project_id, job_type) DO UPDATE
   SET cadence_seconds = excluded.cadence_seconds, cron = excluded.cron,
       time_zone = excluded.time_zone,
       next_run_at = CASE WHEN old.status = 'active' AND old.next_run_at <= %(at)s::timestamptz
                          THEN old.next_run_at ELSE excluded.next_run_at END
 WHERE NOT old.custom
"""


async def put(conn: Conn, rows: Sequence[dict[str, object]]) -> int:
    """Write schedules as they are declared; a cadence that a person chose stays, and so does a slot
    that is due at `at`, until the tick has accounted for it.
    """
    return await execute_many(conn, PUT, rows)


ALL: LiteralString = f"SELECT {COLUMNS} FROM scheduled_jobs ORDER BY job_type"


async def every(conn: Conn) -> list[Schedule]:
    """The schedules of the project, by job type."""
    return await fetch_all(conn, Schedule, ALL)


HELD: LiteralString = f"""
SELECT {COLUMNS} FROM scheduled_jobs
 WHERE project_id = %(project_id)s AND job_type = %(job_type)s FOR UPDATE
"""


async def held(conn: Conn, project_id: UUID, job_type: str) -> Schedule | None:
    """One schedule, nobody else's until the transaction ends."""
    return await fetch_one(conn, Schedule, HELD, project_id=project_id, job_type=job_type)


PAUSE: LiteralString = """
UPDATE scheduled_jobs
   SET status = 'paused', pause_reason = %(reason)s, paused_by = %(by)s,
       paused_at = now()
 WHERE project_id = %(project_id)s AND job_type = ANY(%(types)s)
   AND (status = 'active' OR %(reason)s = 'person')
RETURNING job_type
"""


async def pause(
    conn: Conn, project_id: UUID, types: Sequence[str], *, reason: PauseReason, by: str | None
) -> list[str]:
    """Let jobs rest; the types that were active, or whose rest is a person's wish now."""
    return await fetch_values(
        conn, PAUSE, project_id=project_id, types=list(types), reason=reason, by=by
    )


SET: LiteralString = """
UPDATE scheduled_jobs
   SET status = CASE WHEN %(wakes)s THEN 'active' ELSE status END,
       pause_reason = CASE WHEN %(wakes)s THEN NULL ELSE pause_reason END,
       paused_at = CASE WHEN %(wakes)s THEN NULL ELSE paused_at END,
       paused_by = CASE WHEN %(wakes)s THEN NULL ELSE paused_by END,
       consecutive_failures = CASE WHEN %(wakes)s THEN 0 ELSE consecutive_failures END,
       cadence_seconds = %(cadence_seconds)s, cron = %(cron)s, time_zone = %(time_zone)s,
       custom = %(custom)s, overlap = %(overlap)s, catchup = %(catchup)s,
       next_run_at = %(next_run_at)s
 WHERE project_id = %(project_id)s AND job_type = %(job_type)s
"""


async def set_schedule(
    conn: Conn,
    project_id: UUID,
    schedule: Schedule,
    *,
    next_run_at: datetime | None,
    wakes: bool = False,
) -> None:
    """Write a schedule; `wakes` makes it active again and forgets its failures."""
    await execute(
        conn,
        SET,
        project_id=project_id,
        job_type=schedule.job_type,
        cadence_seconds=schedule.cadence_seconds,
        cron=schedule.cron,
        time_zone=schedule.time_zone,
        custom=schedule.custom,
        overlap=schedule.overlap,
        catchup=schedule.catchup,
        next_run_at=next_run_at,
        wakes=wakes,
    )


SUSPEND: LiteralString = """
UPDATE scheduled_jobs
   SET status = 'suspended', pause_reason = 'failures', paused_at = now(), last_error = %(error)s
 WHERE project_id = %(project_id)s AND job_type = %(job_type)s AND status = 'active'
"""


async def suspend(conn: Conn, project_id: UUID, job_type: str, *, error: str) -> None:
    """Let a job rest that cannot be scheduled, and say why."""
    await execute(conn, SUSPEND, project_id=project_id, job_type=job_type, error=error)


REST: LiteralString = """
UPDATE scheduled_jobs SET status = 'paused', pause_reason = 'lightrag_only', paused_at = now()
 WHERE status = 'active' AND job_type = ANY(%(types)s)
"""
WITHDRAW: LiteralString = """
UPDATE worker_runs SET status = 'cancelled', reason = 'paused', finished_at = now()
 WHERE status = 'queued' AND job_type = ANY(%(types)s)
"""


async def rest(conn: Conn, types: Sequence[str]) -> int:
    """LIGHTRAG_ONLY is 1: the legacy jobs of every project rest, and what waits of them goes."""
    await execute(conn, WITHDRAW, types=list(types))
    return await execute(conn, REST, types=list(types))


RESTING: LiteralString = """
SELECT project_id, job_type FROM scheduled_jobs
 WHERE status = 'paused' AND pause_reason = 'lightrag_only' AND job_type = ANY(%(types)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    project_id: UUID
    job_type: str


async def resting(conn: Conn, types: Sequence[str]) -> list[Named]:
    """Schedules that rest because of the flag, of every project."""
    return await fetch_all(conn, Named, RESTING, types=list(types))


PRESENT: LiteralString = "SELECT now()"


async def present(conn: Conn) -> datetime:
    """The database's time, which all processes share."""
    [now] = await fetch_values(conn, PRESENT)
    assert isinstance(now, datetime)
    return now


ZONE: LiteralString = "SELECT time_zone FROM projects WHERE id = %(project_id)s"


async def zone(conn: Conn, project_id: UUID) -> str:
    """The time zone of the project, UTC when it is gone."""
    found = await fetch_values(conn, ZONE, project_id=project_id)
    return str(found[0]) if found else "UTC"
