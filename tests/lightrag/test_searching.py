"""What a search looks through: filters, earlier questions, identifiers, links, other projects."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from mayak.lightrag.model.evidence import Found, Settings
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.model.questions import question
from mayak.lightrag.queries import retrieval
from mayak.lightrag.queries.retrieval import dense, lexical
from mayak.lightrag.service.searching import search
from mayak.platform.db import Database
from tests.lightrag.conftest import Desk, bag_of_words
from tests.lightrag.stories import NOW, TEN_MINUTES

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def look(desk: Desk, words: str, *, meaning: str | None = None, **options: Any) -> Found:
    async with desk.database.transaction(desk.project) as conn:
        return await search(
            conn,
            desk.project,
            question(words),
            None if meaning is None else np.array(bag_of_words(meaning), np.float32),
            await retrieval.set_of(conn, desk.project, desk.embedder.space),
            **options,
        )


def talks(found: Found) -> list[str]:
    return [one.document[1] for one in found.evidence]


@pytest.fixture
async def harbour(desk: Desk) -> Desk:
    """Three talks about a lighthouse, ten minutes apart."""
    await desk.hear("The lighthouse is dark.", talk="1", at=NOW)
    await desk.hear("Маяк lighthouse не светит.", talk="2", at=NOW + TEN_MINUTES)
    await desk.hear("Repair the lighthouse.", talk="3", at=NOW + 2 * TEN_MINUTES)
    await desk.embed()
    await desk.do("UPDATE rag_documents SET clients = '{attio_company:9}' WHERE external_id = '3'")
    return desk


@pytest.mark.parametrize(
    ("narrowing", "expected"),
    [
        pytest.param(Narrowing(), {"1", "2", "3"}, id="nothing narrows nothing"),
        pytest.param(Narrowing(languages=("ru",)), {"2"}, id="language"),
        pytest.param(Narrowing(since=NOW + TEN_MINUTES), {"2", "3"}, id="since"),
        pytest.param(Narrowing(until=NOW + TEN_MINUTES), {"1"}, id="until"),
        pytest.param(Narrowing(clients=("attio_company:9",)), {"3"}, id="client"),
        pytest.param(Narrowing(people=("attio_person:1",)), set(), id="nobody"),
        pytest.param(Narrowing(sources=("linear",)), set(), id="another source"),
        pytest.param(Narrowing(sources=("chatwoot", "linear")), {"1", "2", "3"}, id="sources"),
    ],
)
@pytest.mark.parametrize("meaning", [None, "lighthouse"])
async def test_a_search_is_limited(
    harbour: Desk, narrowing: Narrowing, expected: set[str], meaning: str | None
) -> None:
    found = await look(harbour, "lighthouse", meaning=meaning, narrowing=narrowing)

    assert set(talks(found)) == expected


async def test_earlier_questions_are_searched_by_their_words(harbour: Desk) -> None:
    alone = await look(harbour, "when exactly", history=())
    after = await look(harbour, "when exactly", history=("dark?", "old", "repair?", "older"))

    assert talks(alone) == []
    assert talks(after) == ["3"]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        pytest.param("See BEA-42, please.", "What of bea-42?", id="key"),
        pytest.param("See BEA-42/3, please.", "What of BEA-42?", id="key with a part"),
        pytest.param("Pay 12 500 € today.", "Who pays 12500?", id="amount"),
        pytest.param("Pay 12,500 today.", "Who pays 12 500?", id="amount with a comma"),
        pytest.param("Order № 7 is late.", "Where is order #7?", id="short number"),
        pytest.param("Write to Ann.Lee@Firm.test", "Who is ann.lee@firm.test?", id="e-mail"),
        pytest.param("Call +7 (912) 345-67-89 now", "Whose is 8 912 345 67 89?", id="phone"),
        pytest.param("It broke in 2.13.1 only.", "What of version 2.13.1?", id="version"),
    ],
)
async def test_an_identifier_goes_first(desk: Desk, said: str, asked: str) -> None:
    for talk in range(2, 6):
        await desk.hear(f"{asked} Nobody knows.".translate(WITHOUT_DIGITS), talk=str(talk))
    await desk.hear(said, talk="1")
    await desk.embed()

    found = await look(desk, asked, meaning=asked)

    assert talks(found)[0] == "1"
    assert found.evidence[0].identifiers == 1
    assert found.evidence[0].ranks["pinned"] == 1


WITHOUT_DIGITS = str.maketrans("", "", "0123456789@")


async def test_neighbours_of_the_best_document_are_found(harbour: Desk) -> None:
    await harbour.hear("Quite another matter.", talk="4")
    await harbour.hear("And one more.", talk="5")
    await harbour.embed()
    await link(harbour, ("3", "4"), ("5", "4"))

    direct = await look(harbour, "repair", mode="hybrid")
    further = await look(harbour, "repair", mode="mix")

    assert talks(direct) == ["3", "4"]
    assert talks(further) == ["3", "4", "5"]


async def link(desk: Desk, *pairs: tuple[str, str]) -> None:
    for start, end in pairs:
        await desk.do(
            "INSERT INTO rag_links VALUES (%s, 'chatwoot_conversation', %s,"
            " 'chatwoot_conversation', %s, 'mention', 'said')",
            desk.project,
            start,
            end,
        )


async def test_a_long_talk_does_not_crowd_out_others(desk: Desk) -> None:
    await desk.hear(*(f"lighthouse {number} " * 60 for number in range(6)), talk="1")
    await desk.hear("A lighthouse, among many other things that were said here.", talk="2")
    await desk.embed()

    found = await look(desk, "lighthouse", settings=Settings(per_document=2))

    assert sorted(talks(found)) == ["1", "1", "2"]


async def test_a_search_explains_itself(harbour: Desk) -> None:
    found = await look(harbour, "dark lighthouse", meaning="lighthouse dark", explain=True)

    assert {name for name, listed in found.lists.items() if listed} == {"dense", "lexical"}
    assert found.lists["lexical"][0].rank == 1
    assert "dark" in found.lists["lexical"][0].text


@pytest.mark.parametrize(
    ("mode", "lists"),
    [("naive", {"dense"}), ("global", {"dense", "lexical"}), ("mix", {"dense", "lexical"})],
)
async def test_a_mode_reads_its_lists(harbour: Desk, mode: str, lists: set[str]) -> None:
    found = await look(harbour, "lighthouse", meaning="lighthouse", mode=mode)

    assert {name for one in found.evidence for name in one.ranks} == lists


async def test_the_graph_finds_what_comparing_all_does(
    harbour: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = await look(harbour, "volcano", meaning="Repair the lighthouse", mode="naive")
    await harbour.do("UPDATE rag_embeddings SET graphed = true")
    monkeypatch.setattr(dense, "EXACT_UP_TO", 0)
    monkeypatch.setitem(dense.GRAPH, 256, dense.GRAPH[384].replace("384", "256"))
    walked = await look(harbour, "volcano", meaning="Repair the lighthouse", mode="naive")

    assert talks(walked) == talks(exact) != []


async def plan(database: Database, project: UUID, statement: str, values: Any) -> str:
    async with database.transaction(project) as conn:
        if "halfvec(384) <=>" in statement:
            await conn.execute(dense.WALK)
        cursor = await conn.execute(f"EXPLAIN {statement}".encode(), values, prepare=False)
        return "\n".join(row[0] for row in await cursor.fetchall())


async def test_vectors_are_read_the_way_that_was_chosen(
    database: Database, project: UUID, other_project: UUID
) -> None:
    values = {
        "project_id": project,
        "set_id": other_project,
        "card": False,
        "vector": str([1.0] * 384),
        "limit": 60,
    }

    assert "Order By" not in await plan(database, project, dense.EXACT, values)
    assert "Order By" not in await plan(database, project, dense.UNGRAPHED, values)
    walked = await plan(database, project, dense.GRAPH[384], values)
    assert "Order By: ((embedding)::halfvec(384) <=>" in walked
    assert "Sort" not in walked


async def keys(database: Database, project: UUID, wanted: Sequence[str]) -> list[str]:
    async with database.transaction(project) as conn:
        cursor = await conn.execute("SELECT key FROM mayak_chunks_with('t', %s)", (list(wanted),))
        return [row[0] for row in await cursor.fetchall()]


async def test_the_index_of_words_shows_one_project(harbour: Desk, other_project: UUID) -> None:
    stranger = Desk(harbour.database, other_project, harbour.embedder)
    await stranger.hear("A lighthouse of somebody else.")
    await stranger.embed()

    assert len(await keys(harbour.database, harbour.project, ["lighthous"])) == 3
    assert len(await keys(harbour.database, other_project, ["lighthous"])) == 1


@pytest.mark.parametrize("section", ["", "t' OR true", "fddc6cb3t"])
async def test_a_section_is_no_way_into_another_project(
    harbour: Desk, other_project: UUID, section: str
) -> None:
    async with harbour.database.transaction(other_project) as conn:
        cursor = await conn.execute(
            "SELECT count(*) FROM mayak_chunks_with(%s, ARRAY['lighthous'])", (section,)
        )
        assert await cursor.fetchone() == (0,)


SCANS = """
SELECT oid::regclass::text FROM pg_class
 WHERE relname LIKE 'rag\\_chunks%%' AND relkind IN ('r', 'i')
   AND pg_stat_get_xact_numscans(oid) > 0
