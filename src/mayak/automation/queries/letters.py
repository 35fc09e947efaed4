"""SQL of dead letters: failed runs that nothing took care of yet, by their cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import orjson

from mayak.automation.model import DeadLetters, JobType
from mayak.platform.db import Conn, execute, fetch_all, fetch_one, fetch_value

MATCH: LiteralString = """
 status IN ('failed', 'dead') AND resolution IS NULL
   AND (%(job_type)s::text IS NULL OR job_type = %(job_type)s)
   AND (%(types)s::text[] IS NULL OR job_type = ANY(%(types)s))
   AND (%(fingerprint)s::text IS NULL OR error_fingerprint = %(fingerprint)s)
   AND (%(before)s::timestamptz IS NULL OR finished_at <= %(before)s)
   AND (%(text)s::text IS NULL OR strpos(lower(error_message), lower(%(text)s)) > 0
        OR strpos(lower(payload::text), lower(%(text)s)) > 0
        OR strpos(job_type, lower(%(text)s)) > 0 OR error_kind = lower(%(text)s))
"""
"""In the scope of a project. `text` is looked for as it is: nothing in it is a wildcard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which dead letters; everything that is given has to fit."""

    job_type: str | None = None
    fingerprint: str | None = None
    text: str | None = None
    """Part of the message or of the payload, in any case; a job type or a kind of error."""
    before: datetime | None = None
    """Only what failed until then, so that nothing is caught that nobody has seen."""
    types: tuple[str, ...] | None = None
    """Only of these; None means any, also such as are no more."""

    def values(self) -> Mapping[str, object]:
        return {
            "job_type": self.job_type,
            "fingerprint": self.fingerprint,
            "text": self.text,
            "before": self.before,
            "types": None if self.types is None else list(self.types),
        }


GROUPS: LiteralString = f"""
SELECT coalesce(error_fingerprint, '') AS fingerprint, count(*) AS count,
       array_agg(DISTINCT job_type) AS job_types, min(finished_at) AS first_at,
       max(finished_at) AS last_at,
       (array_agg(coalesce(error_kind, 'unknown') ORDER BY finished_at DESC, id))[1] AS kind,
       (array_agg(coalesce(error_message, '') ORDER BY finished_at DESC, id))[1] AS message,
       (array_agg(id ORDER BY finished_at DESC, id))[1] AS newest
  FROM worker_runs WHERE {MATCH}
 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %(limit)s
"""


async def groups(conn: Conn, which: Filter, *, limit: int) -> list[DeadLetters]:
    """Dead letters by cause, the most frequent first."""
    return await fetch_all(conn, DeadLetters, GROUPS, **which.values(), limit=limit)


COUNT: LiteralString = f"SELECT count(*) FROM worker_runs WHERE {MATCH}"


async def count(conn: Conn, which: Filter) -> int:
    found: int = await fetch_value(conn, COUNT, **which.values())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    letters: int
    """That are done with now."""
    runs: int
    """That wait for them: letters about the same work share one."""
    queues: list[str]


REPLAY: LiteralString = f"""
WITH letters AS (
  SELECT project_id, id, job_type, key, payload, finished_at FROM worker_runs
   WHERE {MATCH} ORDER BY project_id, id FOR UPDATE
), wanted AS (
  SELECT project_id, job_type, type.queue, type.lane, key,
         array_agg(id ORDER BY finished_at, id) AS ids, (array_agg(payload))[1] AS payload
    FROM letters JOIN jsonb_to_recordset(%(jobs)s::jsonb) AS type (name text, queue text, lane text)
      ON type.name = letters.job_type
   GROUP BY project_id, job_type, type.queue, type.lane, key
), waits AS (
  INSERT INTO worker_runs AS old (project_id, job_type, queue, lane, key, trigger, upstream,
                                  because, payload, turn_at)
  SELECT project_id, job_type, queue, lane, key, 'retry', ids, %(because)s, payload,
         now() + row_number() OVER (ORDER BY job_type, key) * interval '1 second'
    FROM wanted ORDER BY project_id, job_type, key
      ON CONFLICT (project_id, job_type, key) WHERE status = 'queued' DO UPDATE
     SET upstream = old.upstream || ARRAY(SELECT new FROM unnest(excluded.upstream) AS new
                                           WHERE new <> ALL(old.upstream)),
         not_before = NULL
  RETURNING id, project_id, job_type, key, queue
), resolved AS (
  UPDATE worker_runs AS letter
     SET resolution = 'replayed', resolved_at = now(), replayed_as = waits.id
    FROM letters JOIN waits USING (project_id, job_type, key)
   WHERE letter.project_id = letters.project_id AND letter.id = letters.id
  RETURNING 1
)
SELECT (SELECT count(*) FROM resolved) AS letters, (SELECT count(*) FROM waits) AS runs,
       coalesce((SELECT array_agg(DISTINCT queue) FROM waits), '{{}}') AS queues
"""


JOIN_BY_HASH: LiteralString = "SELECT set_config('enable_nestloop', 'off', true)"
AS_BEFORE: LiteralString = "SELECT set_config('enable_nestloop', 'on', true)"


async def replay(
    conn: Conn, which: Filter, jobs: Sequence[JobType], *, because: str | None
) -> Replayed:
    """Queue the work of these letters again if it is of these jobs, and be done with them."""
    # The planner knows nothing of the letters that it is about to find, and would look through all
    # of them once for each: thousands took many seconds.
    await conn.execute(JOIN_BY_HASH)
    types = [{"name": one.name, "queue": one.queue, "lane": one.lane} for one in jobs]
    done = await fetch_one(
        conn,
        Replayed,
        REPLAY,
        **which.values(),
        because=because,
        jobs=orjson.dumps(types).decode(),
    )
    assert done is not None
    await conn.execute(AS_BEFORE)
    return done


DISCARD: LiteralString = f"""
UPDATE worker_runs SET resolution = 'discarded', resolved_at = now() WHERE {MATCH}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discarded:
    letters: int
    at: datetime
    """What `restore` takes to undo it, by the database's clock."""


NOW: LiteralString = "SELECT now()"


async def discard(conn: Conn, which: Filter) -> Discarded:
    """Be done with these letters; their rows stay in the history."""
    letters = await execute(conn, DISCARD, **which.values())
    return Discarded(letters=letters, at=await fetch_value(conn, NOW))


RESTORE: LiteralString = """
UPDATE worker_runs SET resolution = NULL, resolved_at = NULL
 WHERE resolution = 'discarded' AND status IN ('failed', 'dead') AND resolved_at >= %(since)s
   AND (%(fingerprint)s::text IS NULL OR error_fingerprint = %(fingerprint)s)
"""


async def restore(conn: Conn, *, fingerprint: str | None, since: datetime) -> int:
    """Take back what was discarded since then."""
    return await execute(conn, RESTORE, fingerprint=fingerprint, since=since)


SETTLE: LiteralString = """
UPDATE worker_runs SET resolution = 'replayed', resolved_at = now(), replayed_as = %(as_run)s
 WHERE id = %(run_id)s AND status IN ('failed', 'dead') AND resolution IS NULL
"""


async def settle(conn: Conn, run_id: UUID, *, as_run: UUID) -> None:
    """Note what one letter was replayed as."""
    await execute(conn, SETTLE, run_id=run_id, as_run=as_run)
