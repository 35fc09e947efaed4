"""Chunks get their vectors over a network that is slow, breaks off, or is not there."""

import httpx
import pytest

from tests.lightrag.conftest import Desk, Provider

pytestmark = pytest.mark.anyio

PATIENCE_ENDS = "UPDATE embedding_sets SET retry_at = now()"


async def test_a_server_too_slow_for_a_batch_gets_less_and_embeds_everything(
    desk: Desk, provider: Provider
) -> None:
    provider.lost = lambda texts: httpx.ReadTimeout("") if len(texts) > 2 else None
    for talk in range(10, 20):
        await desk.hear(f"Matter number {talk}.", talk=str(talk))

    result = await desk.embed()

    assert (result.status, result.counters["embedded"]) == ("ok", 10)
    assert {chunk["embedding_attempts"] for chunk in await desk.chunks()} == {0}


async def test_a_server_still_busy_with_what_it_was_sent_gets_less_in_the_next_run(
    desk: Desk, provider: Provider
) -> None:
    busy = [True]  # for the healthy text that comes behind the batch
    provider.lost = lambda texts: (
        httpx.ReadTimeout("") if len(texts) > 5 or (busy and busy.pop(0)) else None
    )
    for talk in range(10, 20):
        await desk.hear(f"Matter number {talk}.", talk=str(talk))
    first = await desk.embed()
    assert first.counters["left"] == 10
    provider.asked.clear()
    await desk.do(PATIENCE_ENDS)

    await desk.embed()

    assert await desk.statuses() == ["ready"] * 10
    assert [len(request) for request in provider.asked] == [5, 5]


async def test_a_text_that_ends_the_connection_does_not_hold_up_the_others(
    desk: Desk, provider: Provider
) -> None:
    provider.lost = lambda texts: (
        httpx.RemoteProtocolError("disconnected") if "cursed" in str(texts) else None
    )
    for talk in "12345":
        await desk.hear("cursed" if talk == "3" else f"Fine, {talk}.", talk=talk)

    result = await desk.embed()

    assert (result.counters["embedded"], result.counters["failed"]) == (4, 1)
    errors = [chunk["embedding_error"] for chunk in await desk.chunks()]
    assert [error for error in errors if error] == [
        "The embeddings provider failed: RemoteProtocolError: disconnected"
    ]


async def test_a_network_that_is_down_for_every_text_blames_none_and_is_left_alone(
    desk: Desk, provider: Provider
) -> None:
    provider.lost = lambda _: httpx.ConnectError("refused")
    await desk.hear("When do we launch?")
    await desk.embed()
    asked = len(provider.asked)
    await desk.embed()

    [chunk] = await desk.chunks()
    assert (chunk["embedding_status"], chunk["embedding_attempts"]) == ("pending", 0)
    [kept] = await desk.rows("SELECT failure_kind, failures FROM embedding_sets")
    assert (kept["failure_kind"], kept["failures"]) == ("network", 1)
    assert len(provider.asked) == asked == 2