"""


async def test_words_are_read_through_their_index(harbour: Desk) -> None:
    async with harbour.database.transaction(harbour.project) as conn:
        cursor = await conn.execute("SELECT key FROM mayak_chunks_with('t', ARRAY['lighthous'])")
        assert len(await cursor.fetchall()) == 3
        cursor = await conn.execute(SCANS)
        scanned = [name for (name,) in await cursor.fetchall()]

    # The planner looks at the ends of other indexes; the table itself is not read through.
    assert any("keys" in name for name in scanned)
    assert all(name.endswith(("idx", "key")) for name in scanned)


async def test_common_words_are_counted_ahead_in_a_large_project(
    harbour: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexical, "COUNTED_FROM", 2)
    monkeypatch.setattr(lexical, "COMMON", 3)
    async with harbour.database.transaction(harbour.project) as conn:
        assert await retrieval.refresh_terms(conn, harbour.project)
        assert not await retrieval.refresh_terms(conn, harbour.project)
    counted = await harbour.rows("SELECT lexeme, chunks FROM rag_terms WHERE lexeme = 'lighthous'")
    found = await look(harbour, "lighthouse dark")

    assert counted == [{"lexeme": "lighthous", "chunks": 3}]
    assert talks(found)[0] == "1"
    assert found.idf["dark"] > found.idf["lighthous"] > 0


async def test_a_moment_is_within_or_without(harbour: Desk) -> None:
    since = Narrowing(since=NOW + timedelta(seconds=1), until=NOW + 2 * TEN_MINUTES)

    assert talks(await look(harbour, "lighthouse", narrowing=since)) == ["2"]
