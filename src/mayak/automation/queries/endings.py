"""SQL of the result transaction: runs end, their schedules learn it, what comes after waits.

Each statement works on many runs of any projects at once. Locks are always taken in the same
order, schedules before runs that wait and both by project and job, so that two such transactions
cannot wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.automation.model import MOST_FAILURES, Failure, Reason, Status
from mayak.automation.queries.line import Claim
from mayak.platform.db import Conn, execute, fetch_all, fetch_values

HURRY: LiteralString = "SELECT set_config('idle_in_transaction_session_timeout', '2s', true)"


async def hurry(conn: Conn) -> None:
    """If this process freezes inside the transaction, the database ends it soon."""
    await conn.execute(HURRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of ours ended."""

    claim: Claim
    status: Status
    counters: str = "{}"
    """A JSON object."""
    note: str | None = None
    reason: Reason | None = None
    failure: Failure | None = None
    passed_on: bool = False
    """A run that waits takes the failure over, so that this one is no dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    project_id: UUID
    id: UUID
    job_type: str
    key: str
    status: Status
    error_message: str | None


FINISH: LiteralString = """
UPDATE worker_runs AS run
   SET status = ended.status, finished_at = coalesce(%(at)s::timestamptz, now()),
       counters = ended.counters::jsonb, progress_note = coalesce(ended.note, run.progress_note),
       reason = ended.reason, lease_token = NULL,
       error_kind = ended.kind, error_message = ended.message,
       error_fingerprint = ended.fingerprint, error_trace = ended.trace,
       resolution = CASE WHEN ended.passed_on THEN 'passed_on' END,
       resolved_at = CASE WHEN ended.passed_on THEN coalesce(%(at)s::timestamptz, now()) END
  FROM unnest(%(projects)s::uuid[], %(ids)s::uuid[], %(tokens)s::uuid[], %(statuses)s::text[],
              %(counters)s::text[], %(notes)s::text[], %(reasons)s::text[], %(kinds)s::text[],
              %(messages)s::text[], %(fingerprints)s::text[], %(traces)s::text[],
              %(passed_on)s::boolean[])
    AS ended (project_id, id, token, status, counters, note, reason, kind, message, fingerprint,
              trace, passed_on)
 WHERE run.project_id = ended.project_id AND run.id = ended.id
   AND run.lease_token = ended.token AND run.status = 'running'
RETURNING run.project_id, run.id, run.job_type, run.key, run.status, run.error_message
"""


async def finish(conn: Conn, endings: Sequence[Ending], *, at: datetime | None) -> list[Ended]:
    """End these runs; those that are no longer ours are left out and left alone."""
    failures = [one.failure for one in endings]
    return await fetch_all(
        conn,
        Ended,
        FINISH,
        at=at,
        projects=[one.claim.project_id for one in endings],
        ids=[one.claim.id for one in endings],
        tokens=[one.claim.lease_token for one in endings],
        statuses=[one.status for one in endings],
        counters=[one.counters for one in endings],
        notes=[one.note for one in endings],
        reasons=[one.reason for one in endings],
        kinds=[one and one.kind for one in failures],
        messages=[one and one.message for one in failures],
        fingerprints=[one and one.fingerprint for one in failures],
        traces=[one and one.trace for one in failures],
        passed_on=[one.passed_on for one in endings],
    )


NOTE_RESULTS: LiteralString = """
WITH ended AS (
  SELECT schedule.project_id, schedule.job_type, ended.id, ended.status, ended.message,
         CASE WHEN ended.counts AND ended.status IN ('ok', 'partial') THEN 0
              WHEN ended.counts AND ended.status IN ('failed', 'dead')
              THEN schedule.consecutive_failures + 1
              ELSE schedule.consecutive_failures END AS failures,
         schedule.status = 'active' AS active,
         coalesce(%(at)s::timestamptz, now()) AS at
    FROM unnest(%(projects)s::uuid[], %(types)s::text[], %(ids)s::uuid[],
                %(statuses)s::text[], %(messages)s::text[], %(counts)s::boolean[])
      AS ended (project_id, job_type, id, status, message, counts)
    JOIN scheduled_jobs AS schedule USING (project_id, job_type)
   ORDER BY project_id, job_type FOR UPDATE OF schedule
)
UPDATE scheduled_jobs AS schedule
   SET last_run_id = ended.id, last_run_at = ended.at,
       last_status = ended.status, last_error = ended.message,
       last_success_at = CASE WHEN ended.status IN ('ok', 'partial') THEN ended.at
                              ELSE schedule.last_success_at END,
       consecutive_failures = ended.failures,
       status = CASE WHEN suspends THEN 'suspended' ELSE schedule.status END,
       pause_reason = CASE WHEN suspends THEN 'failures' ELSE schedule.pause_reason END,
       paused_at = CASE WHEN suspends THEN ended.at ELSE schedule.paused_at END
  FROM (SELECT *, active AND failures >= %(most)s AND status IN ('failed', 'dead') AS suspends
          FROM ended) AS ended
 WHERE schedule.project_id = ended.project_id AND schedule.job_type = ended.job_type
