"""SQL of embedding: what waits, who works on it, what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Vectors
from mayak.lightrag.queries.vectors import halfvecs
from mayak.platform.db import Conn, execute, fetch_all, fetch_value

MAX_ATTEMPTS = 5

RETURN_ABANDONED: LiteralString = """
UPDATE rag_chunks
   SET embedding_status = CASE WHEN embedding_attempts < %(max_attempts)s
                               THEN 'pending' ELSE 'failed' END,
       embedding_error = CASE WHEN embedding_attempts < %(max_attempts)s
                              THEN embedding_error ELSE 'the worker died while embedding it' END,
       updated_at = now()
 WHERE project_id = %(project_id)s AND embedding_status = 'processing'
"""

REUSE_VECTORS: LiteralString = """
UPDATE rag_chunks AS waiting
   SET embedding_status = 'ready', embedding_error = NULL, embedding_attempts = 0,
       updated_at = now()
 WHERE waiting.project_id = %(project_id)s AND waiting.embedding_status = 'pending'
   AND EXISTS (SELECT FROM rag_embeddings AS made
                WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                  AND made.text_hash = waiting.text_hash)
"""

CLAIM_CHUNKS: LiteralString = """
WITH next AS MATERIALIZED (
  SELECT id FROM rag_chunks AS waiting
   WHERE project_id = %(project_id)s AND embedding_status = 'pending'
     AND CASE WHEN embedding_error IS NOT NULL THEN 2
              ELSE least(embedding_attempts, 2) END = %(turn)s
     AND id <> ALL(%(set_aside)s)
     -- The same text is on its way already, and its vector will serve this chunk too.
     AND NOT EXISTS (SELECT FROM rag_chunks AS sent
                      WHERE sent.project_id = %(project_id)s
                        AND sent.text_hash = waiting.text_hash
                        AND sent.embedding_status = 'processing')
   ORDER BY occurred_at DESC, id
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE rag_chunks AS c
   SET embedding_status = 'processing', embedding_attempts = c.embedding_attempts + 1,
       updated_at = now()
  FROM next
 WHERE c.project_id = %(project_id)s AND c.id = next.id
RETURNING c.id, c.text, c.text_hash, c.kind = 'card' AS card,
          c.embedding_attempts AS attempts
"""

STORE_VECTORS: LiteralString = """
INSERT INTO rag_embeddings (project_id, set_id, text_hash, card, embedding)
SELECT %(project_id)s, %(set_id)s, text_hash, card, embedding
  FROM unnest(%(hashes)s::bytea[], %(cards)s::boolean[], %(vectors)s::halfvec[])
       AS made (text_hash, card, embedding)
    ON CONFLICT (project_id, set_id, text_hash) DO NOTHING
"""

MARK_READY: LiteralString = """
UPDATE rag_chunks
   SET embedding_status = 'ready', embedding_error = NULL, embedding_attempts = 0,
       updated_at = now()
 WHERE project_id = %(project_id)s AND text_hash = ANY(%(hashes)s::bytea[])
   AND embedding_status <> 'ready'
"""

STORE_FAILURES: LiteralString = """
UPDATE rag_chunks AS c
   SET embedding_status = CASE WHEN c.embedding_attempts < %(max_attempts)s
                               THEN 'pending' ELSE 'failed' END,
       embedding_error = failure.reason, updated_at = now()
  FROM unnest(%(ids)s::uuid[], %(reasons)s::text[]) AS failure (id, reason)
 WHERE c.project_id = %(project_id)s AND c.id = failure.id AND c.embedding_status = 'processing'
"""

GIVE_BACK: LiteralString = """
UPDATE rag_chunks AS c
   SET embedding_status = 'pending', embedding_attempts = c.embedding_attempts - 1,
       updated_at = now()
  FROM unnest(%(ids)s::uuid[], %(attempts)s::integer[]) AS claimed (id, attempts)
 WHERE c.project_id = %(project_id)s AND c.id = claimed.id
   AND c.embedding_attempts = claimed.attempts
   AND c.embedding_status IN ('pending', 'processing')
"""

TRY_FAILED_AGAIN: LiteralString = """
UPDATE rag_chunks
   SET embedding_status = 'pending', embedding_attempts = 0, embedding_error = NULL,
       updated_at = now()
 WHERE project_id = %(project_id)s AND embedding_status = 'failed'
"""

COUNT_PENDING: LiteralString = """
SELECT count(*) FROM rag_chunks
 WHERE project_id = %(project_id)s AND embedding_status IN ('pending', 'processing')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A text that is sent."""

    text: str
    text_hash: bytes
    card: bool
    """Of an entity card."""
    attempts: int
    """With this one; who claims it later sees a higher number."""
    id: UUID | None = None
    """Of the chunk; None where texts are claimed, not chunks."""


async def return_abandoned(conn: Conn, project_id: UUID) -> int:
    """Chunks a dead worker left behind go back in line, or are set aside after the last attempt."""
    return await execute(conn, RETURN_ABANDONED, project_id=project_id, max_attempts=MAX_ATTEMPTS)


async def reuse_vectors(conn: Conn, project_id: UUID, *, set_id: UUID) -> int:
    """Waiting chunks whose very text has its vector already are ready. How many those were."""
    return await execute(conn, REUSE_VECTORS, project_id=project_id, set_id=set_id)


async def claim(
    conn: Conn, project_id: UUID, *, limit: int, turn: int, set_aside: Sequence[UUID]
) -> list[Claimed]:
    """Take up to `limit` waiting chunks, the newest words first. Each claim counts an attempt.

    `turn` 0 takes those that were never sent, 1 those that did not come back once, 2 those that
    failed or did not come back more often.
    """
    return await fetch_all(
        conn,
        Claimed,
        CLAIM_CHUNKS,
        project_id=project_id,
        limit=limit,
        turn=turn,
        set_aside=list(set_aside),
    )


async def store_vectors(
    conn: Conn, project_id: UUID, texts: Sequence[Claimed], vectors: Vectors, *, set_id: UUID
) -> int:
    """Keep a vector for each text; how many were new. A text that changed meanwhile keeps its
    vector, in case it comes back.
    """
    return await execute(
        conn,
        STORE_VECTORS,
        project_id=project_id,
        set_id=set_id,
        hashes=[text.text_hash for text in texts],
        cards=[text.card for text in texts],
        vectors=await halfvecs(conn, vectors),
    )


async def mark_ready(conn: Conn, project_id: UUID, hashes: Sequence[bytes]) -> int:
    """Every chunk that says one of these texts: also those that came meanwhile, or waited with
    the same text. How many those were.
    """
    return await execute(conn, MARK_READY, project_id=project_id, hashes=list(hashes))


async def store_failures(conn: Conn, project_id: UUID, failures: Sequence[tuple[UUID, str]]) -> int:
    """Back in line with the reason noted, until the last attempt sets the chunk aside."""
    return await execute(
        conn,
        STORE_FAILURES,
        project_id=project_id,
        ids=[id_ for id_, _ in failures],
        reasons=[reason[:500] for _, reason in failures],
        max_attempts=MAX_ATTEMPTS,
    )


async def give_back(conn: Conn, project_id: UUID, claimed: Sequence[Claimed]) -> int:
    """Put claimed chunks back as if they had not been claimed; those that somebody else claimed
    since are left alone.
    """
    return await execute(
        conn,
        GIVE_BACK,
        project_id=project_id,
        ids=[chunk.id for chunk in claimed if chunk.id],
        attempts=[chunk.attempts for chunk in claimed if chunk.id],
    )


async def try_failed_again(conn: Conn, project_id: UUID) -> int:
    """Put chunks that were given up back in line. How many those were."""
    return await execute(conn, TRY_FAILED_AGAIN, project_id=project_id)


async def count_pending(conn: Conn, project_id: UUID) -> int:
    return int(await fetch_value(conn, COUNT_PENDING, project_id=project_id))
