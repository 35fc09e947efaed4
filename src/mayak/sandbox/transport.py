"""Talking to a local server without sockets, and still seeing it time out or hang up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
from starlette.types import ASGIApp, Message, Scope

from mayak.sandbox.exchange import MARK
from mayak.sandbox.flow import ConnectionDropped, NeverAnswered

DEFAULT_PATIENCE = 5.0
STREAMED = b"text/event-stream"


class SandboxTransport(httpx.AsyncBaseTransport):
    """An httpx transport into an app of this process.

    What a network would do is turned into what httpx would raise: a server that never answers
    is a ReadTimeout (at once, without waiting), a connection lost in the middle of a body is a
    RemoteProtocolError. A stream of events arrives event by event; any other answer is given
    when it is complete.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        patience = (request.extensions.get("timeout") or {}).get("read")
        request.headers[MARK] = str(DEFAULT_PATIENCE if patience is None else patience)
        return await Exchange(self.app, request, await request.aread()).begin()


class Exchange(httpx.AsyncByteStream):
    """One request to the app, and the body of its answer."""

    def __init__(self, app: ASGIApp, request: httpx.Request, body: bytes) -> None:
        self._request = request
        self._unread = [body]
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._started = asyncio.Event()
        self._over = asyncio.Event()
        self._status = 500
        self._headers: list[tuple[bytes, bytes]] = []
        self._running: asyncio.Task[None] = asyncio.ensure_future(
            self._run(app(_scope(request), self._receive, self._send))
        )

    async def begin(self) -> httpx.Response:
        try:
            await self._started.wait()
            if not dict(self._headers).get(b"content-type", b"").startswith(STREAMED):
                await self._running
        except BaseException:
            await self.aclose()
            raise
        return httpx.Response(self._status, headers=self._headers, stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            yield part
        await self._running

    async def aclose(self) -> None:
        self._over.set()
        self._running.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._running

    async def _run(self, answering: object) -> None:
        try:
            await answering  # type: ignore[misc]
        except NeverAnswered as error:
            message = "the server did not answer in time"
            raise httpx.ReadTimeout(message, request=self._request) from error
        except ConnectionDropped as error:
            message = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(message, request=self._request) from error
        finally:
            self._parts.put_nowait(None)
            self._started.set()

    async def _receive(self) -> Message:
        if self._unread:
            return {"type": "http.request", "body": self._unread.pop(), "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = [(name.lower(), value) for name, value in message["headers"]]
            # What is not streamed is looked at only when it is complete.
            self._started.set()
        elif message.get("body") and self._request.method != "HEAD":
            self._parts.put_nowait(message["body"])


def _scope(request: httpx.Request) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
