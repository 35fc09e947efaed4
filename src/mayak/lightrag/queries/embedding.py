"""SQL of embedding: what waits, who works on it, what came out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Vectors
from mayak.platform.db import Conn, execute, fetch_all, fetch_value

MAX_ATTEMPTS = 5

RETURN_ABANDONED: LiteralString = """
UPDATE rag_chunks
   SET embedding_status = CASE WHEN embedding_attempts < %(max_attempts)s
                               THEN 'pending' ELSE 'failed' END,
       embedding_error = CASE WHEN embedding_attempts < %(max_attempts)s
                              THEN embedding_error ELSE 'the worker died while embedding it' END,
       embedding_model = CASE WHEN embedding_attempts < %(max_attempts)s
                              THEN NULL ELSE %(model)s::text END,
       updated_at = now()
 WHERE project_id = %(project_id)s AND embedding_status = 'processing'
"""

RETURN_OTHER_MODELS: LiteralString = """
UPDATE rag_chunks
   SET embedding_status = 'pending', embedding = NULL, embedding_model = NULL,
       embedding_attempts = 0, embedding_error = NULL, updated_at = now()
 WHERE project_id = %(project_id)s AND embedding_status IN ('ready', 'failed')
   AND embedding_model IS DISTINCT FROM %(model)s::text
"""

REUSE_VECTORS: LiteralString = """
UPDATE rag_chunks AS waiting
   SET embedding_status = 'ready', embedding = known.embedding,
       embedding_model = known.embedding_model, embedding_error = NULL, updated_at = now()
  FROM (SELECT DISTINCT ON (text_hash) text_hash, embedding, embedding_model
          FROM rag_chunks
         WHERE project_id = %(project_id)s AND embedding_status = 'ready'
           AND embedding_model = %(model)s
           AND text_hash IN (SELECT text_hash FROM rag_chunks
                              WHERE project_id = %(project_id)s AND embedding_status = 'pending')
       ) AS known
 WHERE waiting.project_id = %(project_id)s AND waiting.embedding_status = 'pending'
   AND waiting.text_hash = known.text_hash
"""

CLAIM_CHUNKS: LiteralString = """
WITH next AS MATERIALIZED (
  SELECT id FROM rag_chunks
   WHERE project_id = %(project_id)s AND embedding_status = 'pending'
     AND (embedding_attempts > 0) = %(tried_before)s AND id <> ALL(%(set_aside)s)
   ORDER BY occurred_at DESC, id
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE rag_chunks AS c
   SET embedding_status = 'processing', embedding_attempts = c.embedding_attempts + 1,
       updated_at = now()
  FROM next
 WHERE c.project_id = %(project_id)s AND c.id = next.id
RETURNING c.id, c.text, c.text_hash, c.occurred_at, c.embedding_attempts AS attempts
"""

STORE_VECTORS: LiteralString = """
UPDATE rag_chunks AS c
   SET embedding_status = 'ready', embedding = made.vector::halfvec,
       embedding_model = %(model)s, embedding_error = NULL, embedding_attempts = 0,
       updated_at = now()
  FROM unnest(%(ids)s::uuid[], %(vectors)s::text[]) AS made (id, vector)
 WHERE c.project_id = %(project_id)s AND c.id = made.id AND c.embedding_status = 'processing'
"""

STORE_FAILURES: LiteralString = """
UPDATE rag_chunks AS c
   SET embedding_status = CASE WHEN c.embedding_attempts < %(max_attempts)s
                               THEN 'pending' ELSE 'failed' END,
       embedding_model = CASE WHEN c.embedding_attempts < %(max_attempts)s
                              THEN NULL ELSE %(model)s::text END,
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

COUNT_PENDING: LiteralString = """
SELECT count(*) FROM rag_chunks
 WHERE project_id = %(project_id)s AND embedding_status IN ('pending', 'processing')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    id: UUID
    text: str
    text_hash: bytes
    occurred_at: object
    attempts: int
    """With this one; who claims the chunk later sees a higher number."""


async def return_abandoned(conn: Conn, project_id: UUID, *, model: str) -> int:
    """Chunks a dead worker left behind go back in line, or are set aside after the last attempt."""
    return await execute(
        conn, RETURN_ABANDONED, project_id=project_id, model=model, max_attempts=MAX_ATTEMPTS
    )


async def return_other_models(conn: Conn, project_id: UUID, *, model: str) -> int:
    """Chunks embedded, or given up, under another model go back in line."""
    return await execute(conn, RETURN_OTHER_MODELS, project_id=project_id, model=model)


async def reuse_vectors(conn: Conn, project_id: UUID, *, model: str) -> int:
    """Give waiting chunks the vector of a ready one with the very same text."""
    return await execute(conn, REUSE_VECTORS, project_id=project_id, model=model)


async def claim(
    conn: Conn, project_id: UUID, *, limit: int, tried_before: bool, set_aside: Sequence[UUID]
) -> list[Claimed]:
    """Take up to `limit` waiting chunks, the newest words first. Each claim counts an attempt."""
    return await fetch_all(
        conn,
        Claimed,
        CLAIM_CHUNKS,
        project_id=project_id,
        limit=limit,
        tried_before=tried_before,
        set_aside=list(set_aside),
    )


async def store_vectors(
    conn: Conn, project_id: UUID, ids: Sequence[UUID], vectors: Vectors, *, model: str
) -> int:
    """Chunks whose text changed meanwhile are gone, and their vectors fall on nothing."""
    return await execute(
        conn,
        STORE_VECTORS,
        project_id=project_id,
        ids=list(ids),
        vectors=[as_halfvec(vector) for vector in vectors],
        model=model,
    )


async def store_failures(
    conn: Conn, project_id: UUID, failures: Sequence[tuple[UUID, str]], *, model: str
) -> int:
    """Back in line with the reason noted, until the last attempt sets the chunk aside."""
    return await execute(
        conn,
        STORE_FAILURES,
        project_id=project_id,
        ids=[id_ for id_, _ in failures],
        reasons=[reason[:500] for _, reason in failures],
        model=model,
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
        ids=[chunk.id for chunk in claimed],
        attempts=[chunk.attempts for chunk in claimed],
    )


async def count_pending(conn: Conn, project_id: UUID) -> int:
    return int(await fetch_value(conn, COUNT_PENDING, project_id=project_id))


def as_halfvec(vector: object) -> str:
    """A vector in the spelling of pgvector; six digits are more than half precision keeps."""
    return "[" + ",".join(f"{value:.6g}" for value in vector) + "]"  # type: ignore[attr-defined]
