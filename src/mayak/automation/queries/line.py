"""SQL of the line: runs that wait, who takes the next one, and giving it back.

`worker_runs` is the queue. One run of a job and key waits at a time, and one run of a lane goes on,
by two unique indexes; the statements here only have to live with them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.automation.model import Failure, JobType, Queue, Run, Trigger, key_of
from mayak.automation.queries.runs import COLUMNS
from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value

WAKE: LiteralString = "SELECT pg_notify('mayak_runs', %(queue)s)"
STOP: LiteralString = "SELECT pg_notify('mayak_cancel', %(run_id)s::text)"


async def wake(conn: Conn, queue: str) -> None:
    """Tell workers, when this transaction commits, that somebody waits in a queue."""
    await conn.execute(WAKE, {"queue": queue})


async def tell_to_stop(conn: Conn, run_id: UUID) -> None:
    """Tell the worker of a run, when this transaction commits, that it shall stop."""
    await conn.execute(STOP, {"run_id": run_id})


JOIN: LiteralString = f"""
INSERT INTO worker_runs AS mine (project_id, job_type, queue, lane, key, trigger, upstream, because,
                                 payload, not_before, status, reason, finished_at, queued_at,
                                 turn_at)
SELECT %(project_id)s::uuid, %(job_type)s::text, %(queue)s::text, %(lane)s, %(key)s, %(trigger)s,
       %(upstream)s::uuid[], %(because)s, %(payload)s::jsonb, %(not_before)s::timestamptz,
       CASE WHEN rests THEN 'cancelled' ELSE 'queued' END, CASE WHEN rests THEN 'paused' END,
       CASE WHEN rests THEN moment.at END, moment.at,
       moment.at + %(behind)s::interval * (SELECT count(*) FROM worker_runs AS other
                                  WHERE other.project_id = %(project_id)s
                                    AND other.queue = %(queue)s AND other.status = 'queued')
  FROM (SELECT coalesce(%(at)s::timestamptz, clock_timestamp()) AS at) AS moment,
       LATERAL (SELECT %(trigger)s = 'cascade' AND EXISTS (
                  SELECT 1 FROM scheduled_jobs AS schedule
                   WHERE schedule.project_id = %(project_id)s
                     AND schedule.job_type = %(job_type)s AND schedule.status <> 'active')
                  AS rests) AS schedule
    ON CONFLICT (project_id, job_type, key) WHERE status = 'queued' DO UPDATE
   SET upstream = mine.upstream || ARRAY(SELECT new FROM unnest(excluded.upstream) AS new
                                          WHERE new <> ALL(mine.upstream)),
       not_before = CASE WHEN excluded.trigger = 'manual' THEN NULL ELSE mine.not_before END,
       trigger = CASE WHEN excluded.trigger = 'manual' THEN 'manual' ELSE mine.trigger END,
       because = CASE WHEN excluded.trigger = 'manual' THEN excluded.because ELSE mine.because END
RETURNING {COLUMNS}
"""
BEHIND = timedelta(seconds=1)
"""How much further back each further run of a project is placed: nobody's thousand starve one."""


