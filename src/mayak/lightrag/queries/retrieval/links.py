"""What hangs together with the best documents: their neighbours in the graph of links."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.fusion import Ranked
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.queries.retrieval.narrowing import FITS, limits
from mayak.lightrag.queries.vectors import as_halfvec
from mayak.platform.db import Conn

FAN = 60
"""Neighbours of one document that are looked at: a client may have thousands."""

LINKED: LiteralString = f"""
WITH RECURSIVE walk AS (
  SELECT seed.source_type, seed.external_id, 0 AS hops
    FROM unnest(%(documents)s::uuid[]) AS given (id)
    JOIN rag_documents AS seed ON seed.project_id = %(project_id)s AND seed.id = given.id
   UNION
  SELECT next.type, next.id, walk.hops + 1
    FROM walk
    CROSS JOIN LATERAL (
      (SELECT to_type AS type, to_id AS id FROM rag_links
        WHERE project_id = %(project_id)s AND from_type = walk.source_type
          AND from_id = walk.external_id
        ORDER BY to_type, to_id LIMIT %(fan)s)
      UNION ALL
      (SELECT from_type, from_id FROM rag_links
        WHERE project_id = %(project_id)s AND to_type = walk.source_type
          AND to_id = walk.external_id
        ORDER BY from_type, from_id LIMIT %(fan)s)) AS next
   WHERE walk.hops < %(hops)s
), reached AS (
  SELECT source_type, external_id, min(hops) AS hops FROM walk
   GROUP BY source_type, external_id
  HAVING min(hops) > 0
), near AS (
  SELECT chunk.id, chunk.document_id, reached.hops, chunk.ordinal,
         1 - (made.embedding <=> %(vector)s::halfvec) AS similarity,
         row_number() OVER (PARTITION BY document.id
                            ORDER BY chunk.kind = 'card' DESC, chunk.ordinal) AS place
    FROM reached
    JOIN rag_documents AS document
      ON document.project_id = %(project_id)s AND document.source_type = reached.source_type
     AND document.external_id = reached.external_id
    JOIN rag_chunks AS chunk
      ON chunk.project_id = %(project_id)s AND chunk.document_id = document.id
     AND (chunk.kind = 'card' OR chunk.ordinal = 0)
    LEFT JOIN rag_embeddings AS made
      ON made.project_id = %(project_id)s AND made.set_id = %(set_id)s::uuid
     AND made.text_hash = chunk.text_hash
     AND vector_dims(made.embedding) = vector_dims(%(vector)s::halfvec)
   WHERE {FITS}
)
SELECT id, document_id, (coalesce(similarity, 0) / hops)::float AS score
  FROM near
 WHERE place = 1
 ORDER BY score DESC, hops, id
 LIMIT %(limit)s
"""


async def linked(
    conn: Conn,
    project_id: UUID,
    documents: Sequence[UUID],
    *,
    hops: int,
    vector: Vector | None,
    set_id: UUID | None,
    narrowing: Narrowing,
    limit: int,
) -> list[Ranked]:
    """The cards (or beginnings) of documents up to `hops` links away from `documents`.

    Links are followed either way. The nearest in meaning come first, those two links away at half
    their cosine.
    """
    if not documents or not hops:
        return []
    values = {
        "project_id": project_id,
        "documents": list(documents),
        "hops": hops,
        "fan": FAN,
        "vector": None if vector is None else as_halfvec(vector),
        "set_id": set_id,
        "limit": limit,
        **limits(narrowing),
    }
    async with conn.cursor() as cursor:
        await cursor.execute(LINKED, values, prepare=False)
        rows = await cursor.fetchall()
    return [Ranked(id=id_, document_id=document, score=score) for id_, document, score in rows]
