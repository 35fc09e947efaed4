"""Chunks follow the mirror, get their vectors, and survive every kind of failure."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from mayak.errors import LeaseLost
from mayak.lightrag import jobs
from mayak.lightrag.model.embedder import Vectors
from mayak.lightrag.service import OpenAIEmbeddings
from mayak.platform.db import Database
from tests.lightrag.conftest import Desk, Provider

pytestmark = pytest.mark.anyio

EDIT = """
UPDATE cw_messages SET content = %s, revision = nextval('source_revision') WHERE external_id = %s
"""
DELETE = """
UPDATE cw_messages SET deleted_at = now(), content = NULL, revision = nextval('source_revision')
 WHERE external_id = %s
"""
DROP_TALK = "UPDATE cw_conversations SET deleted_at = now(), revision = nextval('source_revision')"
QUEUED = "SELECT job_type, because FROM worker_runs WHERE status = 'queued'"
PATIENCE_ENDS = "UPDATE embedding_sets SET retry_at = now()"
ABANDON = """
WITH lost AS (DELETE FROM rag_embeddings)
UPDATE rag_chunks SET embedding_status = 'processing', embedding_attempts = %s
"""
# At once: between the two the run may notice that it is lost, and give the chunk back.
TAKE_OVER = """
WITH run AS (UPDATE worker_runs SET lease_token = gen_random_uuid())
UPDATE rag_chunks SET embedding_attempts = embedding_attempts + 1
"""
LONG = "The tide comes in at six. " * 24


async def test_a_run_cuts_and_embeds_what_was_synced(desk: Desk) -> None:
    await desk.hear("When do we launch?", "On the 28th.")

    result = await desk.embed()

    assert result.status == "ok"
    assert result.counters["embedded"] == 1
    [chunk] = await desk.chunks()
    assert chunk["embedding_status"] == "ready"
    assert chunk["text"] == "Helen Marsh: When do we launch?\nHelen Marsh: On the 28th."


async def test_a_second_run_finds_nothing_to_do(desk: Desk, provider: Provider) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()
    provider.asked.clear()

    result = await desk.embed()

    assert result.counters["documents"] == 0
    assert provider.asked == []


async def test_only_the_chunk_that_changed_is_embedded_again(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear(LONG + "one", LONG + "two", LONG + "three")
    await desk.embed()
    before = await desk.chunks()
    provider.asked.clear()

    await desk.do(EDIT, LONG + "TWO", "101")
    await desk.embed()

    after = await desk.chunks()
    assert [chunk["id"] for chunk in before][::2] == [chunk["id"] for chunk in after][::2]
    assert before[0]["vector"] == after[0]["vector"]
    assert provider.texts == [after[1]["text"]]


async def test_a_chunk_that_only_moved_keeps_its_vector(desk: Desk, provider: Provider) -> None:
    await desk.hear(LONG + "one", LONG + "two", LONG + "three")
    await desk.embed()
    before = {chunk["text"]: chunk["id"] for chunk in await desk.chunks()}
    provider.asked.clear()

    await desk.do(DELETE, "100")
    await desk.embed()

    after = await desk.chunks()
    assert [chunk["ordinal"] for chunk in after] == [0, 1]
    assert all(before[chunk["text"]] == chunk["id"] for chunk in after)
    assert provider.asked == []


async def test_a_deleted_message_disappears_from_its_chunk(desk: Desk) -> None:
    await desk.hear("The code is 7781.", "Thank you.")
    await desk.embed()

    await desk.do(DELETE, "100")
    await desk.embed()

    assert [chunk["text"] for chunk in await desk.chunks()] == ["Helen Marsh: Thank you."]


async def test_private_notes_are_never_sent_away(desk: Desk, provider: Provider) -> None:
    await desk.hear("Do not tell the client.", private=True)
    await desk.hear("Good morning.", talk="2")

    await desk.embed()

    assert provider.texts == ["Helen Marsh: Good morning."]


async def test_a_deleted_conversation_takes_its_document_along(desk: Desk) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()

    await desk.do(DROP_TALK)
    result = await desk.embed()

    assert result.counters["removed"] == 1
    assert await desk.rows("SELECT 1 FROM rag_documents") == []
    assert await desk.chunks() == []


async def test_the_same_text_is_embedded_once(desk: Desk, provider: Provider) -> None:
    await desk.hear("Thank you!", talk="1")
    await desk.hear("Thank you!", talk="2")
    await desk.embed()
    await desk.hear("Thank you!", talk="3")
    await desk.embed()

    assert provider.texts == ["Helen Marsh: Thank you!"]
    assert await desk.statuses() == ["ready"] * 3


async def test_a_run_while_the_provider_is_down_says_so_and_harms_nothing(
    desk: Desk, provider: Provider
) -> None:
    await desk.hear("When do we launch?")
    provider.down = True

    for _ in range(6):
        result = await desk.embed()
        assert (result.status, result.counters["left"]) == ("partial", 1)
        await desk.do(PATIENCE_ENDS)

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("pending", 0)

    provider.down = False
    await desk.embed()
    assert await desk.statuses() == ["ready"]


async def test_a_text_that_cannot_be_embedded_is_set_aside_alone(
    desk: Desk, provider: Provider
) -> None:
    provider.poison = "cursed"
    for talk in "12345":
        await desk.hear("cursed" if talk == "3" else f"Fine, {talk}.", talk=talk)

    result = await desk.embed()
    assert (result.status, result.counters["failed"], result.counters["embedded"]) == (
        "partial",
        1,
        4,
    )
    for _ in range(4):
        await desk.embed()

    [failed] = [chunk for chunk in await desk.chunks() if chunk["embedding_status"] == "failed"]
    assert failed["embedding_attempts"] == 5
    assert "bad input" in failed["embedding_error"]


async def test_what_a_dead_worker_left_is_embedded_by_the_next(desk: Desk) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()
    await desk.do(ABANDON, 1)

    await desk.embed()

    assert await desk.statuses() == ["ready"]


async def test_a_text_that_kills_workers_is_given_up_after_five(desk: Desk) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()
    await desk.do(ABANDON, 5)

    await desk.embed()

    [chunk] = await desk.chunks()
    assert chunk["embedding_status"] == "failed"
    assert "worker died" in chunk["embedding_error"]


async def test_another_model_embeds_everything_again(desk: Desk, provider: Provider) -> None:
    await desk.hear("When do we launch?")
    await desk.embed()

    async with httpx.AsyncClient(transport=provider) as http:
        desk.embedder = OpenAIEmbeddings(http, base_url="http://models.test", model="newer")
        result = await desk.embed()

    assert result.counters["embedded"] == 1
    [chunk] = await desk.chunks()
    assert chunk["space"].startswith("openai/newer/")


async def test_more_chunks_than_a_batch_holds_are_all_embedded(
    database: Database, project: UUID, provider: Provider
) -> None:
    async with httpx.AsyncClient(transport=provider) as http:
        small = OpenAIEmbeddings(http, base_url="http://models.test", model="words")
        small.batch = 3
        desk = Desk(database, project, small)
        for talk in range(10, 20):
            await desk.hear(f"Matter number {talk}.", talk=str(talk))
        await desk.embed()

    assert await desk.statuses() == ["ready"] * 10
    assert max(len(request) for request in provider.asked) == 3
    assert len(provider.texts) == 10


async def test_a_run_out_of_time_asks_for_the_run_that_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.hear("When do we launch?")
    with monkeypatch.context() as hurry:
        hurry.setattr(jobs.embedding, "BUDGET", timedelta(0))
        result = await desk.embed()

    assert result.counters["left"] == 1
    [queued] = await desk.rows(QUEUED)
    assert (queued["job_type"], queued["because"]) == ("embeddings_run", "chunks are left")

    await desk.embed()
    assert await desk.statuses() == ["ready"]
    assert await desk.rows(QUEUED) == []


class Broken(OpenAIEmbeddings):
    """An embedder that something happens to before it answers."""

    happens: Callable[[Sequence[str]], Awaitable[None]]

    async def passages(self, texts: Sequence[str]) -> Vectors:
        await self.happens(texts)
        return await super().passages(texts)


@pytest.fixture
async def broken(desk: Desk, provider: Provider) -> AsyncIterator[Broken]:
    async with httpx.AsyncClient(transport=provider) as http:
        desk.embedder = Broken(http, base_url="http://models.test/v1", model="words")
        yield desk.embedder


async def test_a_worker_that_is_stopped_gives_its_chunks_back(desk: Desk, broken: Broken) -> None:
    reached = asyncio.Event()

    async def wait(_: Sequence[str]) -> None:
        reached.set()
        await asyncio.Event().wait()

    broken.happens = wait
    await desk.hear("When do we launch?")
    run = asyncio.create_task(desk.embed())
    await reached.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("pending", 0)


async def test_a_worker_that_lost_its_run_gives_its_chunks_back(desk: Desk, broken: Broken) -> None:
    async def lose(_: Sequence[str]) -> None:
        await desk.do("UPDATE worker_runs SET lease_token = gen_random_uuid()")

    broken.happens = lose
    await desk.hear("When do we launch?")
    with pytest.raises(LeaseLost):
        await desk.embed()

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("pending", 0)


async def test_chunks_that_another_worker_claimed_since_stay_with_it(
    desk: Desk, broken: Broken
) -> None:
    async def lose(_: Sequence[str]) -> None:
        await desk.do(TAKE_OVER)

    broken.happens = lose
    await desk.hear("When do we launch?")
    with pytest.raises(LeaseLost):
        await desk.embed()

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("processing", 2)


async def test_a_bug_that_every_text_meets_is_nobodys_fault(desk: Desk, broken: Broken) -> None:
    async def fail(_: Sequence[str]) -> None:
        raise ZeroDivisionError

    broken.happens = fail
    await desk.hear("When do we launch?")
    with pytest.raises(ZeroDivisionError):
        await desk.embed()

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("pending", 0)


async def test_a_bug_that_one_text_meets_does_not_hold_up_the_others(
    desk: Desk, broken: Broken
) -> None:
    async def fail(texts: Sequence[str]) -> None:
        if any("cursed" in text for text in texts):
            raise ZeroDivisionError("of a letter")

    broken.happens = fail
    for talk in "123":
        await desk.hear("cursed" if talk == "2" else f"Fine, {talk}.", talk=talk)
    result = await desk.embed()

    assert (result.status, result.counters["embedded"]) == ("partial", 2)
    first, cursed, last = await desk.chunks()
    assert (first["embedding_attempts"], last["embedding_attempts"]) == (0, 0)
    assert (cursed["embedding_attempts"], cursed["embedding_status"]) == (1, "pending")
    assert "of a letter" in cursed["embedding_error"]


async def test_a_change_that_is_committed_behind_a_newer_one_is_not_missed(desk: Desk) -> None:
    await desk.hear("It is the 14th.", "Thank you.")
    await desk.do("UPDATE cw_messages SET revision = 100010 WHERE external_id = '101'")
    await desk.embed()

    await desk.do(
        "UPDATE cw_messages SET content = 'It is the 21st.', revision = 100009"
        " WHERE external_id = '100'"
    )
    await desk.embed()

    assert "the 21st" in (await desk.chunks())[0]["text"]
