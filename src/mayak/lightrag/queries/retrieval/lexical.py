"""Ranking by words: the rarest words of a question, each by how rare it is in the project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, LiteralString
from uuid import UUID

from mayak.lightrag.model.fusion import Ranked
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.queries.retrieval.narrowing import FITS, limits
from mayak.platform.db import Conn, execute, fetch_dicts

Section = Literal["t", "c"]
"""Texts and talks, or cards: their words are counted apart."""
COUNTED_FROM = 2000
"""Chunks of a project, cards too, from which they and their common words are counted ahead of
questions.
"""
COMMON = 100
"""Chunks that have a word, from which it is common."""
READ_LEAST, READ_MOST = 1000, 4000
"""Occurrences that one ranking reads: a fifth of the chunks of a section, within these. Words
beyond, the commonest, only weigh in the chunks that others found.
"""
WEIGHED = 150
"""Chunks whose words are weighed exactly: those with the rarest words."""
MOST_WORDS = 64

LEXEMES: LiteralString = """
SELECT tsvector_to_array(to_tsvector('russian', translate(text, 'ёЁ', 'еЕ'))) AS lexemes
  FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS given (text, place)
 ORDER BY place
"""

ASKED_WORDS: LiteralString = """
SELECT word.lexeme, texts.chunks AS t, cards.chunks AS c
  FROM unnest(to_tsvector('russian', translate(%(words)s, 'ёЁ', 'еЕ'))) AS word
  LEFT JOIN rag_terms AS texts
    ON texts.project_id = %(project_id)s AND texts.section = 't' AND texts.lexeme = word.lexeme
  LEFT JOIN rag_terms AS cards
    ON cards.project_id = %(project_id)s AND cards.section = 'c' AND cards.lexeme = word.lexeme
 ORDER BY texts.chunks NULLS FIRST, word.lexeme
 LIMIT %(limit)s
"""

SIZES: LiteralString = """
SELECT section,
       coalesce((SELECT chunks FROM rag_counts
                  WHERE project_id = %(project_id)s AND rag_counts.section = known.section),
                (SELECT count(*) FROM rag_chunks
                  WHERE project_id = %(project_id)s
                    AND (kind = 'card') = (known.section = 'c')))::integer AS chunks
  FROM (VALUES ('t'), ('c')) AS known (section)
"""


def _by_words_of(narrowed: LiteralString) -> LiteralString:
    return f"""
WITH given AS (
  SELECT lexeme, common,
         ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
    FROM unnest(%(lexemes)s::text[], %(common)s::integer[]) AS given (lexeme, common)
), found AS MATERIALIZED (
  SELECT key AS lexeme, id FROM mayak_chunks_with(%(section)s, %(read)s::text[])
), frequency AS (
  SELECT lexeme, query, coalesce(common, counted.chunks, 0) AS chunks,
         ln(1 + (greatest(%(total)s, coalesce(common, counted.chunks, 0))
                 - coalesce(common, counted.chunks, 0) + 0.5)
                / (coalesce(common, counted.chunks, 0) + 0.5)) AS idf
    FROM given
    LEFT JOIN (SELECT lexeme, count(*) AS chunks FROM found GROUP BY lexeme) AS counted
         USING (lexeme)
), rarest AS MATERIALIZED (
  SELECT lexeme, query, idf FROM frequency
   WHERE chunks > 0 ORDER BY idf DESC, lexeme LIMIT %(terms)s
), promising AS (
  SELECT found.id FROM found JOIN rarest USING (lexeme) {narrowed}
   GROUP BY found.id
   ORDER BY sum(idf) DESC, found.id
   LIMIT %(weighed)s
), candidate AS MATERIALIZED (
  -- The empty vector added makes a plain copy, so that it is unpacked once, not once per term.
  SELECT chunk.id, chunk.document_id, chunk.terms || ''::tsvector AS terms
    FROM promising
    JOIN rag_chunks AS chunk ON chunk.project_id = %(project_id)s AND chunk.id = promising.id
), ranked AS (
  SELECT candidate.id, candidate.document_id,
         sum(idf * ts_rank(candidate.terms, rarest.query, 1)) AS score
    FROM candidate CROSS JOIN rarest
   GROUP BY candidate.id, candidate.document_id
   ORDER BY score DESC, candidate.id
   LIMIT %(limit)s
)
SELECT (SELECT coalesce(jsonb_object_agg(lexeme, idf), '{{}}') FROM frequency),
       (SELECT coalesce(jsonb_agg(lexeme), '[]') FROM frequency WHERE chunks = 0),
       ARRAY(SELECT id FROM ranked ORDER BY score DESC, id),
       ARRAY(SELECT document_id FROM ranked ORDER BY score DESC, id),
       ARRAY(SELECT score::float FROM ranked ORDER BY score DESC, id)
"""


BY_WORDS: LiteralString = _by_words_of("")
BY_WORDS_AMONG_FITTING: LiteralString = _by_words_of(f"""
    JOIN rag_chunks AS chunk ON chunk.project_id = %(project_id)s AND chunk.id = found.id
    JOIN rag_documents AS document
      ON document.project_id = %(project_id)s AND document.id = chunk.document_id
   WHERE {FITS}""")

DROP_COUNTS: LiteralString = """
DELETE FROM rag_counts WHERE project_id = %(project_id)s AND section = %(section)s
"""

LAST_COUNT: LiteralString = """
SELECT (SELECT count(*) FROM rag_chunks
         WHERE project_id = %(project_id)s AND (kind = 'card') = (%(section)s = 'c'))::integer
       AS chunks,
       (SELECT count(*) FROM rag_chunks WHERE project_id = %(project_id)s)::integer AS whole,
       (SELECT chunks FROM rag_counts
         WHERE project_id = %(project_id)s AND section = %(section)s) AS counted
