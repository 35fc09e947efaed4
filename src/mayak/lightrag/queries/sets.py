"""SQL of embedding sets: the vectors of one model, and which of them answer."""

from dataclasses import dataclass
from typing import Literal, LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Embedder
from mayak.platform.db import Conn, execute, fetch_all, fetch_value

LOCK_SETS: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('embedding_sets ' || %(project_id)s::text, 0))
"""

SETS: LiteralString = """
SELECT id, provider, model, space, dimensions, status
  FROM embedding_sets
 WHERE project_id = %(project_id)s
 ORDER BY created_at, id
"""

ADD_SET: LiteralString = """
INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status, activated_at)
VALUES (%(project_id)s, %(provider)s, %(model)s, %(space)s, %(dimensions)s::integer,
        %(status)s::text, CASE WHEN %(status)s::text = 'active' THEN now() END)
RETURNING id
"""

SET_STATUS: LiteralString = """
UPDATE embedding_sets
   SET status = %(status)s::text,
       activated_at = CASE WHEN %(status)s::text = 'active' THEN now() ELSE activated_at END
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

RETIRE_PREVIOUS: LiteralString = """
UPDATE embedding_sets SET status = 'retired'
 WHERE project_id = %(project_id)s AND status = 'previous'
"""

WAIT_FOR_SET: LiteralString = """
UPDATE rag_chunks AS chunk
   SET embedding_status = 'pending', embedding_attempts = 0, embedding_error = NULL,
       updated_at = now()
 WHERE chunk.project_id = %(project_id)s AND chunk.embedding_status <> 'pending'
   AND NOT EXISTS (SELECT FROM rag_embeddings AS made
                    WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                      AND made.text_hash = chunk.text_hash)
"""

Status = Literal["building", "active", "previous", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSet:
    id: UUID
    provider: str
    model: str
    space: str
    dimensions: int | None
    status: Status


async def lock_sets(conn: Conn, project_id: UUID) -> None:
    """Until the transaction ends, nobody else changes which sets there are."""
    await conn.execute(LOCK_SETS, {"project_id": project_id})


async def sets(conn: Conn, project_id: UUID) -> list[EmbeddingSet]:
    """All sets of a project, the oldest first."""
    return await fetch_all(conn, EmbeddingSet, SETS, project_id=project_id)


async def add_set(conn: Conn, project_id: UUID, embedder: Embedder, *, status: Status) -> UUID:
    made = await fetch_value(
        conn,
        ADD_SET,
        project_id=project_id,
        provider=embedder.provider,
        model=embedder.model,
        space=embedder.space,
        dimensions=embedder.dimensions,
        status=status,
    )
    return UUID(str(made))


async def switch(conn: Conn, project_id: UUID, *, leave: UUID | None, to: UUID) -> None:
    """Make `to` the active set; `leave`, which was, is kept to go back to."""
    await execute(conn, RETIRE_PREVIOUS, project_id=project_id)
    if leave is not None:
        await execute(conn, SET_STATUS, project_id=project_id, id=leave, status="previous")
    await execute(conn, SET_STATUS, project_id=project_id, id=to, status="active")
    await execute(conn, WAIT_FOR_SET, project_id=project_id, set_id=to)
