"""Ranking by meaning. Which way the vectors are read is decided here, never by the planner."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.evidence import Background
from mayak.lightrag.model.fusion import Ranked
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.queries.retrieval.narrowing import FITS, count_fitting, limits
from mayak.lightrag.queries.vectors import as_halfvec
from mayak.platform.db import Conn, fetch_value

EXACT_UP_TO = 10_000
"""Vectors that are compared one by one, in 10 to 20 ms; more are searched through the graph."""
SAMPLE = 500
SPARE = 40
"""Texts read beyond what is wanted: a vector may outlive the chunk it was made for."""
MOST_TEXTS = 8000

SET_OF_SPACE: LiteralString = """
SELECT id FROM embedding_sets WHERE project_id = %(project_id)s AND space = %(space)s
"""

# Adding 0 to the distance makes an order that no index gives. Every other spelling of it in the
# statement would be computed for every row as well.
EXACT: LiteralString = """
SELECT text_hash, (embedding <=> %(vector)s::halfvec) + 0 AS distance
  FROM rag_embeddings
 WHERE project_id = %(project_id)s AND set_id = %(set_id)s AND card = %(card)s
   AND vector_dims(embedding) = vector_dims(%(vector)s::halfvec)
 ORDER BY distance, text_hash
 LIMIT %(limit)s
"""

# What came since the graph was made: ordinary rows, in no index of vectors yet.
UNGRAPHED: LiteralString = """
SELECT text_hash, (embedding <=> %(vector)s::halfvec)::float AS distance
  FROM rag_embeddings
 WHERE project_id = %(project_id)s AND set_id = %(set_id)s AND card = %(card)s AND NOT graphed
   AND vector_dims(embedding) = vector_dims(%(vector)s::halfvec)
 ORDER BY (embedding <=> %(vector)s::halfvec) + 0, text_hash
 LIMIT %(limit)s
"""

EXACT_AMONG_FITTING: LiteralString = f"""
SELECT chunk.id, chunk.document_id, (made.embedding <=> %(vector)s::halfvec) + 0 AS distance
  FROM rag_chunks AS chunk
  JOIN rag_documents AS document
    ON document.project_id = %(project_id)s AND document.id = chunk.document_id
  JOIN rag_embeddings AS made
    ON made.project_id = %(project_id)s AND made.set_id = %(set_id)s
   AND made.text_hash = chunk.text_hash
 WHERE chunk.project_id = %(project_id)s AND (chunk.kind = 'card') = %(card)s
   AND vector_dims(made.embedding) = vector_dims(%(vector)s::halfvec) AND {FITS}
 ORDER BY distance, chunk.id
 LIMIT %(limit)s
"""


def _graph(dimensions: LiteralString) -> LiteralString:
    return f"""
SELECT text_hash, (embedding <=> %(vector)s::halfvec)::float AS distance
  FROM rag_embeddings
 WHERE project_id = %(project_id)s AND set_id = %(set_id)s AND card = %(card)s
   AND graphed AND vector_dims(embedding) = {dimensions}
 ORDER BY embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions})
 LIMIT %(limit)s
"""


GRAPH: Mapping[int, LiteralString] = {
    384: _graph("384"),
    768: _graph("768"),
    1024: _graph("1024"),
    1536: _graph("1536"),
    3072: _graph("3072"),
}
"""By dimensions: those that migrations made an index for."""

# A set that is built beside the active one shares its index, so a walk may meet as many vectors
# that are not asked for.
WALK: LiteralString = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
       set_config('hnsw.ef_search', '200', true),
       set_config('hnsw.max_scan_tuples', '20000', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true)
"""
REST: LiteralString = """
SELECT set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
       set_config('enable_bitmapscan', 'on', true)
"""

CHUNKS_OF_TEXTS: LiteralString = """
SELECT chunk.id, chunk.document_id, given.distance
  FROM unnest(%(hashes)s::bytea[], %(distances)s::float[]) AS given (text_hash, distance)
  JOIN rag_chunks AS chunk
    ON chunk.project_id = %(project_id)s AND chunk.text_hash = given.text_hash
 WHERE (chunk.kind = 'card') = %(card)s
 ORDER BY given.distance, chunk.id
"""

FITTING_CHUNKS_OF_TEXTS: LiteralString = f"""
SELECT chunk.id, chunk.document_id, given.distance
  FROM unnest(%(hashes)s::bytea[], %(distances)s::float[]) AS given (text_hash, distance)
  JOIN rag_chunks AS chunk
    ON chunk.project_id = %(project_id)s AND chunk.text_hash = given.text_hash
  JOIN rag_documents AS document
    ON document.project_id = %(project_id)s AND document.id = chunk.document_id
 WHERE (chunk.kind = 'card') = %(card)s AND {FITS}
 ORDER BY given.distance, chunk.id
"""

