"""Vectors of two models side by side: one answers while the other is built, and the way back."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from mayak.lightrag.model.sets import NothingToGoBackTo
from mayak.lightrag.service import Embedders, OpenAIServer, sets
from tests.lightrag.conftest import Desk, Provider

pytestmark = pytest.mark.anyio

STATES = "SELECT model, status, rejected_at IS NOT NULL AS rejected FROM embedding_sets"
PATIENCE_ENDS = "UPDATE embedding_sets SET retry_at = now()"


@pytest.fixture
async def models(desk: Desk, provider: Provider) -> AsyncIterator[OpenAIServer]:
    """The server of the desk's own embedder, which has other models too."""
    async with httpx.AsyncClient(transport=provider) as http:
        made = OpenAIServer(http, base_url="http://models.test/v1", api_key=None)
        desk.makers.append(made.embedder_of)
        yield made


async def states(desk: Desk) -> dict[str, str]:
    return {row["model"]: row["status"] for row in await desk.rows(STATES)}


async def roll_back(desk: Desk) -> None:
    async with desk.database.transaction(desk.project) as conn:
        await sets.roll_back(conn, desk.project)


async def test_the_first_set_is_active_before_it_has_a_vector(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear("When do we launch?")
    provider.down = True

    await desk.embed()

    assert await states(desk) == {"words": "active"}


async def test_a_new_model_takes_over_once_it_has_every_text(
    desk: Desk, models: OpenAIServer
) -> None:
    for talk in "12345":
        await desk.hear(f"Matter {talk}.", talk=talk)
    await desk.embed()
    desk.embedder = models.embedder("newer", dimensions=None)

    result = await desk.embed()

    assert result.counters["embedded"] == 5
    assert "newer" in (result.note or "")
    assert await states(desk) == {"words": "previous", "newer": "active"}
    assert await desk.statuses() == ["ready"] * 5


async def test_the_old_model_answers_until_the_new_one_is_complete(
    desk: Desk, models: OpenAIServer, provider: Provider
) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    desk.embedder = models.embedder("newer", dimensions=None)
    provider.refuses = "newer"

    result = await desk.embed()
    embedder = await desk.embedders.for_questions(desk.database, desk.project)

    assert result.status == "partial"
    assert await states(desk) == {"words": "active", "newer": "building"}
    assert embedder.model == "words"
    assert (await desk.ask("When is the launch?")).searched == "hybrid"


async def test_a_text_that_the_new_model_refuses_does_not_hold_it_up(
    desk: Desk, models: OpenAIServer, provider: Provider
) -> None:
    for talk in "123":
        await desk.hear("cursed" if talk == "2" else f"Matter {talk}.", talk=talk)
    await desk.embed()
    desk.embedder = models.embedder("newer", dimensions=None)
    provider.poison = "cursed"

    await desk.embed()

    assert await states(desk) == {"words": "previous", "newer": "active"}
    _, cursed, _ = await desk.chunks()
    assert (cursed["embedding_status"], cursed["embedding_attempts"]) == ("pending", 1)
    assert "bad input" in cursed["embedding_error"]


async def test_a_set_that_is_left_is_not_taken_again_by_itself(
    desk: Desk, models: OpenAIServer
) -> None:
    await desk.hear("Matter 1.")
    await desk.embed()
    desk.embedder = models.embedder("newer", dimensions=None)
    await desk.embed()

    await roll_back(desk)
    await desk.embed()

    assert await states(desk) == {"words": "active", "newer": "previous"}
    async with desk.database.transaction(desk.project) as conn:
        await sets.ask_again(conn, desk.project, desk.embedder)
    await desk.embed()
    assert await states(desk) == {"words": "previous", "newer": "active"}


async def test_what_came_since_is_embedded_for_the_set_that_was_restored(
    desk: Desk, models: OpenAIServer, provider: Provider
) -> None:
    await desk.hear("Matter 1.", talk="1")
    await desk.embed()
    desk.embedder = models.embedder("newer", dimensions=None)
    await desk.embed()
    await desk.hear("Matter 2.", talk="2")
    await desk.embed()

    await roll_back(desk)
    assert await desk.statuses() == ["ready", "pending"]
    provider.asked.clear()
    await desk.embed()

    assert await desk.statuses() == ["ready", "ready"]
    assert provider.texts == ["Helen Marsh: Matter 2."]


async def test_there_is_nothing_to_go_back_to_with_one_set(desk: Desk) -> None:
    await desk.hear("Matter 1.")
    await desk.embed()

    with pytest.raises(NothingToGoBackTo):
        await roll_back(desk)


async def test_the_set_before_the_previous_one_is_deleted(desk: Desk, models: OpenAIServer) -> None:
    await desk.hear("Matter 1.")
    await desk.embed()
    for model in ("newer", "newest"):
        desk.embedder = models.embedder(model, dimensions=None)
        await desk.embed()

    assert await states(desk) == {"newer": "previous", "newest": "active"}
    assert len(await desk.rows("SELECT 1 FROM rag_embeddings")) == 2


async def test_a_model_that_is_configured_back_before_it_took_over_costs_nothing(
    desk: Desk, models: OpenAIServer, provider: Provider
) -> None:
    await desk.hear("Matter 1.")
    await desk.embed()
    before, desk.embedder = desk.embedder, models.embedder("newer", dimensions=None)
    provider.refuses = "newer"
    await desk.embed()
    provider.asked.clear()

    desk.embedder = before
    await desk.embed()

    assert await states(desk) == {"words": "active"}
    assert provider.asked == []


async def test_without_anybody_for_the_active_set_answers_go_by_words(desk: Desk) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    async with httpx.AsyncClient() as http:
        elsewhere = OpenAIServer(http, base_url="http://other.test", api_key=None)
        desk.embedder = elsewhere.embedder("words", dimensions=None)

        answer = await desk.ask("When is the launch?")

    assert answer.searched == "lexical"
    assert "embeddings_unavailable" in answer.notes


async def test_while_a_provider_is_down_nobody_asks_it_again(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    provider.down = True
    await desk.ask("When is the launch?")
    provider.asked.clear()

    answer = await desk.ask("When is the launch?")
    result = await desk.embed()

    assert provider.asked == []
    assert (answer.searched, result.status) == ("lexical", "partial")
    assert "server" in (result.note or "")


async def test_a_provider_that_serves_again_is_believed(desk: Desk, provider: Provider) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    provider.down = True
    await desk.ask("When is the launch?")
    provider.down = False
    await desk.do(PATIENCE_ENDS)

    assert (await desk.ask("When is the launch?")).searched == "hybrid"
    assert await desk.rows("SELECT 1 FROM embedding_sets WHERE failing_since IS NOT NULL") == []


async def test_a_run_without_work_ends_an_outage_too(desk: Desk, provider: Provider) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    provider.down = True
    await desk.ask("When is the launch?")
    provider.down = False
    await desk.do(PATIENCE_ENDS)

    assert (await desk.embed()).status == "ok"
    assert await desk.rows("SELECT 1 FROM embedding_sets WHERE failing_since IS NOT NULL") == []


async def test_the_run_that_comes_back_waits_apart_from_those_of_syncs(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear("The launch is on the 28th.")
    provider.down = True

    await desk.embed()

    [waits] = await desk.rows(
        "SELECT key, not_before > now() AS later FROM worker_runs WHERE status = 'queued'"
    )
    assert waits["key"]
    assert waits["later"]


async def test_a_question_does_not_wait_for_a_provider_that_hangs(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear("The launch is on the 28th.")
    await desk.embed()
    provider.hangs = True
    hurried = Embedders(desk.embedder, patience=timedelta(milliseconds=50))
    embedder = await hurried.for_questions(desk.database, desk.project)

    async with asyncio.timeout(5):
        with pytest.raises(Exception, match="no answer within"):
            await embedder.query("When is the launch?")


MANY = """
WITH document AS (INSERT INTO rag_documents
                         (project_id, source_type, external_id, source_revision, source_revisions,
                          source_rows, rules)
                  SELECT current_setting('mayak.project_id')::uuid, 'dataset_text', 'many',
                         1, 1, 1, 1
                  RETURNING project_id, id)
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at,
        embedding_status)
SELECT project_id, id, n, 'text', 'en', 'Matter ' || n, sha256(n::text::bytea), '[]', now(), 'ready'
  FROM document, generate_series(1, 20000) AS n
"""
FILLED = """
WITH made AS (INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status)
              SELECT current_setting('mayak.project_id')::uuid, 'openai', %s, %s, 256, %s
              RETURNING project_id, id)
INSERT INTO rag_embeddings (project_id, set_id, text_hash, embedding)
SELECT project_id, made.id, chunk.text_hash,
       ('[' || chunk.ordinal %% 7 || repeat(',1', 255) || ']')::halfvec
  FROM made JOIN rag_chunks AS chunk USING (project_id)
 WHERE chunk.ordinal <= %s
"""


async def test_no_question_fails_while_twenty_thousand_chunks_change_their_model_and_back(
    desk: Desk, models: OpenAIServer, provider: Provider
) -> None:
    newer, provider.quick = models.embedder("newer", dimensions=None), True
    await desk.do(MANY)
    await desk.do(FILLED, "words", desk.embedder.space, "active", 20_000)
    await desk.do(FILLED, "newer", newer.space, "building", 19_500)
    desk.embedder = newer
    modes: list[str] = []

    async def ask_on() -> None:
        while True:
            modes.append((await desk.ask("What of 17?")).searched)
            await asyncio.sleep(0.1)

    async def asked_on() -> None:
        """Once more since now, from beginning to end."""
        seen = len(modes)
        while len(modes) < seen + 2:
            assert not asking.done(), asking.exception()
            await asyncio.sleep(0.05)

    asking = asyncio.create_task(ask_on())
    await desk.embed()
    assert await states(desk) == {"words": "previous", "newer": "active"}
    await asked_on()
    await roll_back(desk)
    await asked_on()
    asking.cancel()

    assert set(modes) == {"hybrid"}
    assert await states(desk) == {"words": "active", "newer": "previous"}
    assert await desk.rows("SELECT 1 FROM rag_chunks WHERE embedding_status <> 'ready'") == []
