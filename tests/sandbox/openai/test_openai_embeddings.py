"""Vectors, their spellings, and what the API refuses to embed."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest

from mayak.sandbox.openai.vectors import vector
from mayak.sandbox.world import World
from tests.sandbox.openai.conftest import Connect, Embed

pytestmark = pytest.mark.anyio


def near(one: str, other: str, dimensions: int = 384) -> float:
    return float(vector(one, dimensions) @ vector(other, dimensions))


def error(response: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = response.json()["error"]
    return found


@pytest.mark.parametrize(
    ("text", "kin", "stranger"),
    [
        ("When was the parcel shipped?", "The parcel ships on Monday", "Our office is painted"),
        ("Когда отправили посылку?", "Посылка отправлена в понедельник", "Офис покрасили в белый"),
        ("order AB-1043", "AB-1043 is late", "CD-2290 is here"),
    ],
)
@pytest.mark.parametrize("dimensions", [64, 384, 3072])
def test_texts_that_share_words_are_nearer(
    text: str, kin: str, stranger: str, dimensions: int
) -> None:
    assert near(text, kin, dimensions) > near(text, stranger, dimensions) + 0.1


@pytest.mark.parametrize("text", ["a", "!!!", "\ud83d", "🙂", "x" * 50_000, "слово " * 9])
@pytest.mark.parametrize("dimensions", [1, 2, 384])
def test_every_text_has_a_vector_of_length_one(text: str, dimensions: int) -> None:
    assert np.linalg.norm(vector(text, dimensions)) == pytest.approx(1, abs=1e-5)


def test_a_vector_is_the_same_in_every_process() -> None:
    made = vector("Привет, world", 4).tolist()

    assert made == pytest.approx([-0.585422, -0.494357, -0.497609, 0.406543], abs=1e-5)


async def test_base64_is_the_same_vector_in_four_bytes_a_number(embed: Embed) -> None:
    plain = (await embed("hello", "мир")).json()["data"]
    packed = (await embed("hello", "мир", encoding_format="base64")).json()["data"]

    for one, other in zip(plain, packed, strict=True):
        decoded = np.frombuffer(base64.b64decode(other["embedding"]), "<f4")
        assert decoded.tolist() == pytest.approx(one["embedding"])


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("text-embedding-3-small", 1536),
        ("text-embedding-3-large", 3072),
        ("text-embedding-ada-002", 1536),
        ("sandbox-embed", 384),
    ],
)
async def test_a_model_has_its_own_size(connect: Connect, model: str, size: int) -> None:
    answer = await connect().post("/embeddings", json={"model": model, "input": "a"})

    assert answer.json()["model"] == model
    assert len(answer.json()["data"][0]["embedding"]) == size


async def test_usage_counts_the_tokens_of_all_texts(embed: Embed) -> None:
    assert (await embed("abcd" * 3, "слово")).json()["usage"] == {
        "prompt_tokens": 6,
        "total_tokens": 6,
    }


TOO_LARGE = "Invalid value for 'dimensions' = 385. Must be less than or equal to 384."


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"input": []}, 400, None, "'$.input' is invalid"),
        ({"input": [1, "a"]}, 400, None, "'$.input' is invalid"),
        ({"input": ["a", " \n"]}, 400, None, "input cannot be an empty string"),
        ({"input": ["a"] * 2049}, 400, "array_above_max_length", "maximum length 2048"),
        ({"input": ["a", "word " * 8000]}, 400, None, "'input[1]': maximum input length is 8192"),
        ({"input": ["word " * 6000] * 41}, 400, "max_tokens_per_request", "max 300000 tokens"),
        ({"dimensions": 385}, 400, None, TOO_LARGE),
        ({"dimensions": 0}, 400, "integer_below_min_value", "integer below minimum"),
        ({"dimensions": 5, "model": "text-embedding-ada-002"}, 400, None, "does not support"),
        ({"model": "gpt-none"}, 404, "model_not_found", "does not exist"),
        ({"model": "sandbox-chat"}, 404, "model_not_found", "does not exist"),
        ({"encoding_format": "hex"}, 400, "invalid_value", "encoding_format"),
        ({"truncate": True}, 400, "unknown_parameter", "Unknown parameter: 'truncate'"),
    ],
)
async def test_what_cannot_be_embedded_is_refused_with_its_reason(
    embed: Embed, body: dict[str, Any], status: int, code: str | None, message: str
) -> None:
    answer = await embed("a", **body)

    assert (answer.status_code, error(answer)["code"]) == (status, code)
    assert message in error(answer)["message"]


@pytest.mark.parametrize("content", [b"{", b"[]", b"", rb'{"input": "\ud83d"}'])
async def test_what_is_no_json_object_is_refused(connect: Connect, content: bytes) -> None:
    answer = await connect().post("/embeddings", content=content)

    assert (answer.status_code, error(answer)["type"]) == (400, "invalid_request_error")


async def test_a_full_request_passes(embed: Embed) -> None:
    assert len((await embed(*["a"] * 2048)).json()["data"]) == 2048


@pytest.mark.parametrize(("key", "code"), [("", None), ("sk-other", "invalid_api_key")])
async def test_a_wrong_key_is_refused(connect: Connect, key: str, code: str | None) -> None:
    answer = await connect(key=key).get("/models")

    assert (answer.status_code, error(answer)["code"]) == (401, code)


async def test_models_are_listed_and_shown(connect: Connect) -> None:
    client = connect()
    listed = [row["id"] for row in (await client.get("/models")).json()["data"]]

    assert {"text-embedding-3-small", "sandbox-chat-liar"} <= set(listed)
    assert (await client.get("/models/sandbox-chat")).json()["id"] == "sandbox-chat"
    assert (await client.get("/models/gpt-none")).status_code == 404


async def test_the_limit_of_requests_is_told_and_kept(embed: Embed, world: World) -> None:
    world.openai.requests_per_minute = 2
    first, _, third = [await embed("a") for _ in range(3)]

    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert first.headers["x-ratelimit-reset-requests"] == "30s"
    assert (third.status_code, error(third)["type"]) == (429, "requests")
    assert error(third)["code"] == "rate_limit_exceeded"
    assert third.headers["retry-after"] == "30"


async def test_the_limit_of_tokens_refills(embed: Embed, world: World) -> None:
    world.openai.tokens_per_minute = 600
    one = "abcd" * 600
    statuses = [(await embed(one)).status_code, (await embed(one)).status_code]
    world.clock.advance(60)
    statuses.append((await embed(one)).status_code)

    assert statuses == [200, 429, 200]


async def test_whoever_hammers_stays_locked_out(embed: Embed, world: World) -> None:
    world.openai.requests_per_minute = 60
    for _ in range(60):
        await embed("a")
    for _ in range(5):
        world.clock.advance(0.9)
        assert (await embed("a")).status_code == 429


async def test_the_journal_knows_what_was_asked(embed: Embed, world: World) -> None:
    await embed("a", "b")
    (call,) = world.journal.calls("embeddings.create", service="openai")

    assert (call.params["inputs"], call.status) == (2, 200)
    assert world.journal.calls(service="openai") == [call]
