"""Whoever leaves a stream ends the work behind it."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

import httpx
import pytest

from mayak.platform.db import Database
from mayak.platform.telemetry import RequestMeasures
from tests.lightrag.conftest import Desk, Provider
from tests.lightrag.test_api import ASKED, LAUNCH, client, role

pytestmark = pytest.mark.anyio
__all__ = ["client", "role"]

SCOPE: dict[str, Any] = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "path": "/lightrag/query/stream",
    "raw_path": b"/lightrag/query/stream",
    "query_string": b"",
    "root_path": "",
    "headers": [(b"host", b"mayak.test"), (b"content-type", b"application/json")],
    "server": ("mayak.test", 80),
    "client": ("127.0.0.1", 1),
}
Message = MutableMapping[str, Any]
App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Any]


def app_of(client: httpx.AsyncClient) -> Any:
    transport = client._transport  # noqa: SLF001  # the app of the fixture
    assert isinstance(transport, httpx.ASGITransport)
    return transport.app


async def ask_and_leave(app: App, gone: asyncio.Event, body: bytes) -> None:
    """One request as a server makes it; its client goes away when `gone` is set."""
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        if gone.is_set():
            raise OSError("the client is gone")

    with suppress(Exception):
        await app(SCOPE.copy(), receive, send)


async def test_a_client_who_leaves_ends_the_work_and_is_kept_as_an_error(
    client: httpx.AsyncClient, desk: Desk, provider: Provider
) -> None:
    await desk.hear(LAUNCH)
    await desk.embed()
    provider.hangs = True
    waiting, gone = len(provider.asked), asyncio.Event()
    body = httpx.Request("POST", "http://x", json=ASKED).content
    asking = asyncio.create_task(ask_and_leave(app_of(client), gone, body))
    while len(provider.asked) == waiting:  # noqa: ASYNC110  # a server at the transport sets no event
        await asyncio.sleep(0.01)

    gone.set()
    await asyncio.wait_for(asking, 5)

    runs = await desk.rows("SELECT status, answer ->> 'answer' AS said FROM lightrag_query_runs")
    audit = await desk.rows("SELECT action, status FROM audit_events")
    assert runs == [{"status": "error", "said": ""}]
    assert audit == [{"action": "lightrag.query", "status": "error"}]
    assert idle(desk.database)
    measured = app_of(client).state.resources.get(RequestMeasures).text().decode()
    assert 'app_rag_queries_total{status="error"} 1.0' in measured


def idle(database: Database) -> bool:
    """Whether nobody holds a connection of the pool."""
    stats = database.stats()
    return stats.get("pool_size") == stats.get("pool_available")
