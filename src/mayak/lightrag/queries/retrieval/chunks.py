"""Chunks as evidence: their text, where it comes from, how near it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from mayak.lightrag.model.chunking import ChunkKind
from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.evidence import Evidence, Listed, Place
from mayak.lightrag.model.fusion import Fused, Ranked
from mayak.lightrag.model.records import DocumentType
from mayak.lightrag.queries.vectors import as_halfvec
from mayak.platform.db import Conn

EVIDENCE: LiteralString = """
SELECT chunk.id, document.source_type, document.external_id, document.title, chunk.kind,
       chunk.text, chunk.spans, chunk.occurred_at, tsvector_to_array(chunk.terms) AS lexemes,
       (1 - (made.embedding <=> %(vector)s::halfvec))::float AS similarity
  FROM unnest(%(ids)s::uuid[]) AS given (id)
  JOIN rag_chunks AS chunk ON chunk.project_id = %(project_id)s AND chunk.id = given.id
  JOIN rag_documents AS document
    ON document.project_id = %(project_id)s AND document.id = chunk.document_id
  LEFT JOIN rag_embeddings AS made
    ON made.project_id = %(project_id)s AND made.set_id = %(set_id)s::uuid
   AND made.text_hash = chunk.text_hash
   AND vector_dims(made.embedding) = vector_dims(%(vector)s::halfvec)
"""

LISTED: LiteralString = """
SELECT chunk.id, document.title, chunk.text, chunk.spans
  FROM unnest(%(ids)s::uuid[]) AS given (id)
  JOIN rag_chunks AS chunk ON chunk.project_id = %(project_id)s AND chunk.id = given.id
  JOIN rag_documents AS document
    ON document.project_id = %(project_id)s AND document.id = chunk.document_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: UUID
    source_type: DocumentType
    external_id: str
    title: str | None
    kind: ChunkKind
    text: str
    spans: list[dict[str, Any]]
    occurred_at: datetime
    lexemes: list[str]
    similarity: float | None


async def evidence(
    conn: Conn,
    project_id: UUID,
    fused: Sequence[Fused],
    *,
    vector: Vector | None,
    set_id: UUID | None,
) -> list[Evidence]:
    """These chunks in their order, with all that an answer needs of them."""
    values = {
        "project_id": project_id,
        "ids": [one.id for one in fused],
        "vector": None if vector is None else as_halfvec(vector),
        "set_id": set_id,
    }
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(EVIDENCE, values, prepare=False)
        rows = {row.id: row for row in await cursor.fetchall()}
    return [_evidence(rows[one.id], one) for one in fused if one.id in rows]


def _evidence(row: _Row, fused: Fused) -> Evidence:
    return Evidence(
        chunk_id=row.id,
        document=(row.source_type, row.external_id),
        title=row.title,
        kind=row.kind,
        text=row.text,
        places=_places(row.spans),
        occurred_at=row.occurred_at,
        lexemes=frozenset(row.lexemes),
        score=fused.score,
        identifiers=fused.identifiers,
        similarity=row.similarity,
        ranks=fused.ranks,
    )


async def listed(conn: Conn, project_id: UUID, ranked: Sequence[Ranked]) -> list[Listed]:
    """A list of a search, for people to look at."""
    async with conn.cursor() as cursor:
        values = {"project_id": project_id, "ids": [one.id for one in ranked]}
        await cursor.execute(LISTED, values)
        texts = {id_: shown for id_, *shown in await cursor.fetchall()}
    return [
        Listed(
            chunk_id=one.id,
            title=title,
            text=text,
            places=_places(spans),
            rank=rank,
            score=one.score,
        )
        for rank, one in enumerate(ranked, start=1)
        for title, text, spans in [texts.get(one.id, (None, "", []))]
    ]


def _places(spans: Sequence[Mapping[str, Any]]) -> tuple[Place, ...]:
    return tuple(Place(**span) for span in spans)