"""

SAVE_COUNT: LiteralString = """
INSERT INTO rag_counts (project_id, section, chunks)
VALUES (%(project_id)s, %(section)s, %(chunks)s)
"""

COUNT_TERMS: LiteralString = """
INSERT INTO rag_terms (project_id, section, lexeme, chunks)
SELECT %(project_id)s::uuid, %(section)s::text, word, ndoc
  FROM ts_stat(format('SELECT terms FROM rag_chunks
                        WHERE project_id = %%L AND (kind = ''card'') = %%L',
                      %(project_id)s::uuid, %(section)s::text = 'c'))
 WHERE ndoc >= %(common)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWords:
    """Stemmed words, and in how many chunks of a section one is; None of a rare one."""

    common: Mapping[str, Mapping[Section, int | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByWords:
    ranked: list[Ranked] = field(default_factory=list)
    idf: Mapping[str, float] = field(default_factory=dict)
    """Per stemmed word that was asked for."""
    unknown: frozenset[str] = frozenset()
    """Those that no chunk has."""


async def sizes(conn: Conn, project_id: UUID) -> dict[Section, int]:
    """How many chunks a section has: in a large one as last counted, else now."""
    rows = await fetch_dicts(conn, SIZES, project_id=project_id)
    return {row["section"]: row["chunks"] for row in rows}


async def asked_words(conn: Conn, project_id: UUID, words: str) -> AskedWords:
    """At most MOST_WORDS of `words`, stemmed, the rarest first."""
    rows = await fetch_dicts(
        conn, ASKED_WORDS, project_id=project_id, words=words, limit=MOST_WORDS
    )
    return AskedWords(common={row["lexeme"]: {"t": row["t"], "c": row["c"]} for row in rows})


async def by_words(
    conn: Conn,
    project_id: UUID,
    asked: AskedWords,
    *,
    section: Section,
    chunks: int,
    narrowing: Narrowing,
    terms: int,
    limit: int,
) -> ByWords:
    """The `limit` chunks of a section (of `chunks`) that have the rarest words, any of them.

    The score is the sum of `idf * ts_rank` over the `terms` rarest words, as good as BM25. Words
    are read the rarest first, until enough occurrences are; chunks that have only commoner ones
    do not come up. An idf is exact for a rare word, for a common one as of the last count.
    """
    if not asked.common or not chunks:
        return ByWords()
    common = {lexeme: counts[section] for lexeme, counts in asked.common.items()}
    values = {
        "project_id": project_id,
        "section": section,
        "lexemes": list(common),
        "common": list(common.values()),
        "read": _worth_reading(common, min(max(READ_LEAST, chunks // 5), READ_MOST)),
        "total": chunks,
        "terms": terms,
        "weighed": WEIGHED,
        "limit": limit,
        **(limits(narrowing) if narrowing else {}),
    }
    async with conn.cursor() as cursor:
        # A prepared statement would soon be planned for a project of average size.
        statement = BY_WORDS_AMONG_FITTING if narrowing else BY_WORDS
        await cursor.execute(statement, values, prepare=False)
        [row] = await cursor.fetchall()
    return _by_words(row)


def _worth_reading(common: Mapping[str, int | None], most: int) -> list[str]:
    """The words to look up, the rarest first, until `most` occurrences are read; at least one."""
    worth: list[str] = []
    read = 0
    for lexeme, chunks in sorted(common.items(), key=lambda one: (one[1] or 0, one[0])):
        read += chunks or 0
        if worth and read > most:
            break
        worth.append(lexeme)
    return worth


def _by_words(row: tuple[Any, ...]) -> ByWords:
    idf, unknown, ids, documents, scores = row
    return ByWords(
        ranked=[
            Ranked(id=id_, document_id=document_id, score=score)
            for id_, document_id, score in zip(ids, documents, scores, strict=True)
        ],
        idf=idf,
        unknown=frozenset(unknown),
    )


async def refresh_terms(conn: Conn, project_id: UUID) -> bool:
    """Count again which words are common, if a tenth of the chunks came or went since.

    Whether it did. A project of few chunks has none counted: searches count as they read. Reads
    all chunks, in about a second per 10,000.
    """
    done = False
    for section in ("t", "c"):
        [row] = await fetch_dicts(conn, LAST_COUNT, project_id=project_id, section=section)
        chunks = row["chunks"] if row["whole"] >= COUNTED_FROM else None
        if chunks == row["counted"] or _about_as_many(chunks, row["counted"]):
            continue
        done = True
        await execute(conn, DROP_COUNTS, project_id=project_id, section=section)
        if chunks is not None:
            await execute(conn, SAVE_COUNT, project_id=project_id, section=section, chunks=chunks)
            await execute(conn, COUNT_TERMS, project_id=project_id, section=section, common=COMMON)
    return done


def _about_as_many(chunks: int | None, counted: int | None) -> bool:
    return chunks is not None and counted is not None and abs(chunks - counted) * 10 <= counted


async def lexemes(conn: Conn, texts: Sequence[str]) -> list[frozenset[str]]:
    """The stemmed words of each text, as the search stems them; no stop words."""
    rows = await fetch_dicts(conn, LEXEMES, texts=list(texts))
    return [frozenset(row["lexemes"]) for row in rows]