BACKGROUND: LiteralString = """
SELECT coalesce(avg(similarity), 0)::float AS mean,
       coalesce(stddev_pop(similarity), 0)::float AS deviation, count(*)::integer AS chunks
  FROM (SELECT 1 - (embedding <=> %(vector)s::halfvec) AS similarity
          FROM (SELECT embedding FROM rag_embeddings
                 WHERE project_id = %(project_id)s AND set_id = %(set_id)s AND NOT card
                 ORDER BY text_hash
                 LIMIT %(limit)s) AS first_ones
         WHERE vector_dims(embedding) = vector_dims(%(vector)s::halfvec)) AS compared
"""


async def set_of(conn: Conn, project_id: UUID, space: str) -> UUID | None:
    """The set whose vectors can be compared with those of `space`; None when there is none yet."""
    found: UUID | None = await fetch_value(conn, SET_OF_SPACE, project_id=project_id, space=space)
    return found


async def by_meaning(
    conn: Conn,
    project_id: UUID,
    set_id: UUID,
    vector: Vector,
    *,
    card: bool,
    chunks: int,
    narrowing: Narrowing,
    limit: int,
) -> list[Ranked]:
    """The `limit` chunks nearest to `vector`, cards or all others; the score is the cosine.

    Up to EXACT_UP_TO of them are compared one by one: a section of so many `chunks`, or what
    `narrowing` leaves. More are searched through the graph of HNSW, wider and wider until enough
    fit; those that are not in it yet, one by one. Chunks of one text share its vector.
    """
    values: dict[str, Any] = {
        "project_id": project_id,
        "set_id": set_id,
        "card": card,
        "vector": as_halfvec(vector),
    }
    if narrowing:
        left = await count_fitting(conn, project_id, narrowing, card=card, most=EXACT_UP_TO + 1)
        if left <= EXACT_UP_TO:
            values |= {"limit": limit, **limits(narrowing)}
            return _ranked(await _rows(conn, EXACT_AMONG_FITTING, values))
    graph = GRAPH.get(len(vector)) if chunks > EXACT_UP_TO else None
    return await _widening(conn, graph, values, narrowing, limit)


async def _widening(
    conn: Conn,
    graph: LiteralString | None,
    values: Mapping[str, Any],
    narrowing: Narrowing,
    limit: int,
) -> list[Ranked]:
    """Read twice as many texts again and again, until enough chunks have them."""
    texts = limit + SPARE
    while True:
        near = await _near(conn, graph, {**values, "limit": texts})
        found = await _rows(
            conn,
            FITTING_CHUNKS_OF_TEXTS if narrowing else CHUNKS_OF_TEXTS,
            {
                "project_id": values["project_id"],
                "card": values["card"],
                "hashes": [row[0] for row in near],
                "distances": [row[1] for row in near],
                **(limits(narrowing) if narrowing else {}),
            },
        )
        if len(found) >= limit or len(near) < texts or texts >= MOST_TEXTS:
            return _ranked(found[:limit])
        texts *= 4


async def _near(
    conn: Conn, graph: LiteralString | None, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    if graph is None:
        return await _rows(conn, EXACT, values)
    await conn.execute(WALK)
    found = await _rows(conn, graph, values)
    await conn.execute(REST)
    found += await _rows(conn, UNGRAPHED, values)
    # Relaxed order: the walk hands out nearly the nearest first.
    return sorted(found, key=lambda row: (row[1], row[0]))[: values["limit"]]


async def background(conn: Conn, project_id: UUID, set_id: UUID, vector: Vector) -> Background:
    """Cosines of `vector` with SAMPLE texts of the project.

    They are those whose hash comes first, which is as good as by lot.
    """
    values = {
        "project_id": project_id,
        "set_id": set_id,
        "vector": as_halfvec(vector),
        "limit": SAMPLE,
    }
    [(mean, deviation, chunks)] = await _rows(conn, BACKGROUND, values)
    return Background(mean=mean, deviation=deviation, chunks=chunks)


def _ranked(rows: Sequence[tuple[Any, ...]]) -> list[Ranked]:
    return [
        Ranked(id=id_, document_id=document_id, score=1 - distance)
        for id_, document_id, distance in rows
    ]


async def _rows(
    conn: Conn, statement: LiteralString, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Unprepared: a prepared statement would soon be planned for a project of average size."""
    async with conn.cursor() as cursor:
        await cursor.execute(statement, values, prepare=False)
        return await cursor.fetchall()