async def join(
    conn: Conn,
    project_id: UUID,
    job: JobType,
    *,
    trigger: Trigger,
    upstream: Sequence[UUID],
    because: str | None,
    payload: Mapping[str, object],
    at: datetime | None = None,
    not_before: datetime | None = None,
) -> Run:
    """The run of this job and payload that waits, new or already there and now caused by
    `upstream` too; a new one starts no earlier than `not_before`. A person's wish makes it theirs,
    and takes it out of its backoff; what a cascade wants of a job that rests is cancelled at once.
    """
    run = await fetch_one(
        conn,
        Run,
        JOIN,
        project_id=project_id,
        job_type=job.name,
        queue=job.queue,
        lane=job.lane,
        key=key_of(payload),
        trigger=trigger,
        upstream=list(upstream),
        because=because,
        payload=orjson.dumps(payload).decode(),
        behind=BEHIND,
        at=at,
        not_before=not_before,
    )
    assert run is not None
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is ours to execute."""

    project_id: UUID
    id: UUID
    job_type: str
    key: str
    trigger: Trigger
    payload: dict[str, Any]
    slot_at: datetime | None
    attempt: int
    starts: int
    lease_token: UUID
    started_at: datetime


CLAIM: LiteralString = """
WITH line AS (
  SELECT project_id, id, lane, turn_at
    FROM worker_runs AS waits,
         (SELECT set_config('synchronous_commit', 'off', true)) AS unhurried
   WHERE status = 'queued' AND queue = %(queue)s AND job_type = ANY(%(types)s)
     AND (not_before IS NULL OR not_before <= coalesce(%(at)s::timestamptz, now()))
     AND (project_id, lane) NOT IN (SELECT goes.project_id, goes.lane
                                      FROM worker_runs AS goes WHERE goes.status = 'running')
   ORDER BY turn_at
   LIMIT (SELECT %(limit)s::bigint)
     FOR UPDATE OF waits SKIP LOCKED
), firsts AS (
  SELECT DISTINCT ON (project_id, lane) project_id, id FROM line ORDER BY project_id, lane, turn_at
)
UPDATE worker_runs AS mine
   SET status = 'running', starts = starts + 1, attempt = attempt + 1, not_before = NULL,
       worker_id = %(worker_id)s, lease_token = gen_random_uuid(),
       started_at = coalesce(%(at)s::timestamptz, now())
  FROM firsts
 WHERE mine.project_id = firsts.project_id AND mine.id = firsts.id AND mine.status = 'queued'
RETURNING mine.project_id, mine.id, mine.job_type, mine.key, mine.trigger, mine.payload,
          mine.slot_at, mine.attempt, mine.starts, mine.lease_token, mine.started_at
"""


async def claim(
    conn: Conn,
    worker_id: UUID,
    queue: Queue,
    types: Sequence[str],
    *,
    limit: int,
    at: datetime | None,
) -> list[Claim]:
    """Make up to `limit` runs ours that wait in the queue and may start, first come first.

    May be fewer than there are, never none while there is one that nobody else looks at. Raises
    UniqueViolation when another worker just took a run of the same lane: claim again.
    """
    return await fetch_all(
        conn,
        Claim,
        CLAIM,
        worker_id=worker_id,
        queue=queue,
        types=list(types),
        limit=limit,
        at=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What became of a run of ours while it went on."""

    cancel_requested: bool
    rests: bool
    """Its job was paused or suspended, and it was not somebody who asked for it."""


STATE: LiteralString = """
SELECT cancel_requested_at IS NOT NULL AS cancel_requested,
       trigger IN ('schedule', 'cascade') AND EXISTS (
         SELECT 1 FROM scheduled_jobs AS schedule
          WHERE schedule.project_id = run.project_id AND schedule.job_type = run.job_type
            AND schedule.status <> 'active') AS rests
  FROM worker_runs AS run
 WHERE project_id = %(project_id)s AND id = %(run_id)s AND lease_token = %(lease_token)s
   AND status = 'running'
"""


async def state_of(conn: Conn, claim: Claim) -> State | None:
    """None when the run is no longer ours."""
    return await fetch_one(
        conn,
        State,
        STATE,
        project_id=claim.project_id,
        run_id=claim.id,
        lease_token=claim.lease_token,
    )


AGAIN: LiteralString = """
UPDATE worker_runs AS mine
   SET status = 'queued', lease_token = NULL, worker_id = NULL,
       not_before = coalesce(%(at)s::timestamptz, now()) + %(delay)s::interval,
       turn_at = coalesce(%(at)s::timestamptz, now()) + coalesce(%(delay)s::interval, '0'),
       starts = 0, attempt = attempt - CASE WHEN %(free)s THEN 1 ELSE 0 END,
       error_kind = %(kind)s, error_message = %(message)s, error_fingerprint = %(fingerprint)s,
       error_trace = %(trace)s
 WHERE project_id = %(project_id)s AND id = %(run_id)s AND lease_token = %(lease_token)s
   AND status = 'running' AND cancel_requested_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                    WHERE other.project_id = mine.project_id AND other.job_type = mine.job_type
                      AND other.key = mine.key AND other.status = 'queued')
   AND (trigger NOT IN ('schedule', 'cascade')
        OR NOT EXISTS (SELECT 1 FROM scheduled_jobs AS schedule
                        WHERE schedule.project_id = mine.project_id
                          AND schedule.job_type = mine.job_type AND schedule.status <> 'active'))
"""


