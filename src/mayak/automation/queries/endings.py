"""SQL of the result transaction: runs end, their schedules learn it, what comes after waits.

Each statement works on many runs of any projects at once. Locks are always taken in the same
order, schedules before runs that wait and both by project and job, so that two of them do not wait
for each other. Others may wait crosswise with them, such as a handler that asks for a run before it
ends its own: then these give up after the engine's lock timeout, and try again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import LiteralString

import orjson

from mayak.automation.model import MOST_FAILURES, Failure, Reason, Status
from mayak.automation.queries.line import Claim
from mayak.platform.db import Conn, fetch_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run of ours ended."""

    claim: Claim
    status: Status
    counters: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None
    reason: Reason | None = None
    failure: Failure | None = None
    passed_on: bool = False
    """A run that waits takes the failure over, so that this one is no dead letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A success of `above` starts `below`."""

    above: str
    below: str
    queue: str
    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    ended: int
    """Runs that ended; those that are no longer ours are left alone."""
    suspended: list[str]
    """Job types that are suspended now because they failed too often in a row."""


RECORD: LiteralString = """
WITH moment AS (
  SELECT coalesce(%(at)s::timestamptz, clock_timestamp()) AS at
), told AS (
  SELECT * FROM jsonb_to_recordset(%(endings)s::jsonb)
    AS told (project_id uuid, id uuid, token uuid, status text, counters jsonb, note text,
             reason text, kind text, message text, fingerprint text, trace text,
             passed_on boolean)
), ended AS (
  UPDATE worker_runs AS run
     SET status = told.status, finished_at = moment.at, lease_token = NULL,
         counters = coalesce(told.counters, '{}'), reason = told.reason,
         progress_note = coalesce(told.note, run.progress_note),
         error_kind = told.kind, error_message = told.message,
         error_fingerprint = told.fingerprint, error_trace = told.trace,
         resolution = CASE WHEN told.passed_on THEN 'passed_on' END,
         resolved_at = CASE WHEN told.passed_on THEN moment.at END
    FROM told, moment
   WHERE run.project_id = told.project_id AND run.id = told.id
     AND run.lease_token = told.token AND run.status = 'running'
  RETURNING run.project_id, run.id, run.job_type, run.key, told.status, told.message,
            told.status IN ('ok', 'partial') AS well,
            told.status IN ('failed', 'dead') AND told.passed_on IS NOT TRUE AND run.key = ''
              AS badly
), schedules AS (
  SELECT schedule.project_id, schedule.job_type, schedule.status = 'active' AS active,
         ended.id, ended.status, ended.message, ended.well, ended.badly,
         CASE WHEN ended.well AND ended.key = '' THEN 0
              ELSE schedule.consecutive_failures + ended.badly::integer END AS failures
    FROM ended JOIN scheduled_jobs AS schedule USING (project_id, job_type)
   ORDER BY project_id, job_type FOR UPDATE OF schedule
), noted AS (
  UPDATE scheduled_jobs AS schedule
     SET last_run_id = new.id, last_run_at = moment.at, last_status = new.status,
         last_error = new.message, consecutive_failures = new.failures,
         last_success_at = CASE WHEN new.well THEN moment.at ELSE schedule.last_success_at END,
         status = CASE WHEN suspends THEN 'suspended' ELSE schedule.status END,
         pause_reason = CASE WHEN suspends THEN 'failures' ELSE schedule.pause_reason END,
         paused_at = CASE WHEN suspends THEN moment.at ELSE schedule.paused_at END
    FROM (SELECT *, active AND badly AND failures >= %(most)s AS suspends FROM schedules) AS new,
         moment
   WHERE schedule.project_id = new.project_id AND schedule.job_type = new.job_type
  RETURNING CASE WHEN suspends THEN schedule.job_type END AS suspended
), letters AS (
  SELECT letter.project_id, letter.id
    FROM worker_runs AS letter JOIN ended USING (project_id, job_type, key)
   WHERE letter.status IN ('failed', 'dead') AND letter.resolution IS NULL AND ended.well
   ORDER BY letter.project_id, letter.id FOR UPDATE OF letter
), superseded AS (
  UPDATE worker_runs AS letter SET resolution = 'superseded', resolved_at = moment.at
    FROM letters, moment
   WHERE letter.project_id = letters.project_id AND letter.id = letters.id
), cascaded AS (
  INSERT INTO worker_runs AS waits (project_id, job_type, queue, lane, trigger, upstream, because,
                                    queued_at, turn_at)
  SELECT ended.project_id, edge.below, edge.queue, edge.lane, 'cascade', array_agg(ended.id),
         min(edge.above) || ' ended', min(moment.at),
         min(moment.at) + row_number() OVER (PARTITION BY ended.project_id ORDER BY edge.below)
                          * interval '1 second'
    FROM ended
    JOIN jsonb_to_recordset(%(edges)s::jsonb)
      AS edge (above text, below text, queue text, lane text) ON edge.above = ended.job_type
    LEFT JOIN scheduled_jobs AS schedule
      ON schedule.project_id = ended.project_id AND schedule.job_type = edge.below
   CROSS JOIN moment
   WHERE ended.well AND coalesce(schedule.status, 'active') = 'active'
     AND (SELECT count(*) FROM noted) >= 0
   GROUP BY ended.project_id, edge.below, edge.queue, edge.lane
   ORDER BY ended.project_id, edge.below
      ON CONFLICT (project_id, job_type, key) WHERE status = 'queued' DO UPDATE
     SET upstream = waits.upstream || excluded.upstream
  RETURNING queue
), woken AS (
  SELECT pg_notify('mayak_runs', queue) FROM (SELECT DISTINCT queue FROM cascaded) AS queues
)
SELECT (SELECT count(*) FROM ended) AS ended,
       ARRAY(SELECT suspended FROM noted WHERE suspended IS NOT NULL) AS suspended
  FROM (SELECT count(*) FROM woken) AS told_to_workers
"""
"""The result transaction, in one statement: a process that freezes cannot leave it half done.

Dead letters about work that was done since are superseded. A downstream that rests is left out; one
that waits is joined. The downstream runs are written after the schedules, see above."""


async def record(
    conn: Conn, endings: Sequence[Ending], edges: str, *, at: datetime | None
) -> Recorded:
    """End these runs, tell their schedules, queue what comes after; `edges` as `as_json` has them.

    A run with a payload is one piece of work among many: its failure does not suspend its type.
    """
    written = orjson.dumps([_written(one) for one in endings]).decode()
    done = await fetch_one(
        conn, Recorded, RECORD, at=at, endings=written, edges=edges, most=MOST_FAILURES
    )
    assert done is not None
    return done


def as_json(edges: Sequence[Edge]) -> str:
    return orjson.dumps(edges).decode()


def _written(one: Ending) -> dict[str, object]:
    claim, failure = one.claim, one.failure
    row: dict[str, object] = {
        "project_id": claim.project_id,
        "id": claim.id,
        "token": claim.lease_token,
        "status": one.status,
    }
    if one.counters:
        row["counters"] = one.counters
    if one.note is not None or one.reason is not None:
        row |= {"note": one.note, "reason": one.reason}
    if failure is not None:
        row |= {
            "kind": failure.kind,
            "message": failure.message,
            "fingerprint": failure.fingerprint,
            "trace": failure.trace,
            "passed_on": one.passed_on,
        }
    return row
