"""Vectors of large sets enter the graph after they were stored, and are found before that."""

from datetime import timedelta

import numpy as np
import pytest

from mayak.lightrag.jobs import embedding
from mayak.lightrag.model.questions import question
from mayak.lightrag.queries import graphing
from mayak.lightrag.queries.retrieval import dense, set_of
from mayak.lightrag.service.searching import search
from tests.lightrag.conftest import Desk, Provider, bag_of_words

pytestmark = pytest.mark.anyio

GRAPHED = "SELECT graphed FROM rag_embeddings"
QUEUED = "SELECT because FROM worker_runs WHERE status = 'queued'"
WORDS = ("harbour", "lighthouse", "invoice", "budget", "meeting", "contract")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than two vectors are too many to compare, and those of the desk have a graph."""
    monkeypatch.setattr(graphing, "EXACT_UP_TO", 2)
    monkeypatch.setitem(dense.GRAPH, 256, dense.GRAPH[384].replace("384", "256"))


async def hear(desk: Desk, *words: str) -> None:
    for word in words:
        await desk.hear(f"The {word}.", talk=str(1 + WORDS.index(word)))


async def graphed(desk: Desk) -> list[bool]:
    return [row["graphed"] for row in await desk.rows(GRAPHED)]


@pytest.mark.usefixtures("large")
async def test_vectors_of_a_small_set_stay_out_of_the_graph(desk: Desk) -> None:
    await hear(desk, *WORDS[:2])
    await desk.embed()

    assert await graphed(desk) == [False] * 2


@pytest.mark.usefixtures("large")
async def test_a_set_that_grows_too_large_to_compare_enters_the_graph(desk: Desk) -> None:
    await hear(desk, *WORDS[:2])
    await desk.embed()
    await hear(desk, WORDS[2])
    await desk.embed()

    assert await graphed(desk) == [True] * 3


async def test_vectors_of_a_length_without_a_graph_are_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphing, "EXACT_UP_TO", 2)
    await hear(desk, *WORDS)
    await desk.embed()

    assert await graphed(desk) == [False] * len(WORDS)


@pytest.mark.usefixtures("large")
async def test_vectors_enter_the_graph_while_their_provider_is_down(
    desk: Desk, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(graphing, "EXACT_UP_TO", 100)
        await hear(desk, *WORDS)
        await desk.embed()
    await desk.hear("Something new.", talk="9")
    provider.down = True
    await desk.embed()

    assert await graphed(desk) == [True] * len(WORDS)


@pytest.mark.usefixtures("large")
async def test_a_run_without_time_for_the_graph_asks_for_another(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "GRAPHING", timedelta(0))
    await hear(desk, *WORDS)
    await desk.embed()

    assert await graphed(desk) == [False] * len(WORDS)
    assert [row["because"] for row in await desk.rows(QUEUED)] == [
        "vectors are left that belong into the graph"
    ]


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("within", [0, 3, 6])
async def test_what_is_not_in_the_graph_yet_is_found_beside_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, within: int
) -> None:
    await hear(desk, *WORDS)
    await desk.embed()
    await desk.do("UPDATE rag_embeddings SET graphed = false")
    await desk.do(
        "UPDATE rag_embeddings SET graphed = true WHERE text_hash IN"
        " (SELECT text_hash FROM rag_embeddings ORDER BY text_hash LIMIT %s)",
        within,
    )
    exact = await meant(desk)
    monkeypatch.setattr(dense, "EXACT_UP_TO", 0)

    assert await meant(desk) == exact
    assert len(exact) == len(WORDS)


async def meant(desk: Desk) -> list[str]:
    """Talks by how near they are to a sentence of which they have no word in common."""
    vector = np.array(bag_of_words("Helen Marsh the lighthouse budget"), np.float32)
    async with desk.database.transaction(desk.project) as conn:
        set_id = await set_of(conn, desk.project, desk.embedder.space)
        found = await search(conn, desk.project, question("volcano"), vector, set_id)
    return [one.document[1] for one in found.evidence]
