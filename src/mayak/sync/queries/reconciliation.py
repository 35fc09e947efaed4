"""SQL of the numbers that every check of a source leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value
from mayak.sync.model import Stream
from mayak.sync.model.reconciliation import Compared, Depth, FindingKind, Metric

MEASURE: LiteralString = """
INSERT INTO sync_reconciliation_metrics
       (project_id, run_id, connector, stream, depth, source_count, local_count, missing, extra,
        duplicate, stale, completeness, parts_checked, parts_total, stages, cause)
SELECT %(project_id)s, %(run_id)s, %(connector)s, new.stream, %(depth)s, new.source_count,
       new.local_count, new.missing, new.extra, new.duplicate, new.stale, new.completeness,
       new.parts_checked, new.parts_total, new.stages, new.cause
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
       (stream text, source_count integer, local_count integer, missing integer, extra integer,
        duplicate integer, stale integer, completeness numeric, parts_checked integer,
        parts_total integer, stages jsonb, cause text)
"""

RESTATE: LiteralString = """
WITH last AS (
  SELECT *
    FROM sync_reconciliation_metrics
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
     AND depth = 'full'
   ORDER BY checked_at DESC
   LIMIT 1
), open AS (
  SELECT kind, count(*)::integer AS count
    FROM sync_reconciliation_findings
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
     AND status IN ('open', 'ignored')
   GROUP BY kind
), rest AS (
  SELECT was.kind,
         -- Not all that was counted was named, and some that is open was found by earlier checks.
         greatest(least(coalesce(open.count, 0), was.count),
                  was.count - coalesce((%(mended)s::jsonb ->> was.kind)::integer, 0)) AS count
    FROM last,
         LATERAL (VALUES ('missing', last.missing), ('extra', last.extra),
                         ('duplicate', last.duplicate), ('stale', last.stale)) AS was (kind, count)
    LEFT JOIN open ON open.kind = was.kind
), now_is AS (
  SELECT max(count) FILTER (WHERE kind = 'missing') AS missing,
         max(count) FILTER (WHERE kind = 'extra') AS extra,
         max(count) FILTER (WHERE kind = 'duplicate') AS duplicate,
         max(count) FILTER (WHERE kind = 'stale') AS stale,
         (SELECT greatest(last.source_count - %(gone)s::integer, 0) FROM last) AS source_count
    FROM rest
)
INSERT INTO sync_reconciliation_metrics
       (project_id, run_id, connector, stream, depth, restated, checked_at, source_count,
        local_count, missing, extra, duplicate, stale, completeness, parts_checked, parts_total,
        stages)
SELECT last.project_id, %(run_id)s, last.connector, last.stream, 'full', true, clock_timestamp(),
       now_is.source_count, %(local_count)s::integer, now_is.missing, now_is.extra,
       now_is.duplicate, now_is.stale,
       CASE WHEN now_is.source_count = 0 THEN 100
            ELSE trunc(100.0 * greatest(now_is.source_count - now_is.missing, 0)
                       / now_is.source_count, 3) END,
       last.parts_checked, last.parts_total, last.stages
  FROM last, now_is
 -- A check that learnt nothing is not made good by a repair.
 WHERE last.cause IS NULL AND last.missing IS NOT NULL
"""

LATEST: LiteralString = """
SELECT DISTINCT ON (connector, stream, depth)
       connector, stream, depth, restated, checked_at, source_count, local_count, missing, extra,
       duplicate, stale, completeness, parts_checked, parts_total, cause
  FROM sync_reconciliation_metrics
 WHERE project_id = %(project_id)s
 ORDER BY connector, stream, depth, checked_at DESC
"""

LAST_QUICK: LiteralString = """
SELECT stream, max(checked_at) AS at
  FROM sync_reconciliation_metrics
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND depth = 'quick'
   AND checked_at > now() - interval '1 hour'
 GROUP BY stream
"""

EVER_CHECKED: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM sync_reconciliation_metrics
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND depth = 'full')
"""