RETURNING CASE WHEN suspends THEN schedule.job_type END
"""


async def note_results(
    conn: Conn, ended: Sequence[Ended], passed_on: Sequence[UUID], *, at: datetime | None
) -> list[str]:
    """Let the schedules know. The job types that are suspended now because they failed too often.

    A run with a payload is one piece of work among many: its failure does not suspend its type.
    """
    inherited = frozenset(passed_on)
    types = await fetch_values(
        conn,
        NOTE_RESULTS,
        at=at,
        most=MOST_FAILURES,
        projects=[one.project_id for one in ended],
        types=[one.job_type for one in ended],
        ids=[one.id for one in ended],
        statuses=[one.status for one in ended],
        messages=[one.error_message for one in ended],
        counts=[not one.key and one.id not in inherited for one in ended],
    )
    return [one for one in types if one]


SUPERSEDE: LiteralString = """
WITH letters AS (
  SELECT letter.project_id, letter.id FROM worker_runs AS letter
    JOIN unnest(%(projects)s::uuid[], %(types)s::text[], %(keys)s::text[])
      AS done (project_id, job_type, key) USING (project_id, job_type, key)
   WHERE letter.status IN ('failed', 'dead') AND letter.resolution IS NULL
   ORDER BY letter.project_id, letter.id FOR UPDATE OF letter
)
UPDATE worker_runs AS letter
   SET resolution = 'superseded', resolved_at = coalesce(%(at)s::timestamptz, now())
  FROM letters WHERE letter.project_id = letters.project_id AND letter.id = letters.id
"""


async def supersede(conn: Conn, done: Sequence[Ended], *, at: datetime | None) -> int:
    """The same work was done since: what failed of it before needs nobody any more."""
    return await execute(
        conn,
        SUPERSEDE,
        at=at,
        projects=[one.project_id for one in done],
        types=[one.job_type for one in done],
        keys=[one.key for one in done],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A success of `above` starts `below`."""

    above: str
    below: str
    queue: str
    lane: str


CASCADE: LiteralString = """
INSERT INTO worker_runs AS waits (project_id, job_type, queue, lane, trigger, upstream, because,
                                  queued_at, turn_at)
SELECT done.project_id, edge.below, edge.queue, edge.lane, 'cascade', array_agg(done.id),
       min(edge.above) || ' ended', min(moment.at),
       min(moment.at) + row_number() OVER (PARTITION BY done.project_id ORDER BY edge.below)
                        * interval '1 second'
  FROM unnest(%(projects)s::uuid[], %(ids)s::uuid[], %(types)s::text[])
    AS done (project_id, id, job_type)
  JOIN unnest(%(above)s::text[], %(below)s::text[], %(queues)s::text[], %(lanes)s::text[])
    AS edge (above, below, queue, lane) ON edge.above = done.job_type
  LEFT JOIN scheduled_jobs AS schedule
    ON schedule.project_id = done.project_id AND schedule.job_type = edge.below
 CROSS JOIN (SELECT coalesce(%(at)s::timestamptz, clock_timestamp()) AS at) AS moment
 WHERE coalesce(schedule.status, 'active') = 'active'
 GROUP BY done.project_id, edge.below, edge.queue, edge.lane
 ORDER BY done.project_id, edge.below
    ON CONFLICT (project_id, job_type, key) WHERE status = 'queued' DO UPDATE
   SET upstream = waits.upstream || excluded.upstream
RETURNING queue
"""


async def cascade(
    conn: Conn, done: Sequence[Ended], edges: Sequence[Edge], *, at: datetime | None
) -> set[str]:
    """Queue what comes after these successes, or join what waits; the queues that got something.

    A downstream that rests is left out.
    """
    queues = await fetch_values(
        conn,
        CASCADE,
        at=at,
        projects=[one.project_id for one in done],
        ids=[one.id for one in done],
        types=[one.job_type for one in done],
        above=[one.above for one in edges],
        below=[one.below for one in edges],
        queues=[one.queue for one in edges],
        lanes=[one.lane for one in edges],
    )
    return set(queues)
