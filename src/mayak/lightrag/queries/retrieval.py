"""SQL of retrieval: one statement that ranks by meaning, by words and by exact identifiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from mayak.lightrag.model.chunking import ChunkKind
from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.evidence import Background, Evidence, Found, Place, Settings
from mayak.lightrag.model.records import DocumentType
from mayak.lightrag.queries.vectors import as_halfvec
from mayak.platform.db import Conn, fetch_dicts, fetch_value

HYBRID_SEARCH: LiteralString = """
WITH nearness AS MATERIALIZED (
  SELECT chunk.id, 1 - (made.embedding <=> %(embedding)s::halfvec) AS similarity
    FROM rag_embeddings AS made
    JOIN rag_chunks AS chunk
      ON chunk.project_id = made.project_id AND chunk.text_hash = made.text_hash
   WHERE made.project_id = %(project_id)s AND chunk.project_id = %(project_id)s
     AND made.set_id = (SELECT id FROM embedding_sets
                         WHERE project_id = %(project_id)s AND space = %(model)s)
     AND vector_dims(made.embedding) = vector_dims(%(embedding)s::halfvec)
), background AS (
  SELECT coalesce(avg(similarity), 0)::float AS mean,
         coalesce(stddev_pop(similarity), 0)::float AS deviation, count(*) AS chunks
    FROM nearness
), by_meaning AS (
  SELECT id, row_number() OVER (ORDER BY similarity DESC, id) AS rank
    FROM nearness
   ORDER BY similarity DESC, id
   LIMIT %(pool)s
), term AS (
  SELECT lexeme,
         ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
    FROM unnest(to_tsvector('russian', translate(%(words)s, 'ёЁ', 'еЕ')))
), any_term AS (
  SELECT string_agg(query::text, ' | ')::tsquery AS query FROM term
), candidate AS MATERIALIZED (
  -- The empty vector added makes a plain copy, so that it is unpacked once, not once per term.
  SELECT id, terms || ''::tsvector AS terms
    FROM rag_chunks
   WHERE project_id = %(project_id)s AND terms @@ (SELECT query FROM any_term)
), matched AS MATERIALIZED (
  SELECT candidate.id, term.lexeme, ts_rank(candidate.terms, term.query, 1) AS weight
    FROM candidate JOIN term ON candidate.terms @@ term.query
), size AS (
  SELECT count(*)::float AS chunks FROM rag_chunks WHERE project_id = %(project_id)s
), frequency AS (
  SELECT lexeme, count(matched.id) AS chunks,
         ln(1 + (size.chunks - count(matched.id) + 0.5) / (count(matched.id) + 0.5)) AS idf
    FROM term LEFT JOIN matched USING (lexeme) CROSS JOIN size
   GROUP BY lexeme, size.chunks
), rarest AS (
  SELECT lexeme, idf FROM frequency WHERE chunks > 0 ORDER BY idf DESC, lexeme LIMIT %(terms)s
), by_words AS (
  SELECT id, row_number() OVER (ORDER BY sum(idf * weight) DESC, id) AS rank
    FROM matched JOIN rarest USING (lexeme)
   GROUP BY id
   ORDER BY sum(idf * weight) DESC, id
   LIMIT %(pool)s
), pinned AS (
  SELECT c.id, count(*) AS identifiers
    FROM rag_chunks AS c JOIN unnest(%(patterns)s::text[]) AS pattern ON c.text ~* pattern
   WHERE c.project_id = %(project_id)s
   GROUP BY c.id
), ranked AS (
  SELECT id, coalesce(pinned.identifiers, 0) AS identifiers,
         coalesce(%(dense_weight)s / (%(k)s + by_meaning.rank), 0)
       + coalesce(%(lexical_weight)s / (%(k)s + by_words.rank), 0) AS score
    FROM by_meaning FULL JOIN by_words USING (id) FULL JOIN pinned USING (id)
   ORDER BY identifiers DESC, score DESC, id
   LIMIT %(limit)s
)
SELECT c.id, d.source_type, d.external_id, d.title, c.kind, c.text, c.spans, c.occurred_at,
       tsvector_to_array(c.terms) AS lexemes,
       ranked.score::float AS score, ranked.identifiers::integer AS identifiers,
       nearness.similarity::float AS similarity,
       background.mean, background.deviation, background.chunks AS compared,
       size.chunks::integer AS total,
       (SELECT jsonb_object_agg(lexeme, idf) FROM frequency) AS idf,
       (SELECT coalesce(jsonb_agg(lexeme), '[]') FROM frequency WHERE chunks = 0) AS unknown
  FROM ranked
  JOIN rag_chunks AS c ON c.project_id = %(project_id)s AND c.id = ranked.id
  JOIN rag_documents AS d ON d.project_id = %(project_id)s AND d.id = c.document_id
  LEFT JOIN nearness ON nearness.id = ranked.id
  CROSS JOIN background CROSS JOIN size
 ORDER BY ranked.identifiers DESC, ranked.score DESC, ranked.id
