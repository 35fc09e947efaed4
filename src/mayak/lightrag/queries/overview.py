"""SQL of the status page: what there is to search, which vectors, how far behind, whom about."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, fetch_all, fetch_value

DOCUMENTS: LiteralString = """
SELECT made.source_type, count(DISTINCT made.id)::integer AS documents,
       count(chunk.id)::integer AS chunks,
       count(*) FILTER (WHERE chunk.embedding_status = 'ready')::integer AS ready,
       count(*) FILTER (WHERE chunk.embedding_status IN ('pending', 'processing'))::integer
         AS pending,
       count(*) FILTER (WHERE chunk.embedding_status = 'failed')::integer AS failed
  FROM rag_documents AS made
  LEFT JOIN rag_chunks AS chunk
    ON chunk.project_id = made.project_id AND chunk.document_id = made.id
 WHERE made.project_id = %(project_id)s
 GROUP BY made.source_type
 ORDER BY made.source_type
"""

SETS: LiteralString = """
SELECT kept.id, kept.provider, kept.model, kept.dimensions, kept.status, kept.rejected_at,
       (SELECT count(*) FROM rag_embeddings AS made
         WHERE made.project_id = kept.project_id AND made.set_id = kept.id)::integer AS vectors,
       (SELECT count(DISTINCT text_hash) FROM rag_chunks
         WHERE project_id = %(project_id)s)::integer AS wanted
  FROM embedding_sets AS kept
 WHERE kept.project_id = %(project_id)s
 ORDER BY kept.created_at
"""

OLDEST_PENDING: LiteralString = """
SELECT min(updated_at) FROM rag_chunks
 WHERE project_id = %(project_id)s AND embedding_status IN ('pending', 'processing')
"""

ENTITIES: LiteralString = """
SELECT about.key, coalesce(named.title, about.key) AS name, count(*)::integer AS documents
  FROM rag_documents AS made
 CROSS JOIN LATERAL unnest(CASE %(of)s::text WHEN 'clients' THEN made.clients
                                             ELSE made.people END) AS about (key)
  LEFT JOIN rag_documents AS named
    ON named.project_id = made.project_id
   AND named.source_type = split_part(about.key, ':', 1)
   AND named.external_id = substr(about.key, strpos(about.key, ':') + 1)
 WHERE made.project_id = %(project_id)s
   -- Who is known in the CRM as well is offered once.
   AND NOT EXISTS (SELECT FROM rag_links AS link
                    WHERE link.project_id = named.project_id
                      AND link.from_type = 'chatwoot_contact' AND link.from_type = named.source_type
                      AND link.from_id = named.external_id
                      AND link.to_type = 'attio_person' AND link.relation = 'same')
   AND (%(wanted)s::text = '' OR strpos(lower(coalesce(named.title, '')), lower(%(wanted)s)) > 0)
 GROUP BY about.key, named.title
 ORDER BY documents DESC, name, about.key
 LIMIT %(limit)s
"""

LANGUAGES: LiteralString = """
SELECT language, count(*)::integer AS documents
  FROM rag_chunks
 WHERE project_id = %(project_id)s
 GROUP BY language
 ORDER BY documents DESC, language
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    source_type: str
    documents: int
    chunks: int
    ready: int
    pending: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSet:
    id: UUID
    provider: str
    model: str
    dimensions: int | None
    status: str
    vectors: int
    wanted: int
    """Distinct texts of the project: with as many vectors it is complete."""
    rejected_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    key: str
    """`type:external_id`."""
    name: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    language: str
    documents: int


async def documents(conn: Conn, project_id: UUID) -> list[Documents]:
    """How many documents and chunks of each kind there are."""
    return await fetch_all(conn, Documents, DOCUMENTS, project_id=project_id)


async def sets(conn: Conn, project_id: UUID) -> list[EmbeddingSet]:
    """The sets of vectors, the oldest first."""
    return await fetch_all(conn, EmbeddingSet, SETS, project_id=project_id)


async def oldest_pending(conn: Conn, project_id: UUID) -> datetime | None:
    """Since when a chunk has waited for its vector; None when none does."""
    found: datetime | None = await fetch_value(conn, OLDEST_PENDING, project_id=project_id)
    return found


async def entities(
    conn: Conn, project_id: UUID, of: str, *, wanted: str, limit: int
) -> list[Entity]:
    """The `clients` or `people` that documents are about, those of most documents first."""
    return await fetch_all(
        conn, Entity, ENTITIES, project_id=project_id, of=of, wanted=wanted, limit=limit
    )


async def languages(conn: Conn, project_id: UUID) -> list[str]:
    """Languages of chunks, the most frequent first."""
    found = await fetch_all(conn, Spoken, LANGUAGES, project_id=project_id)
    return [one.language for one in found]
