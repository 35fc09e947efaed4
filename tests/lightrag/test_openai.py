"""The OpenAI-compatible provider: batching, both spellings of vectors, and each kind of failure."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest

from mayak.errors import Upstream, UpstreamRejected
from mayak.lightrag.service import OpenAIEmbeddings
from mayak.lightrag.service.openai import batches, endpoint, estimate
from tests.lightrag.conftest import encoded

pytestmark = pytest.mark.anyio

Handler = Callable[[list[str]], httpx.Response]


def provider(handler: Handler, **options: Any) -> OpenAIEmbeddings:
    def reply(request: httpx.Request) -> httpx.Response:
        return handler(json.loads(request.content)["input"])

    http = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    return OpenAIEmbeddings(http, base_url="http://models.test", model="m", **options)


def vectors(*rows: object) -> httpx.Response:
    return httpx.Response(
        200, json={"data": [{"index": i, "embedding": row} for i, row in enumerate(rows)]}
    )


def refusal(status: int, code: str = "", **headers: str) -> httpx.Response:
    body = {"error": {"message": "no", "type": code, "param": None, "code": code or None}}
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize("spelling", [list, encoded], ids=["floats", "base64"])
async def test_vectors_come_in_either_spelling_and_leave_with_length_one(
    spelling: Callable[[list[float]], object],
) -> None:
    made = await provider(lambda _: vectors(spelling([3.0, 4.0]))).passages(["a"])

    assert made.dtype == np.float32
    assert made.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]


async def test_rows_are_sorted_by_index() -> None:
    rows = [{"index": 1, "embedding": [0.0, 1.0]}, {"index": 0, "embedding": [1.0, 0.0]}]

    made = await provider(lambda _: httpx.Response(200, json={"data": rows})).passages(["a", "b"])

    assert made.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(vectors([1.0]), id="too few"),
        pytest.param(vectors([1.0], [1.0, 2.0]), id="different lengths"),
        pytest.param(vectors([1.0, 0.0], encoded([float("nan"), 1.0])), id="not finite"),
        pytest.param(vectors([1.0], [0.0]), id="zero"),
        pytest.param(vectors([1.0], "%%%"), id="not base64"),
        pytest.param(httpx.Response(200, json=[]), id="not an object"),
    ],
)
async def test_a_reply_that_does_not_fit_is_refused(reply: httpx.Response) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await provider(lambda _: reply).passages(["a", "b"])

    assert caught.value.kind == "schema"


async def test_the_length_of_vectors_may_not_change() -> None:
    replies = iter([vectors([1.0, 0.0]), vectors([1.0, 0.0, 0.0])])
    embedder = provider(lambda _: next(replies))
    await embedder.query("a")

    with pytest.raises(UpstreamRejected, match="3 dimensions, not 2"):
        await embedder.query("b")


@pytest.mark.parametrize(
    ("reply", "kind", "retryable"),
    [
        (refusal(401, "invalid_api_key"), "auth", False),
        (refusal(403), "auth", False),
        (refusal(404, "model_not_found"), "not_found", False),
        (refusal(400, "invalid_request_error"), "rejected", False),
        (refusal(429, "insufficient_quota"), "quota", False),
        (refusal(429, "rate_limit_exceeded"), "rate_limit", True),
        (refusal(500), "server", True),
        (httpx.Response(502, html="<h1>Bad gateway</h1>"), "server", True),
        (httpx.Response(400, json={"error": "just words"}), "rejected", False),
        (httpx.Response(422, json={"detail": [{"msg": "x"}]}), "rejected", False),
        (httpx.Response(200, text="<html>"), "server", True),
    ],
)
async def test_each_failure_has_its_kind(
    reply: httpx.Response,
    kind: str,
    retryable: bool,  # noqa: FBT001
) -> None:
    with pytest.raises(Upstream) as caught:
        await provider(lambda _: reply).passages(["a"])

    assert (caught.value.kind, caught.value.retryable) == (kind, retryable)


async def test_a_rate_limit_says_when_to_come_back() -> None:
    headers = {
        "retry-after-ms": "1500",
        "x-ratelimit-reset-requests": "20ms",
        "x-ratelimit-reset-tokens": "1m3s",
    }
    with pytest.raises(Upstream) as caught:
        await provider(lambda _: refusal(429, "rate_limit_exceeded", **headers)).passages(["a"])

    assert caught.value.retry_after == timedelta(seconds=63)


async def test_an_outage_of_the_network_is_retried() -> None:
    def unreachable(_: list[str]) -> httpx.Response:
        raise httpx.ConnectTimeout("too slow")

    with pytest.raises(Upstream) as caught:
        await provider(unreachable).passages(["a"])

    assert (caught.value.kind, caught.value.retryable) == ("network", True)


async def test_a_batch_that_is_too_much_is_halved_until_it_passes() -> None:
    sizes: list[int] = []

    def at_most_two(texts: list[str]) -> httpx.Response:
        sizes.append(len(texts))
        if len(texts) > 2:
            return refusal(400, "max_tokens_per_request")
        return vectors(*([float(len(text)), 1.0] for text in texts))

    texts = ["a" * size for size in range(1, 8)]
    made = await provider(at_most_two).passages(texts)

    assert [round(float(row[0] / row[1])) for row in made] == [1, 2, 3, 4, 5, 6, 7]
    assert max(sizes) == 7


async def test_a_timeout_makes_batches_smaller_and_replies_that_come_soon_larger_again() -> None:
    slow = True
    sizes: list[int] = []

    def at_most_two(texts: list[str]) -> httpx.Response:
        sizes.append(len(texts))
        if slow and len(texts) > 2:
            raise httpx.ReadTimeout("")
        return vectors(*([1.0] for _ in texts))

    embedder = provider(at_most_two)
    for _ in range(2):
        with pytest.raises(Upstream) as caught:
            await embedder.passages(["a"] * 8)
        assert caught.value.kind == "network"
    assert embedder.batch == 2
    slow = False
    while embedder.batch < 8:
        await embedder.passages(["a"] * embedder.batch)

    assert sizes == [8, 4, 4, 2, 4]


async def test_replies_near_the_timeout_keep_batches_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mayak.lightrag.service.openai.SOON", 0.0)

    def at_most_four(texts: list[str]) -> httpx.Response:
        if len(texts) > 4:
            raise httpx.ReadTimeout("")
        return vectors(*([1.0] for _ in texts))

    embedder = provider(at_most_four)
    with pytest.raises(Upstream):
        await embedder.passages(["a"] * 8)
    await embedder.passages(["a"] * 8)

    assert embedder.batch == 4


async def test_one_text_that_times_out_says_nothing_of_batches() -> None:
    def slow(_: list[str]) -> httpx.Response:
        raise httpx.ReadTimeout("")

    embedder = provider(slow)
    with pytest.raises(Upstream):
        await embedder.passages(["a"])

    assert embedder.batch == 256


async def test_a_single_text_that_is_too_long_is_shortened() -> None:
    def at_most(texts: list[str]) -> httpx.Response:
        long = len(texts[0]) > 1000
        return refusal(400, "context_length_exceeded") if long else vectors([1.0])

    assert (await provider(at_most).passages(["x" * 3000])).shape == (1, 1)


async def test_a_blank_text_is_not_sent() -> None:
    with pytest.raises(UpstreamRejected, match="blank"):
        await provider(lambda _: vectors([1.0])).passages(["a", " \n"])


def test_batches_keep_both_limits_and_the_order() -> None:
    texts = ["я" * 40] * 10 + ["a"] * 10

    parts = batches(texts, max_items=6, max_tokens=100)

    assert [text for part in parts for text in part] == texts
    assert all(len(part) <= 6 for part in parts)
    assert all(sum(map(estimate, part)) <= 100 for part in parts)


@pytest.mark.parametrize(
    "base", ["http://m.test", "http://m.test/", "http://m.test/v1", "http://m.test/v1/embeddings"]
)
def test_the_base_url_is_taken_with_or_without_its_version(base: str) -> None:
    assert endpoint(base) == "http://m.test/v1/embeddings"


async def test_dimensions_are_asked_for_only_when_configured() -> None:
    bodies: list[dict[str, Any]] = []

    def reply(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return vectors([1.0, 0.0])

    http = httpx.AsyncClient(transport=httpx.MockTransport(reply))
    for dimensions in (None, 2):
        embedder = OpenAIEmbeddings(
            http, base_url="http://m.test", model="m", dimensions=dimensions, api_key="secret"
        )
        await embedder.query("a")

    assert ["dimensions" in body for body in bodies] == [False, True]


def test_two_servers_never_share_a_space() -> None:
    http = httpx.AsyncClient()
    one, other = (
        OpenAIEmbeddings(http, base_url=base, model="m")
        for base in ("http://a.test", "http://b.test")
    )

    assert one.space != other.space