TREND: LiteralString = """
SELECT connector, run_id, checked_at, completeness, missing, duplicate
  FROM (SELECT connector, run_id, max(checked_at) AS checked_at,
               CASE WHEN bool_and(source_count IS NOT NULL AND missing IS NOT NULL)
                    THEN CASE WHEN sum(source_count) = 0 THEN 100
                         ELSE trunc(100.0 * sum(source_count - missing)
                                    / sum(source_count), 3) END END AS completeness,
               CASE WHEN bool_and(missing IS NOT NULL) THEN sum(missing)::integer END AS missing,
               sum(duplicate)::integer AS duplicate,
               row_number() OVER (PARTITION BY connector ORDER BY max(checked_at) DESC) AS place
          FROM sync_reconciliation_metrics
         WHERE project_id = %(project_id)s AND depth = 'full' AND NOT restated
         GROUP BY connector, run_id) AS checks
 WHERE place <= %(limit)s
 ORDER BY connector, checked_at
"""

COMPLETENESS: LiteralString = """
WITH latest AS (
  SELECT DISTINCT ON (project_id, connector, stream)
         connector, source_count, missing, duplicate
    FROM sync_reconciliation_metrics
   WHERE depth = 'full' AND checked_at > now() - interval '30 days'
   ORDER BY project_id, connector, stream, checked_at DESC
)
SELECT connector,
       CASE WHEN bool_and(source_count IS NOT NULL AND missing IS NOT NULL)
            THEN coalesce(sum(source_count - missing)::float / nullif(sum(source_count), 0), 1)
            END AS ratio,
       sum(missing)::integer AS missing, sum(duplicate)::integer AS duplicate,
       count(*) FILTER (WHERE source_count IS NULL OR missing IS NULL)::integer AS unknown
  FROM latest
 GROUP BY connector
"""


async def measure(
    conn: Conn,
    project_id: UUID,
    run_id: UUID,
    connector: str,
    depth: Depth,
    rows: Mapping[Stream, Compared],
    stages: Mapping[str, list[dict[str, Any]]] | None = None,
) -> None:
    """Keep the numbers of one check, by stream."""
    found = [
        {
            "stream": stream,
            "source_count": one.source_count,
            "local_count": one.local_count,
            "missing": one.missing,
            "extra": one.extra,
            "duplicate": one.duplicate,
            "stale": one.stale,
            "completeness": None if one.completeness is None else str(one.completeness),
            "parts_checked": one.parts_checked,
            "parts_total": one.parts_total,
            "stages": (stages or {}).get(stream, []),
            "cause": one.cause,
        }
        for stream, one in rows.items()
    ]
    await execute(
        conn,
        MEASURE,
        project_id=project_id,
        run_id=run_id,
        connector=connector,
        depth=depth,
        rows=orjson.dumps(found).decode(),
    )


async def restate(
    conn: Conn,
    project_id: UUID,
    run_id: UUID,
    connector: str,
    stream: str,
    *,
    local_count: int,
    mended: Mapping[FindingKind, int],
    gone: int,
) -> None:
    """Numbers after a repair: those of the last listing, less what was `mended` of each kind.

    `gone` of what it showed is not at the source any more.
    """
    await execute(
        conn,
        RESTATE,
        project_id=project_id,
        run_id=run_id,
        connector=connector,
        stream=stream,
        local_count=local_count,
        mended=orjson.dumps(dict(mended)).decode(),
        gone=gone,
    )


async def latest(conn: Conn, project_id: UUID) -> list[Metric]:
    """The newest numbers of each stream, full and quick."""
    return await fetch_all(conn, Metric, LATEST, project_id=project_id)


async def last_quick(conn: Conn, project_id: UUID, connector: str) -> dict[str, datetime]:
    """When each stream had its last quick check, if that was within an hour."""
    rows = await fetch_dicts(conn, LAST_QUICK, project_id=project_id, connector=connector)
    return {row["stream"]: row["at"] for row in rows}


async def ever_checked(conn: Conn, project_id: UUID, connector: str) -> bool:
    found: bool = await fetch_value(conn, EVER_CHECKED, project_id=project_id, connector=connector)
    return found


async def trend(conn: Conn, project_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """The last full checks of each connector as they were found, oldest first."""
    return await fetch_dicts(conn, TREND, project_id=project_id, limit=limit)


async def completeness(conn: Conn) -> list[dict[str, Any]]:
    """Over all projects that `conn` sees: {connector, ratio, missing, duplicate, unknown}."""
    return await fetch_dicts(conn, COMPLETENESS)
