"""Clients of the models, without sockets."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from mayak.sandbox.openai.provider import OPENAI_KEY
from mayak.sandbox.transport import SandboxTransport

Connect = Callable[..., httpx.AsyncClient]
Embed = Callable[..., Awaitable[httpx.Response]]
Say = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def connect(app: Starlette) -> AsyncIterator[Connect]:
    """A client of a server by its name, `openai` being the real one; paths are under /v1."""
    opened: list[httpx.AsyncClient] = []

    def connect(server: str = "openai", key: str = OPENAI_KEY) -> httpx.AsyncClient:
        at = "/openai/v1" if server == "openai" else f"/openai/{server}/v1"
        opened.append(
            httpx.AsyncClient(
                transport=SandboxTransport(app),
                base_url=f"http://sandbox{at}",
                headers={"authorization": f"Bearer {key}"} if key else {},
            )
        )
        return opened[-1]

    yield connect
    for client in opened:
        await client.aclose()


@pytest.fixture
def embed(connect: Connect) -> Embed:
    """Ask for vectors of 8 dimensions unless told otherwise."""
    client = connect()

    async def embed(*texts: str, **body: Any) -> httpx.Response:
        asked = {"model": "sandbox-embed", "input": list(texts), "dimensions": 8} | body
        return await client.post("/embeddings", json=asked)

    return embed


@pytest.fixture
def say(connect: Connect) -> Say:
    """Send one message of a user to a model."""
    client = connect()

    async def say(text: str, model: str = "sandbox-chat", **body: Any) -> httpx.Response:
        messages = [{"role": "user", "content": text}]
        asked = {"model": model, "messages": messages} | body
        return await client.post("/chat/completions", json=asked)

    return say


def said(response: httpx.Response) -> str:
    """The content of the first choice."""
    assert response.status_code == 200, response.text
    return str(response.json()["choices"][0]["message"]["content"])


def chunks(text: str) -> list[Any]:
    """The events of a stream; `[DONE]` stays a text."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]