async def again(
    conn: Conn,
    claim: Claim,
    failure: Failure | None,
    delay: timedelta,
    *,
    free: bool,
    at: datetime | None,
) -> bool:
    """Let the same run start again after `delay`. False when a newer one waits already, it shall
    be cancelled, its job rests, or it is no longer ours. A `free` failure is no attempt.
    """
    rows = await execute(
        conn,
        AGAIN,
        project_id=claim.project_id,
        run_id=claim.id,
        lease_token=claim.lease_token,
        delay=delay,
        free=free,
        at=at,
        kind=failure and failure.kind,
        message=failure and failure.message,
        fingerprint=failure and failure.fingerprint,
        trace=failure and failure.trace,
    )
    return rows == 1


INHERIT: LiteralString = """
UPDATE worker_runs
   SET not_before = coalesce(%(at)s::timestamptz, now()) + %(delay)s::interval,
       attempt = %(attempt)s,
       error_kind = %(kind)s, error_message = %(message)s, error_fingerprint = %(fingerprint)s
 WHERE project_id = %(project_id)s AND job_type = %(job_type)s AND key = %(key)s
   AND status = 'queued'
RETURNING id
"""


async def pass_on(
    conn: Conn,
    claim: Claim,
    failure: Failure,
    delay: timedelta,
    *,
    free: bool,
    at: datetime | None,
) -> UUID | None:
    """Let the run that waits inherit the failure: the attempts so far and the time to wait."""
    found: UUID | None = await fetch_value(
        conn,
        INHERIT,
        project_id=claim.project_id,
        job_type=claim.job_type,
        key=claim.key,
        attempt=claim.attempt - 1 if free else claim.attempt,
        delay=delay,
        at=at,
        kind=failure.kind,
        message=failure.message,
        fingerprint=failure.fingerprint,
    )
    return found


HAND_BACK: LiteralString = """
UPDATE worker_runs AS mine
   SET status = 'queued', lease_token = NULL, worker_id = NULL,
       starts = starts - CASE WHEN %(counts)s THEN 0 ELSE 1 END, attempt = attempt - 1,
       not_before = coalesce(%(at)s::timestamptz, now()) + %(delay)s::interval
 WHERE project_id = %(project_id)s AND id = %(run_id)s AND lease_token = %(lease_token)s
   AND status = 'running' AND cancel_requested_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                    WHERE other.project_id = mine.project_id AND other.job_type = mine.job_type
                      AND other.key = mine.key AND other.status = 'queued')
"""


async def hand_back(
    conn: Conn, claim: Claim, *, delay: timedelta | None, counts: bool, at: datetime | None
) -> bool:
    """Put a run that did not end back in its place, without an attempt less. False when a newer one
    waits there already. `counts` leaves the start counted, of which a run has only so many.
    """
    rows = await execute(
        conn,
        HAND_BACK,
        project_id=claim.project_id,
        run_id=claim.id,
        lease_token=claim.lease_token,
        delay=delay,
        counts=counts,
        at=at,
    )
    return rows == 1


WITHDRAW: LiteralString = """
UPDATE worker_runs SET status = 'cancelled', reason = %(reason)s,
       finished_at = coalesce(%(at)s::timestamptz, now())
 WHERE project_id = %(project_id)s AND status = 'queued'
   AND (job_type = ANY(%(types)s) AND trigger IN ('schedule', 'cascade') OR id = %(run_id)s)
"""


async def withdraw(
    conn: Conn,
    project_id: UUID,
    *,
    run_id: UUID | None = None,
    types: Sequence[str] = (),
    reason: str,
    at: datetime | None = None,
) -> int:
    """Take a run out of the line, or those of these types that the schedule or a cascade put there:
    what somebody asked for, and work that came with a payload, stays.
    """
    return await execute(
        conn,
        WITHDRAW,
        project_id=project_id,
        run_id=run_id,
        types=list(types),
        reason=reason,
        at=at,
    )


ASK_TO_STOP: LiteralString = """
UPDATE worker_runs SET cancel_requested_at = coalesce(cancel_requested_at, now())
 WHERE project_id = %(project_id)s AND id = %(run_id)s AND status = 'running'
"""


async def ask_to_stop(conn: Conn, project_id: UUID, run_id: UUID) -> bool:
    """Mark a run that goes on as one that shall end. False when it does not go on."""
    return await execute(conn, ASK_TO_STOP, project_id=project_id, run_id=run_id) == 1
