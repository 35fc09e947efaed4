"""The product's own client of embeddings against the sandbox, at the transport."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from mayak.errors import Upstream, UpstreamRejected
from mayak.lightrag.service import OpenAIEmbeddings, openai
from mayak.sandbox.app import create_app
from mayak.sandbox.openai.provider import OPENAI_KEY
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Provide = Callable[..., OpenAIEmbeddings]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def provide(world: World) -> AsyncIterator[Provide]:
    """The client of a server by the path of its base URL."""
    async with httpx.AsyncClient(transport=SandboxTransport(create_app(world))) as http:

        def provide(at: str = "/openai/v1", **options: Any) -> OpenAIEmbeddings:
            given = {"model": "text-embedding-3-small", "api_key": OPENAI_KEY} | options
            return OpenAIEmbeddings(http, base_url=f"http://sandbox{at}", **given)

        yield provide


SERVERS: dict[str, dict[str, Any]] = {
    "/openai": {"dimensions": 64},
    "/openai/v1": {},
    "/openai/ollama/v1": {"api_key": None},
    "/openai/vllm/v1": {},
    "/openai/tei/v1": {"model": "sandbox-embed", "api_key": None, "max_items": 32},
}


@pytest.mark.parametrize("at", SERVERS)
async def test_texts_that_share_words_are_near_on_every_server(provide: Provide, at: str) -> None:
    texts = ["Посылка отправлена в понедельник", "The invoice is paid", *["filler"] * 60]
    embedder = provide(at, **SERVERS[at])

    passages = await embedder.passages(texts)
    nearest = int(np.argmax(passages @ await embedder.query("Когда отправили посылку?")))

    assert (passages.shape, nearest) == ((62, embedder.dimensions), 0)


async def test_many_texts_are_sent_within_the_limits(provide: Provide, world: World) -> None:
    await provide(max_items=256).passages([f"text {at} " + "слово " * 300 for at in range(600)])
    calls = world.journal.calls("embeddings.create", service="openai")

    assert {call.status for call in calls} == {200}
    assert sum(call.params["inputs"] for call in calls) == 600


async def test_a_batch_that_is_too_much_is_halved(provide: Provide, world: World) -> None:
    texts = [f"text {at} " + "word " * 6000 for at in range(60)]

    made = await provide(max_tokens=10**9, dimensions=8).passages(texts)

    assert made.shape == (60, 8)
    assert [call.status for call in world.journal] == [400, 200, 200]


@pytest.mark.parametrize(("at", "words"), [("/openai/v1", 9000), ("/openai/vllm/v1", 600)])
async def test_a_text_that_is_too_long_is_cut_and_the_others_of_its_batch_pass(
    provide: Provide, world: World, monkeypatch: pytest.MonkeyPatch, at: str, words: int
) -> None:
    monkeypatch.setattr(openai, "LONGEST", 40_000)  # as if the texts had more tokens than expected
    made = await provide(at).passages(["a", "word " * words, "c"])

    assert len(made) == 3
    assert [call.status for call in world.journal] == [400, 200, 400, 400, 200, 200]


async def test_a_full_batch_of_a_small_server_is_halved(provide: Provide, world: World) -> None:
    made = await provide("/openai/tei/v1", model="sandbox-embed").passages(["a"] * 40)

    assert len(made) == 40
    assert [call.status for call in world.journal] == [413, 200, 200]


FAULTS: list[tuple[str, dict[str, Any], str, bool]] = [
    ("status", {"code": 503}, "server", True),
    ("html_error", {}, "server", True),
    ("ratelimit", {}, "rate_limit", True),
    ("out_of_quota", {}, "quota", False),
    ("token_expired", {}, "auth", False),
    ("timeout", {}, "network", True),
    ("timeout", {"bytes": 50}, "network", True),
    ("drop", {}, "network", True),
    ("truncate_json", {}, "server", True),
    ("poisoned_text", {"text": "b"}, "rejected", False),
    ("wrong_count", {}, "schema", False),
    ("bad_vector", {"how": "nan"}, "schema", False),
    ("bad_vector", {"how": "zero"}, "schema", False),
    ("bad_vector", {"how": "short"}, "schema", False),
]


@pytest.mark.parametrize(("fault", "args", "kind", "retryable"), FAULTS)
async def test_each_fault_has_its_kind_and_the_next_call_passes(
    provide: Provide,
    world: World,
    fault: str,
    args: dict[str, Any],
    kind: str,
    retryable: bool,  # noqa: FBT001
) -> None:
    world.faults.add(fault, service="openai", **args)
    with pytest.raises(Upstream) as caught:
        await provide().passages(["a", "b"])

    assert (caught.value.kind, caught.value.retryable) == (kind, retryable)
    assert len(await provide().passages(["a", "b"])) == 2


async def test_rows_in_another_order_are_put_right(provide: Provide, world: World) -> None:
    right = await provide().passages(["a", "b", "c"])
    world.faults.add("reorder_page", service="openai")

    assert np.array_equal(await provide().passages(["a", "b", "c"]), right)


async def test_a_rate_limit_says_when_to_come_back(provide: Provide, world: World) -> None:
    world.openai.requests_per_minute = 1
    await provide().query("a")
    with pytest.raises(Upstream) as caught:
        await provide().query("a")

    assert caught.value.retry_after == timedelta(seconds=60)


async def test_a_model_that_is_not_there_is_a_matter_of_configuration(provide: Provide) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await provide(model="gpt-none").query("a")

    assert caught.value.kind == "not_found"
