"""SQL of runs: one waits, one goes on, the rest is history.

Statements about one project run under its scope and name no project: the database adds it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from mayak.automation.model import Run, Status, Trigger
from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value

COLUMNS: LiteralString = """
id, job_type, trigger, upstream, because, status, attempt, progress_done, progress_total,
progress_note, counters, error_kind, error_message, error_fingerprint, queued_at, not_before,
started_at, finished_at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A run that is ours to execute."""

    id: UUID
    job_type: str
    trigger: Trigger
    payload: dict[str, Any]
    attempt: int
    starts: int
    lease_token: UUID
    started_at: datetime


TAKE_TURN: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended(%(project_id)s::uuid || ':' || %(job_type)s, 0))
"""


async def take_turn(conn: Conn, project_id: UUID, job_type: str) -> None:
    """Until the end of the transaction, nobody else queues, claims or ends such a run."""
    await conn.execute(TAKE_TURN, {"project_id": project_id, "job_type": job_type})


JOIN_QUEUED: LiteralString = f"""
UPDATE worker_runs
   SET upstream = upstream || %(upstream)s::uuid[],
       not_before = CASE WHEN %(now)s THEN NULL ELSE not_before END
 WHERE job_type = %(job_type)s AND status = 'queued'
RETURNING {COLUMNS}
"""


async def join_queued(
    conn: Conn, job_type: str, *, upstream: Sequence[UUID], now: bool
) -> Run | None:
    """The run of this type that already waits, now caused by `upstream` too; None if none waits.

    `now` takes the waiting run out of its backoff.
    """
    return await fetch_one(
        conn, Run, JOIN_QUEUED, job_type=job_type, upstream=list(upstream), now=now
    )


ADD: LiteralString = f"""
INSERT INTO worker_runs (project_id, job_type, trigger, upstream, because, payload)
VALUES (%(project_id)s, %(job_type)s, %(trigger)s, %(upstream)s::uuid[], %(because)s,
        %(payload)s::jsonb)
RETURNING {COLUMNS}
"""


async def add(
    conn: Conn,
    project_id: UUID,
    job_type: str,
    *,
    trigger: Trigger,
    upstream: Sequence[UUID],
    because: str | None,
    payload: Mapping[str, object],
) -> Run:
    """A new queued run."""
    run = await fetch_one(
        conn,
        Run,
        ADD,
        project_id=project_id,
        job_type=job_type,
        trigger=trigger,
        upstream=list(upstream),
        because=because,
        payload=json.dumps(payload),
    )
    assert run is not None
    return run


CLAIM: LiteralString = """
UPDATE worker_runs AS mine
   SET status = 'running', starts = starts + 1,
       attempt = attempt + CASE WHEN status = 'queued' THEN 1 ELSE 0 END,
       queue_job_id = %(queue_job_id)s, lease_token = gen_random_uuid(), not_before = NULL,
       started_at = now(), beat_at = now()
 WHERE id = %(run_id)s
   AND (status = 'running' AND queue_job_id = %(queue_job_id)s
        OR status = 'queued' AND (not_before IS NULL OR not_before <= now())
       AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                        WHERE other.job_type = mine.job_type AND other.status = 'running'))
RETURNING id, job_type, trigger, payload, attempt, starts, lease_token, started_at
"""


async def claim(conn: Conn, run_id: UUID, queue_job_id: int) -> Claim | None:
    """Make the run ours, with a new lease token. None when there is nothing to do.

    A queued run is claimed unless another run of its type is going on (which will wake it
    when it ends). A running one only by the delivery that started it: then its worker died.
    """
    return await fetch_one(conn, Claim, CLAIM, run_id=run_id, queue_job_id=queue_job_id)


JOB_TYPE: LiteralString = "SELECT job_type FROM worker_runs WHERE id = %(run_id)s"


async def job_type_of(conn: Conn, run_id: UUID) -> str | None:
    found: str | None = await fetch_value(conn, JOB_TYPE, run_id=run_id)
    return found


HOLD_LEASE: LiteralString = """
SELECT 1 FROM worker_runs
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
   FOR SHARE
"""


async def hold_lease(conn: Conn, run_id: UUID, lease_token: UUID) -> bool:
    """Whether the run is still ours; if so nobody can take it before this transaction ends."""
    return await fetch_value(conn, HOLD_LEASE, run_id=run_id, lease_token=lease_token) is not None


BEAT: LiteralString = """
UPDATE worker_runs SET beat_at = now()
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
"""


async def beat(conn: Conn, run_id: UUID, lease_token: UUID) -> bool:
    """Say that the run's worker is at it. False when the run is no longer ours."""
    return await execute(conn, BEAT, run_id=run_id, lease_token=lease_token) == 1


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


