"""The habits of servers that call themselves compatible."""

from typing import Any

import httpx
import pytest

from mayak.sandbox.world import World
from tests.sandbox.openai.conftest import Connect, said

pytestmark = pytest.mark.anyio

EMBED: dict[str, Any] = {"model": "sandbox-embed", "input": "a"}
CHAT: dict[str, Any] = {
    "model": "sandbox-chat",
    "messages": [{"role": "user", "content": "[1] The goods left on Monday.\n\nGoods?"}],
}


async def test_the_local_ones_ask_for_no_key(connect: Connect) -> None:
    answers = [await connect(one, key="").post("/embeddings", json=EMBED) for one in LOCAL]

    assert [one.status_code for one in answers] == [200, 200]
    assert not any("x-ratelimit-limit-requests" in one.headers for one in answers)


LOCAL = ("ollama", "tei")


@pytest.mark.parametrize(
    ("server", "path", "body", "status", "answer"),
    [
        (
            "ollama", "/embeddings", EMBED | {"model": "none"}, 404,
            {"error": {"message": "The model `none` does not exist or you do not have access to"
                       " it.", "type": "not_found_error", "param": None, "code": None}},
        ),
        (
            "vllm", "/embeddings", EMBED | {"dimensions": 8}, 400,
            {"object": "error", "message": 'Model "sandbox-embed" does not support matryoshka'
             " representation, changing output dimensions will lead to poor results.",
             "type": "BadRequestError", "param": None, "code": 400},
        ),
        (
            "tei", "/embeddings", EMBED | {"input": ["a"] * 33}, 413,
            {"message": "batch size 33 > maximum allowed batch size 32", "code": 413,
             "type": "Validation"},
        ),
        (
            "tei", "/embeddings", EMBED | {"input": "word " * 500}, 413,
            {"message": "Input validation error: `inputs` must have less than 512 tokens."
             " Given: 625", "code": 413, "type": "Validation"},
        ),
    ],
)  # fmt: skip
async def test_each_refuses_in_its_own_words(
    connect: Connect, server: str, path: str, body: Any, status: int, answer: Any
) -> None:
    response = await connect(server).post(path, json=body)

    assert (response.status_code, response.json()) == (status, answer)


async def test_some_have_neither_models_nor_chat(connect: Connect) -> None:
    tei = connect("tei")

    assert (await tei.get("/models")).status_code == 404
    assert (await tei.post("/chat/completions", json=CHAT)).status_code == 404


async def test_some_ignore_the_spelling_and_fields_they_do_not_know(connect: Connect) -> None:
    asked = EMBED | {"encoding_format": "base64", "truncate": True}
    answer = await connect("ollama").post("/embeddings", json=asked)

    assert isinstance(answer.json()["data"][0]["embedding"], list)


async def test_some_cut_long_texts_in_silence(connect: Connect) -> None:
    ollama = connect("ollama")

    async def vector(text: str) -> Any:
        answer = await ollama.post("/embeddings", json=EMBED | {"input": text})
        return answer.json()["data"][0]["embedding"]

    assert await vector("abc " * 2048 + "ending") == await vector("abc " * 2048 + "finale")


@pytest.mark.parametrize(("server", "words"), [("openai", 2), ("ollama", 6)])
async def test_some_know_only_the_older_limit_of_an_answer(
    connect: Connect, server: str, words: int
) -> None:
    client = connect(server)
    newer = await client.post("/chat/completions", json=CHAT | {"max_completion_tokens": 2})
    older = await client.post("/chat/completions", json=CHAT | {"max_tokens": 2})

    assert len(said(newer).split()) == words
    assert len(said(older).split()) == 2


async def test_a_reasoning_model_refuses_the_older_limit(connect: Connect) -> None:
    asked = CHAT | {"model": "sandbox-chat-reasoning"}
    client = connect()
    older = await client.post("/chat/completions", json=asked | {"max_tokens": 9})
    warm = await client.post("/chat/completions", json=asked | {"temperature": 0})

    assert [one.json()["error"]["code"] for one in (older, warm)] == [
        "unsupported_parameter",
        "unsupported_value",
    ]


async def test_latency_passes_for_real_and_counts_against_patience(
    connect: Connect, world: World
) -> None:
    world.openai.latency = 0.02
    assert (await connect().get("/models")).is_success
    with pytest.raises(httpx.ReadTimeout):
        await connect().get("/models", timeout=0.01)
