"""Talking to a local server without sockets, and still seeing it time out or hang up."""

import httpx
from starlette.types import ASGIApp

from mayak.sandbox.exchange import MARK, ConnectionDropped, NeverAnswered

DEFAULT_PATIENCE = 5.0


class SandboxTransport(httpx.AsyncBaseTransport):
    """An httpx transport into an app of this process.

    What a network would do is turned into what httpx would raise: a server that never answers
    is a ReadTimeout (at once, without waiting), a connection lost in the middle of a body is a
    RemoteProtocolError.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        patience = (request.extensions.get("timeout") or {}).get("read")
        request.headers[MARK] = str(DEFAULT_PATIENCE if patience is None else patience)
        try:
            return await self._inner.handle_async_request(request)
        except NeverAnswered as error:
            raise httpx.ReadTimeout("the server did not answer in time", request=request) from error
        except ConnectionDropped as error:
            message = "peer closed connection without sending complete message body"
            raise httpx.RemoteProtocolError(message, request=request) from error