"""

LEXEMES: LiteralString = """
SELECT tsvector_to_array(to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) AS lexemes
  FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS given (text, place)
 ORDER BY place
"""

CHUNKS_BY_STATUS: LiteralString = """
SELECT embedding_status, count(*)::integer AS chunks FROM rag_chunks GROUP BY embedding_status
"""

ANY_FAILED: LiteralString = """
SELECT EXISTS (SELECT FROM rag_chunks WHERE embedding_status = 'failed')
"""

WAITING_UP_TO: LiteralString = """
SELECT count(*)
  FROM (SELECT FROM rag_chunks WHERE embedding_status IN ('pending', 'processing')
         LIMIT %(most)s) AS waiting
"""

COUNT_STATE: LiteralString = """
SELECT (SELECT count(*) FROM cw_messages
         WHERE project_id = %(project_id)s AND deleted_at IS NULL)::integer AS messages,
       count(*)::integer AS chunks,
       count(*) FILTER (WHERE embedding_status = 'ready')::integer AS ready,
       count(*) FILTER (WHERE embedding_status IN ('pending', 'processing'))::integer AS pending
  FROM rag_chunks
 WHERE project_id = %(project_id)s
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
    score: float
    identifiers: int
    similarity: float | None
    mean: float
    deviation: float
    compared: int
    total: int
    idf: dict[str, float] | None
    unknown: list[str]


async def hybrid_search(
    conn: Conn,
    project_id: UUID,
    *,
    words: str,
    patterns: Sequence[str],
    embedding: Vector | None,
    model: str,
    settings: Settings,
) -> Found:
    """The best chunks for a question; by words and identifiers alone when `embedding` is None.

    `words` are stemmed and joined by OR; of them the rarest in the project weigh in, each
    by its idf. A chunk that holds an identifier (`patterns`, regular expressions) comes before
    all that do not. Ties break by id.

    Every vector of the project is compared, so time grows with its chunks: about a
    millisecond per thousand. Row-level security keeps the word index out of reach of a
    project's own transaction, so the words of all its chunks are read as well. `bench/query.py`
    measures both.
    """
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        # A prepared statement would soon be planned for a project of average size.
        await cursor.execute(
            HYBRID_SEARCH,
            {
                "project_id": project_id,
                "words": words,
                "patterns": list(patterns),
                "embedding": None if embedding is None else as_halfvec(embedding),
                "model": model,
                "pool": settings.pool,
                "terms": settings.terms,
                "k": settings.k,
                "dense_weight": settings.dense_weight,
                "lexical_weight": settings.lexical_weight,
                "limit": settings.limit,
            },
            prepare=False,
        )
        rows = await cursor.fetchall()
    return _found(rows)


def _found(rows: Sequence[_Row]) -> Found:
    if not rows:
        return Found()
    first = rows[0]
    return Found(
        evidence=[
            Evidence(
                chunk_id=row.id,
                document=(row.source_type, row.external_id),
                title=row.title,
                kind=row.kind,
                text=row.text,
                places=tuple(Place(**span) for span in row.spans),
                occurred_at=row.occurred_at,
                lexemes=frozenset(row.lexemes),
                score=row.score,
                identifiers=row.identifiers,
                similarity=row.similarity,
            )
            for row in rows
        ],
        background=Background(mean=first.mean, deviation=first.deviation, chunks=first.compared),
        idf=first.idf or {},
        unknown=frozenset(first.unknown),
        chunks=first.total,
    )


async def lexemes(conn: Conn, texts: Sequence[str]) -> list[frozenset[str]]:
    """The stemmed words of each text, as the search stems them; no stop words."""
    rows = await fetch_dicts(conn, LEXEMES, texts=list(texts))
    return [frozenset(row["lexemes"]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    messages: int
    chunks: int
    ready: int
    pending: int


async def state(conn: Conn, project_id: UUID) -> State:
    """How much of a project is here, cut, embedded and waiting."""
    [row] = await fetch_dicts(conn, COUNT_STATE, project_id=project_id)
    return State(**row)


async def any_failed(conn: Conn) -> bool:
    """Whether a chunk that `conn` sees was given up; as quick as an index."""
    return bool(await fetch_value(conn, ANY_FAILED))


async def waiting_up_to(conn: Conn, most: int) -> int:
    """How many chunks that `conn` sees have no vector yet; counts no further than `most`."""
    return int(await fetch_value(conn, WAITING_UP_TO, most=most))


async def chunks_by_status(conn: Conn) -> dict[str, int]:
    """How many chunks are in each state, of all that `conn` sees; no entry means none. Reads the
    whole table.
    """
    rows = await fetch_dicts(conn, CHUNKS_BY_STATUS)
    return {row["embedding_status"]: row["chunks"] for row in rows}
