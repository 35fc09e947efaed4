"""The search statement: what it reads, and how it ranks."""

from uuid import UUID

import numpy as np
import pytest

from mayak.lightrag.model.evidence import Found, Settings
from mayak.lightrag.queries.retrieval import HYBRID_SEARCH, hybrid_search, lexemes
from mayak.platform.db import Conn, Database
from tests.lightrag.conftest import DIMENSIONS, Desk, bag_of_words

pytestmark = pytest.mark.anyio


async def search(desk: Desk, words: str, *, meaning: str | None = None) -> Found:
    async with desk.database.transaction(desk.project) as conn:
        return await hybrid_search(
            conn,
            desk.project,
            words=words,
            patterns=[],
            embedding=None if meaning is None else np.array(bag_of_words(meaning), np.float32),
            model=desk.embedder.space,
            settings=Settings(),
        )


async def test_a_chunk_is_found_by_any_of_the_words(desk: Desk) -> None:
    await desk.hear("The lighthouse keeper sleeps.")
    await desk.hear("Nothing here.", talk="2")
    await desk.embed()

    found = await search(desk, "lighthouse volcano")

    assert [one.conversation_id for one in found.evidence] == ["1"]
    assert found.unknown == {"volcano"}


async def test_rare_words_count_more_than_common_ones(desk: Desk) -> None:
    for talk in range(2, 12):
        await desk.hear("Report report report on the portal.", talk=str(talk))
    await desk.hear("One report mentions demurrage.", talk="1")
    await desk.embed()

    found = await search(desk, "portal report demurrage")

    assert found.evidence[0].conversation_id == "1"
    assert found.idf["demurrag"] > found.idf["report"]


async def test_forms_of_a_word_and_the_letter_yo_are_one(desk: Desk) -> None:
    await desk.hear("Отправляем отчёты по простоям.")
    await desk.embed()

    found = await search(desk, "отчет отправляет")

    assert len(found.evidence) == 1
    assert found.unknown == frozenset()


async def test_only_vectors_of_the_active_model_are_compared(desk: Desk) -> None:
    await desk.hear("Good morning.")
    await desk.embed()
    await desk.do("UPDATE embedding_sets SET space = 'another'")

    found = await search(desk, "volcano", meaning="Good morning.")

    assert found.evidence == []


async def test_vectors_of_another_length_are_not_compared(desk: Desk) -> None:
    await desk.hear("Good morning.")
    await desk.embed()
    await desk.do("UPDATE rag_embeddings SET embedding = '[1,0,0]'")

    assert (await search(desk, "volcano", meaning="Good morning.")).evidence == []


async def test_meaning_and_words_together_beat_either(desk: Desk) -> None:
    await desk.hear("Alpha beta gamma delta.", talk="1")
    await desk.hear("Alpha beta.", talk="2")
    await desk.hear("Gamma.", talk="3")
    await desk.embed()

    found = await search(desk, "alpha beta gamma", meaning="Helen Marsh alpha beta gamma delta")

    assert found.evidence[0].conversation_id == "1"
    assert found.background.chunks == 3


async def test_no_chunk_of_another_project_is_read(
    desk: Desk, database: Database, other_project: UUID
) -> None:
    await desk.hear("The lighthouse keeper sleeps.")
    await desk.embed()
    stranger = Desk(database, other_project, desk.embedder)

    found = await search(stranger, "lighthouse", meaning="The lighthouse keeper sleeps.")

    assert found.evidence == []


async def test_stemmed_words_come_in_the_order_of_their_texts(conn: Conn) -> None:
    assert await lexemes(conn, ["Запуски", "", "launches"]) == [
        frozenset({"запуск"}),
        frozenset(),
        frozenset({"launch"}),
    ]


async def test_the_plan_reads_one_partition_and_only_the_projects_rows(
    database: Database, project: UUID
) -> None:
    async with database.system_transaction() as conn:
        await conn.execute(FILL)
        await conn.execute("ANALYZE rag_chunks")
    values = {
        "project_id": project,
        "words": "alpha",
        "patterns": [],
        "embedding": str([1.0] * DIMENSIONS),
        "model": "m",
        "pool": 60,
        "terms": 8,
        "k": 20.0,
        "limit": 8,
        "dense_weight": 2.0,
        "lexical_weight": 1.0,
    }
    async with database.transaction(project) as conn:
        cursor = await conn.execute(f"EXPLAIN {HYBRID_SEARCH}".encode(), values, prepare=False)
        plan = "\n".join(row[0] for row in await cursor.fetchall())

    read = {line.split("rag_chunks_")[1][:2] for line in plan.splitlines() if "rag_chunks_" in line}
    assert len(read) == 1, plan
    assert "Seq Scan on rag_chunks" not in plan


FILL = """
WITH home AS (INSERT INTO workspaces (name) VALUES ('Many') RETURNING id),
     made AS (INSERT INTO projects (workspace_id, slug, name)
              SELECT id, 'many-' || n, 'Many' FROM home, generate_series(1, 60) AS n
              RETURNING id),
     document AS (INSERT INTO rag_documents
                         (project_id, source_type, external_id, source_revision, source_revisions,
                          source_rows, rules)
                  SELECT id, 'chatwoot_conversation', '1', 1, 1, 1, 1 FROM made
                  RETURNING project_id, id)
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at)
SELECT project_id, id, n, 'messages', 'en', repeat('alpha beta ', 40), '', '[]', now()
  FROM document, generate_series(1, 60) AS n
"""
