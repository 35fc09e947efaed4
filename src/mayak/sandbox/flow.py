"""Answers that do not come in one piece: streamed ones, and those that never end."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PATIENCE = 3600.0
"""Seconds after which even a server that never answers gives up."""


class NeverAnswered(Exception):
    """The client will wait in vain."""


class ConnectionDropped(Exception):
    """The connection ended in the middle of an answer."""


class Flow(Response):
    """Sends its parts one by one, `pause` seconds after each."""

    def __init__(
        self, parts: Sequence[bytes], *, status: int, headers: Mapping[str, str], pause: float
    ) -> None:
        super().__init__(b"".join(parts), status_code=status, headers=headers)
        del self.headers["content-length"]
        self.parts = tuple(parts)
        self.pause = pause

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await _begin(self, send)
        for part in self.parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Unanswered(Response):
    """Sends nothing until the client goes away.

    A `marked` client does not keep time itself: it is told at once that it waits in vain.
    """

    def __init__(self, *, marked: bool) -> None:
        super().__init__()
        self._marked = marked

    async def __call__(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        await _silence(receive, marked=self._marked)


class Cut(Response):
    """Promises a whole body and sends `kept` bytes of it. Then the connection dies, or, when
    `silent`, nothing more comes.
    """

    def __init__(
        self, whole: Response, kept: int, *, silent: bool = False, marked: bool = False
    ) -> None:
        super().__init__(whole.body, status_code=whole.status_code)
        self.raw_headers = whole.raw_headers
        self._parts = whole.parts if isinstance(whole, Flow) else (bytes(whole.body),)
        self._pause = whole.pause if isinstance(whole, Flow) else 0.0
        self._kept = kept
        self._silent = silent
        self._marked = marked

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await _begin(self, send)
        for part in self._beginning():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(self._pause)
        if self._silent:
            await _silence(receive, marked=self._marked)
        raise ConnectionDropped

    def _beginning(self) -> Iterator[bytes]:
        left = self._kept
        for part in self._parts:
            if left > 0:
                yield part[:left]
            left -= len(part)


async def _begin(response: Response, send: Send) -> None:
    start = {"type": "http.response.start", "status": response.status_code}
    await send({**start, "headers": response.raw_headers})


async def _silence(receive: Receive, *, marked: bool) -> None:
    if marked:
        raise NeverAnswered
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (await receive())["type"] != "http.disconnect":
                pass
