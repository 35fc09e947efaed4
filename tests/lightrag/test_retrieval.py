"""The search statement: what it reads, and how it ranks."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest

from mayak.lightrag.model.evidence import Found
from mayak.lightrag.model.questions import question
from mayak.lightrag.queries.retrieval import lexemes, set_of
from mayak.lightrag.service.searching import search as search_for
from mayak.platform.db import Conn, Database
from tests.lightrag.conftest import Desk, bag_of_words

pytestmark = pytest.mark.anyio


async def search(desk: Desk, words: str, *, meaning: str | None = None, **options: Any) -> Found:
    async with desk.database.transaction(desk.project) as conn:
        return await search_for(
            conn,
            desk.project,
            question(words),
            None if meaning is None else np.array(bag_of_words(meaning), np.float32),
            await set_of(conn, desk.project, desk.embedder.space),
            **options,
        )


async def test_a_chunk_is_found_by_any_of_the_words(desk: Desk) -> None:
    await desk.hear("The lighthouse keeper sleeps.")
    await desk.hear("Nothing here.", talk="2")
    await desk.embed()

    found = await search(desk, "lighthouse volcano")

    assert [one.document[1] for one in found.evidence] == ["1"]
    assert found.unknown == {"volcano"}


async def test_rare_words_count_more_than_common_ones(desk: Desk) -> None:
    for talk in range(2, 12):
        await desk.hear("Report report report on the portal.", talk=str(talk))
    await desk.hear("One report mentions demurrage.", talk="1")
    await desk.embed()

    found = await search(desk, "portal report demurrage")

    assert found.evidence[0].document[1] == "1"
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

    assert found.evidence[0].document[1] == "1"
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
