"""SQL of a set that is built beside the active one: which texts it lacks, which were tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.queries.embedding import MAX_ATTEMPTS, Claimed
from mayak.platform.db import Conn, execute, fetch_all, fetch_value

CLAIM_UNTRIED: LiteralString = """
WITH lacking AS MATERIALIZED (
  SELECT DISTINCT ON (chunk.text_hash) chunk.text_hash, chunk.text, chunk.kind = 'card' AS card
    FROM rag_chunks AS chunk
   WHERE chunk.project_id = %(project_id)s AND chunk.text_hash > %(after)s::bytea
     AND NOT EXISTS (SELECT FROM rag_embeddings AS made
                      WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                        AND made.text_hash = chunk.text_hash)
     AND NOT EXISTS (SELECT FROM embedding_tries AS tried
                      WHERE tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
                        AND tried.text_hash = chunk.text_hash)
   ORDER BY chunk.text_hash
   LIMIT %(limit)s
), noted AS (
  INSERT INTO embedding_tries (project_id, set_id, text_hash, attempts)
  SELECT %(project_id)s, %(set_id)s, text_hash, 1 FROM lacking
)
SELECT text_hash, text, card, 1 AS attempts FROM lacking
"""

CLAIM_TRIED: LiteralString = """
WITH again AS (
  UPDATE embedding_tries AS tried
     SET attempts = tried.attempts + 1, tried_at = now()
   WHERE tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
     AND tried.text_hash IN (
         SELECT one.text_hash FROM embedding_tries AS one
          WHERE one.project_id = %(project_id)s AND one.set_id = %(set_id)s
            AND one.attempts < %(max_attempts)s
            AND (one.attempts > 1 OR one.error IS NOT NULL) = %(alone)s
            AND one.tried_at < %(before)s::timestamptz
            AND EXISTS (SELECT FROM rag_chunks AS chunk
                         WHERE chunk.project_id = %(project_id)s
                           AND chunk.text_hash = one.text_hash)
          ORDER BY one.attempts, one.text_hash
          LIMIT %(limit)s)
  RETURNING tried.text_hash, tried.attempts
)
SELECT DISTINCT ON (again.text_hash) again.text_hash, chunk.text, chunk.kind = 'card' AS card,
       again.attempts
  FROM again
  JOIN rag_chunks AS chunk
    ON chunk.project_id = %(project_id)s AND chunk.text_hash = again.text_hash
"""

FORGET_TRIED: LiteralString = """
DELETE FROM embedding_tries
 WHERE project_id = %(project_id)s AND set_id = %(set_id)s
   AND text_hash = ANY(%(hashes)s::bytea[])
"""

NOTE_ERRORS: LiteralString = """
UPDATE embedding_tries AS tried
   SET error = failure.reason
  FROM unnest(%(hashes)s::bytea[], %(reasons)s::text[]) AS failure (text_hash, reason)
 WHERE tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
   AND tried.text_hash = failure.text_hash
"""

UNTRY: LiteralString = """
WITH claimed AS (
  SELECT * FROM unnest(%(hashes)s::bytea[], %(attempts)s::integer[]) AS one (text_hash, attempts)
), gone AS (
  DELETE FROM embedding_tries AS tried USING claimed
   WHERE tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
     AND tried.text_hash = claimed.text_hash AND tried.attempts = claimed.attempts
     AND claimed.attempts = 1
)
UPDATE embedding_tries AS tried
   SET attempts = tried.attempts - 1
  FROM claimed
 WHERE tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
   AND tried.text_hash = claimed.text_hash AND tried.attempts = claimed.attempts
   AND claimed.attempts > 1
"""

NOW: LiteralString = "SELECT now()"

COUNT_LACKING: LiteralString = """
SELECT count(*)::integer AS lacking,
       count(*) FILTER (WHERE tried.error IS NOT NULL
                           OR tried.attempts >= %(max_attempts)s)::integer AS failed
  FROM (SELECT DISTINCT chunk.text_hash
          FROM rag_chunks AS chunk
         WHERE chunk.project_id = %(project_id)s
           AND NOT EXISTS (SELECT FROM rag_embeddings AS made
                            WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                              AND made.text_hash = chunk.text_hash)) AS text
  LEFT JOIN embedding_tries AS tried
    ON tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
   AND tried.text_hash = text.text_hash
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Texts of a project without a vector in a set."""

    lacking: int
    failed: int
    """Of these, the ones that were tried alone and refused."""


async def moment(conn: Conn) -> datetime:
    """When this transaction began, by the clock that dates claims."""
    found: datetime = await fetch_value(conn, NOW)
    return found


async def claim_untried(
    conn: Conn, project_id: UUID, set_id: UUID, *, after: bytes, limit: int
) -> list[Claimed]:
    """Texts the set lacks that were never sent for it, in the order of their hashes from behind
    `after` on. Each counts an attempt.
    """
    return await fetch_all(
        conn,
        Claimed,
        CLAIM_UNTRIED,
        project_id=project_id,
        set_id=set_id,
        after=after,
        limit=limit,
    )


async def claim_tried(
    conn: Conn,
    project_id: UUID,
    set_id: UUID,
    *,
    alone: bool,
    before: datetime,
    limit: int,
) -> list[Claimed]:
    """Texts that were last sent before then and got no vector: `alone` those that failed or did
    not come back more than once, else those that were on their way once when a worker died.
    """
    return await fetch_all(
        conn,
        Claimed,
        CLAIM_TRIED,
        project_id=project_id,
        set_id=set_id,
        alone=alone,
        before=before,
        limit=limit,
        max_attempts=MAX_ATTEMPTS,
    )


async def forget_tried(conn: Conn, project_id: UUID, set_id: UUID, hashes: Sequence[bytes]) -> None:
    await execute(conn, FORGET_TRIED, project_id=project_id, set_id=set_id, hashes=list(hashes))


async def note_errors(
    conn: Conn, project_id: UUID, set_id: UUID, failures: Sequence[tuple[bytes, str]]
) -> None:
    await execute(
        conn,
        NOTE_ERRORS,
        project_id=project_id,
        set_id=set_id,
        hashes=[hash_ for hash_, _ in failures],
        reasons=[reason[:500] for _, reason in failures],
    )


async def untry(conn: Conn, project_id: UUID, set_id: UUID, claimed: Sequence[Claimed]) -> None:
    """As if these had not been claimed; those that somebody claimed since are left alone."""
    await execute(
        conn,
        UNTRY,
        project_id=project_id,
        set_id=set_id,
        hashes=[text.text_hash for text in claimed],
        attempts=[text.attempts for text in claimed],
    )


async def count_lacking(conn: Conn, project_id: UUID, set_id: UUID) -> Lacking:
    """Reads all chunks of the project."""
    [found] = await fetch_all(
        conn,
        Lacking,
        COUNT_LACKING,
        project_id=project_id,
        set_id=set_id,
        max_attempts=MAX_ATTEMPTS,
    )
    return found
