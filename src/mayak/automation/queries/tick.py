"""SQL of the tick: slots that are due become runs, or rows that say why they did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.automation.model import Catchup, JobType, Overlap
from mayak.platform.db import Conn, fetch_all, fetch_one


@dataclass(frozen=True, slots=True, kw_only=True)
class DueCron:
    """A schedule by the clock on the wall whose time has come."""

    project_id: UUID
    job_type: str
    cron: str
    time_zone: str
    next_run_at: datetime
    overlap: Overlap
    catchup: Catchup
    at: datetime
    """The present of this tick."""


DUE_CRONS: LiteralString = """
SELECT project_id, job_type, cron, time_zone, next_run_at, overlap, catchup, moment.at
  FROM scheduled_jobs
 CROSS JOIN (SELECT coalesce(%(at)s::timestamptz, now()) AS at) AS moment
 WHERE status = 'active' AND cron IS NOT NULL AND job_type = ANY(%(types)s)
   AND next_run_at <= coalesce(%(at)s::timestamptz, now())
 ORDER BY next_run_at, project_id, job_type LIMIT %(limit)s
"""
HOLD_CRONS: LiteralString = f"{DUE_CRONS} FOR UPDATE OF scheduled_jobs SKIP LOCKED"


async def due_crons(
    conn: Conn, types: Sequence[str], *, at: datetime | None, limit: int
) -> list[DueCron]:
    """Those that wait longest come first."""
    return await fetch_all(conn, DueCron, DUE_CRONS, types=list(types), at=at, limit=limit)


async def hold_crons(
    conn: Conn, types: Sequence[str], *, at: datetime | None, limit: int
) -> list[DueCron]:
    """The same, nobody else's until the transaction ends; without those that somebody holds."""
    return await fetch_all(conn, DueCron, HOLD_CRONS, types=list(types), at=at, limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSlot:
    """A slot of such a schedule, computed beforehand: PostgreSQL reads no cron."""

    due: DueCron
    slot_at: datetime
    is_latest: bool
    start_at: datetime
    """The slot, a little later for some projects, so that they do not start at once."""
    following: datetime
    """The first slot that is not due yet."""
    lumped: int = 0
    """How many more missed slots this row stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one statement of a tick did."""

    schedules: int
    """That were due."""
    run_ids: list[UUID]
    queues: list[str]
    skipped: int
    missed: int


TICK: LiteralString = """
WITH moment AS (
  SELECT coalesce(%(at)s::timestamptz, now()) AS at
), held AS (
  SELECT project_id, job_type, next_run_at, overlap, catchup, cadence_seconds,
         floor(extract(epoch FROM coalesce(%(at)s::timestamptz, now()) - next_run_at)
               / cadence_seconds)::integer AS behind
    FROM scheduled_jobs
   WHERE status = 'active' AND cadence_seconds IS NOT NULL AND job_type = ANY(%(types)s)
     AND next_run_at <= coalesce(%(at)s::timestamptz, now())
   ORDER BY next_run_at LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
), due AS (
  SELECT * FROM (SELECT *, sum(least(behind + 1, %(most)s)) OVER line AS so_far,
                        row_number() OVER line AS place
                   FROM held WINDOW line AS (ORDER BY next_run_at, project_id, job_type)) AS held
   WHERE so_far <= %(budget)s OR place = 1
), crons AS (
  SELECT * FROM unnest(%(projects)s::uuid[], %(cron_types)s::text[], %(slots)s::timestamptz[],
                       %(latest)s::boolean[], %(starts)s::timestamptz[],
                       %(following)s::timestamptz[], %(lumped)s::integer[], %(overlaps)s::text[],
                       %(catchups)s::text[])
    AS cron (project_id, job_type, slot_at, is_latest, start_at, following, lumped, overlap,
             catchup)
), advanced AS (
  UPDATE scheduled_jobs AS schedule SET next_run_at = new.next_run_at
    FROM (SELECT project_id, job_type,
                 next_run_at + make_interval(secs => cadence_seconds) * (behind + 1) AS next_run_at
            FROM due
          UNION ALL SELECT project_id, job_type, following FROM crons WHERE is_latest) AS new
   WHERE schedule.project_id = new.project_id AND schedule.job_type = new.job_type
  RETURNING 1
), slots AS (
  SELECT project_id, job_type, overlap, catchup, number = behind AS is_latest,
         next_run_at + make_interval(secs => cadence_seconds) * number AS slot_at,
         NULL::timestamptz AS start_at, 0 AS lumped
    FROM due, generate_series(greatest(0, behind - %(most)s + 1), behind) AS number
  UNION ALL
  SELECT project_id, job_type, overlap, 'latest', false, next_run_at, NULL,
         behind - %(most)s + 1
    FROM due WHERE behind >= %(most)s
  UNION ALL
  SELECT project_id, job_type, overlap, catchup, is_latest, slot_at, start_at, lumped FROM crons
), judged AS (
  SELECT slots.*, type.queue, type.lane,
         CASE WHEN lumped = 0 AND (is_latest OR catchup = 'all')
               AND (catchup <> 'skip' OR slot_at > moment.at - interval '1 minute')
              THEN overlap = 'queue' OR NOT EXISTS (
                SELECT 1 FROM worker_runs AS goes
                 WHERE goes.project_id = slots.project_id AND goes.lane = type.lane
                   AND goes.job_type = slots.job_type AND goes.status = 'running')
                AND NOT EXISTS (
                SELECT 1 FROM worker_runs AS waits
                 WHERE waits.project_id = slots.project_id AND waits.job_type = slots.job_type
                   AND waits.status = 'queued') END AS runs,
         CASE WHEN catchup = 'all' AND NOT is_latest
              THEN 'slot ' || extract(epoch FROM slot_at)::bigint ELSE '' END AS key
    FROM slots CROSS JOIN moment
    JOIN unnest(%(types)s::text[], %(queues)s::text[], %(lanes)s::text[])
      AS type (job_type, queue, lane) USING (job_type)
), queued AS (
  INSERT INTO worker_runs (project_id, job_type, queue, lane, key, trigger, slot_at, not_before,
                           queued_at, turn_at)
  SELECT project_id, job_type, queue, lane, key, 'schedule', slot_at,
         CASE WHEN start_at > moment.at THEN start_at END, moment.at,
         moment.at + row_number() OVER (PARTITION BY project_id ORDER BY slot_at, job_type)
                     * interval '1 second'
    FROM judged CROSS JOIN moment WHERE runs
   ORDER BY project_id, job_type, slot_at
      ON CONFLICT DO NOTHING
  RETURNING project_id, job_type, slot_at, id, queue
), noted AS (
  INSERT INTO worker_runs (project_id, job_type, queue, lane, trigger, slot_at, queued_at,
                           finished_at, status, reason, counters)
  SELECT judged.project_id, judged.job_type, judged.queue, judged.lane, 'schedule', judged.slot_at,
         moment.at, moment.at,
         CASE WHEN judged.runs IS NULL THEN 'missed' ELSE 'skipped' END,
         CASE WHEN judged.runs IS NULL THEN 'outage' WHEN judged.runs THEN 'already_waiting'
              ELSE 'still_running' END,
         CASE WHEN judged.lumped = 0 THEN '{}'
              ELSE jsonb_build_object('slots', judged.lumped) END
    FROM judged LEFT JOIN queued USING (project_id, job_type, slot_at) CROSS JOIN moment
   WHERE queued.id IS NULL
      ON CONFLICT DO NOTHING
  RETURNING status
)
SELECT (SELECT count(*) FROM advanced) AS schedules,
       coalesce((SELECT array_agg(id) FROM queued), '{}') AS run_ids,
       coalesce((SELECT array_agg(DISTINCT queue) FROM queued), '{}') AS queues,
       (SELECT count(*) FROM noted WHERE status = 'skipped') AS skipped,
       (SELECT count(*) FROM noted WHERE status = 'missed') AS missed
"""
MOST_SLOTS = 500
"""So many missed slots of one schedule get a row each; older ones share one row that counts."""


BUDGET = 20_000
"""Slots of one statement: after a long outage it writes no more rows than that at once."""


async def tick(
    conn: Conn,
    types: Sequence[JobType],
    crons: Sequence[CronSlot],
    *,
    at: datetime | None,
    limit: int,
) -> Ticked:
    """Account for the due slots of up to `limit` schedules with a cadence, and for `crons`.

    Runs in the scope of `conn`: one project, or all of them. Any number may do so at once:
    rows that another one holds are left to it.
    """
    ticked = await fetch_one(
        conn,
        Ticked,
        TICK,
        at=at,
        limit=limit,
        most=MOST_SLOTS,
        budget=BUDGET,
        types=[one.name for one in types],
        queues=[one.queue for one in types],
        lanes=[one.lane for one in types],
        projects=[one.due.project_id for one in crons],
        cron_types=[one.due.job_type for one in crons],
        slots=[one.slot_at for one in crons],
        latest=[one.is_latest for one in crons],
        starts=[one.start_at for one in crons],
        following=[one.following for one in crons],
        lumped=[one.lumped for one in crons],
        overlaps=[one.due.overlap for one in crons],
        catchups=[one.due.catchup for one in crons],
    )
    assert ticked is not None
    return ticked