FINISH: LiteralString = """
UPDATE worker_runs
   SET status = %(status)s, finished_at = now(), counters = %(counters)s::jsonb,
       progress_note = coalesce(%(note)s, progress_note), lease_token = NULL,
       error_kind = %(kind)s, error_message = %(message)s, error_fingerprint = %(fingerprint)s
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong, as it stands in the history."""

    kind: str
    message: str
    fingerprint: str


async def finish(
    conn: Conn,
    claim: Claim,
    status: Status,
    *,
    counters: Mapping[str, int] | None = None,
    note: str | None = None,
    failure: Failure | None = None,
) -> bool:
    """End the run. False when it is no longer ours; nothing was changed then."""
    rows = await execute(
        conn,
        FINISH,
        run_id=claim.id,
        lease_token=claim.lease_token,
        status=status,
        counters=json.dumps(dict(counters or {})),
        note=note,
        kind=failure and failure.kind,
        message=failure and failure.message,
        fingerprint=failure and failure.fingerprint,
    )
    return rows == 1


REQUEUE: LiteralString = """
UPDATE worker_runs AS mine
   SET status = 'queued', lease_token = NULL, queue_job_id = NULL,
       not_before = now() + %(delay)s, starts = 0,
       attempt = attempt - CASE WHEN %(free)s THEN 1 ELSE 0 END,
       error_kind = %(kind)s, error_message = %(message)s, error_fingerprint = %(fingerprint)s
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
   AND NOT EXISTS (SELECT 1 FROM worker_runs AS other
                    WHERE other.job_type = mine.job_type AND other.status = 'queued')
"""


async def requeue(
    conn: Conn, claim: Claim, failure: Failure, delay: timedelta, *, free: bool
) -> bool:
    """Let the same run start again after `delay`. False when a newer one waits already.

    A `free` failure does not count as an attempt.
    """
    rows = await execute(
        conn,
        REQUEUE,
        run_id=claim.id,
        lease_token=claim.lease_token,
        delay=delay,
        free=free,
        kind=failure.kind,
        message=failure.message,
        fingerprint=failure.fingerprint,
    )
    return rows == 1


INHERIT: LiteralString = """
UPDATE worker_runs
   SET not_before = now() + %(delay)s, attempt = %(attempt)s,
       error_kind = %(kind)s, error_message = %(message)s, error_fingerprint = %(fingerprint)s
 WHERE job_type = %(job_type)s AND status = 'queued'
RETURNING id
"""


async def pass_on(
    conn: Conn, claim: Claim, failure: Failure, delay: timedelta, *, free: bool
) -> UUID | None:
    """Let the run that waits inherit the failure: the attempts so far and the time to wait."""
    found: UUID | None = await fetch_value(
        conn,
        INHERIT,
        job_type=claim.job_type,
        attempt=claim.attempt - 1 if free else claim.attempt,
        delay=delay,
        kind=failure.kind,
        message=failure.message,
        fingerprint=failure.fingerprint,
    )
    return found


HAND_BACK: LiteralString = """
UPDATE worker_runs SET lease_token = NULL, starts = greatest(starts - 1, 0)
 WHERE id = %(run_id)s AND lease_token = %(lease_token)s AND status = 'running'
"""


async def hand_back(conn: Conn, claim: Claim) -> None:
    """Give up the lease of a run that did not end; its delivery comes again to some worker."""
    await execute(conn, HAND_BACK, run_id=claim.id, lease_token=claim.lease_token)


WAITING: LiteralString = """
SELECT id FROM worker_runs
 WHERE job_type = %(job_type)s AND status = 'queued' AND (not_before IS NULL OR not_before <= now())
"""


async def waiting(conn: Conn, job_type: str) -> UUID | None:
    """The run of this type that waits for the running one to end."""
    found: UUID | None = await fetch_value(conn, WAITING, job_type=job_type)
    return found


ONE: LiteralString = f"SELECT {COLUMNS} FROM worker_runs WHERE id = %(run_id)s"


async def one(conn: Conn, run_id: UUID) -> Run | None:
    return await fetch_one(conn, Run, ONE, run_id=run_id)


PAGE: LiteralString = f"""
SELECT {COLUMNS} FROM worker_runs
 WHERE (%(job_type)s::text IS NULL OR job_type = %(job_type)s)
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(before_at)s::timestamptz IS NULL
        OR (queued_at, id) < (%(before_at)s, %(before_id)s::uuid))
 ORDER BY queued_at DESC, id DESC
 LIMIT %(limit)s
"""


async def page(
    conn: Conn,
    *,
    job_type: str | None,
    status: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Run]:
    """Runs, newest first, that come after `before` in that order."""
    return await fetch_all(
        conn,
        Run,
        PAGE,
        job_type=job_type,
        status=status,
        before_at=before and before[0],
        before_id=before and before[1],
        limit=limit,
    )
