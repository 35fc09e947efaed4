"""Chunks that hold an identifier of the question, and entities that it calls by name."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.fusion import Ranked
from mayak.lightrag.model.identifiers import Identifier
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.queries.retrieval.narrowing import FITS, limits
from mayak.lightrag.queries.vectors import as_halfvec
from mayak.platform.db import Conn

LOOKED_AT = 400
"""Chunks with an identifier that are looked at, the newest."""

WITH_IDENTIFIERS: LiteralString = f"""
WITH asked AS (
  SELECT key, pattern FROM unnest(%(keys)s::text[], %(patterns)s::text[]) AS asked (key, pattern)
), held AS (
  SELECT DISTINCT key, id FROM mayak_chunks_with('#', %(keys)s::text[])
), looked_at AS (
  SELECT chunk.id, chunk.document_id, chunk.text, chunk.text_hash, chunk.kind, document.title,
         array_agg(held.key) AS keys
    FROM held
    JOIN rag_chunks AS chunk ON chunk.project_id = %(project_id)s AND chunk.id = held.id
    JOIN rag_documents AS document
      ON document.project_id = %(project_id)s AND document.id = chunk.document_id
   WHERE {FITS}
   GROUP BY chunk.project_id, chunk.id, document.project_id, document.id
   ORDER BY count(*) DESC, chunk.occurred_at DESC, chunk.id
   LIMIT %(most)s
)
SELECT one.id, one.document_id, count(*)::integer AS identifiers,
       (count(*) + 0.5 * count(*) FILTER (WHERE one.title ~* asked.pattern)
        + 0.3 * coalesce(1 - (made.embedding <=> %(vector)s::halfvec), 0))::float AS score
  FROM looked_at AS one
  JOIN asked ON asked.key = ANY(one.keys) AND one.text ~* asked.pattern
  LEFT JOIN rag_embeddings AS made
    ON made.project_id = %(project_id)s AND made.set_id = %(set_id)s::uuid
   AND made.text_hash = one.text_hash
   AND vector_dims(made.embedding) = vector_dims(%(vector)s::halfvec)
 GROUP BY one.id, one.document_id, made.embedding
 ORDER BY score DESC, one.id
 LIMIT %(limit)s
"""

CALLED: LiteralString = f"""
SELECT chunk.id, chunk.document_id, length(document.title)::float AS score
  FROM rag_documents AS document
  JOIN rag_chunks AS chunk
    ON chunk.project_id = %(project_id)s AND chunk.document_id = document.id
   AND chunk.kind = 'card'
 WHERE document.project_id = %(project_id)s
   AND document.name = ANY(%(names)s::text[])
   AND {FITS}
 ORDER BY score DESC, chunk.ordinal, chunk.id
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    ranked: list[Ranked] = field(default_factory=list)
    identifiers: dict[UUID, int] = field(default_factory=dict)
    """Per chunk, how many of the question's identifiers stand in it; names do not count."""


async def pinned(
    conn: Conn,
    project_id: UUID,
    *,
    identifiers: Sequence[Identifier],
    names: Sequence[str],
    vector: Vector | None,
    set_id: UUID | None,
    narrowing: Narrowing,
    limit: int,
) -> Pinned:
    """First chunks with `identifiers`: most of them, then where the title has one, then the nearest
    in meaning. Then the cards of entities whose whole name is among `names`, the longest first.
    """
    values = {"project_id": project_id, "limit": limit, **limits(narrowing)}
    found: list[Ranked] = []
    held: dict[UUID, int] = {}
    async with conn.cursor() as cursor:
        if identifiers:
            asked = {
                "keys": [one.key for one in identifiers],
                "patterns": [one.pattern for one in identifiers],
                "vector": None if vector is None else as_halfvec(vector),
                "set_id": set_id,
                "most": LOOKED_AT,
            }
            await cursor.execute(WITH_IDENTIFIERS, values | asked, prepare=False)
            for id_, document_id, count, score in await cursor.fetchall():
                found.append(Ranked(id=id_, document_id=document_id, score=score))
                held[id_] = count
        if names:
            await cursor.execute(CALLED, values | {"names": list(names)}, prepare=False)
            found += [
                Ranked(id=id_, document_id=document_id, score=0.0)
                for id_, document_id, _ in await cursor.fetchall()
                if id_ not in held
            ]
    return Pinned(ranked=found[:limit], identifiers=held)
