"""What every request passes through, as plain ASGI: ids, the /api prefix, CSRF, measures."""

import re
import time
from collections.abc import Callable, Collection
from secrets import compare_digest
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mayak.http.errors import problem

log = structlog.get_logger(__name__)

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE"}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
Observe = Callable[[str, str, int, float], None]
"""Called with route, method, status and seconds after each answer."""


class RequestIds:
    """Gives each request an id (the caller's, when it is a sane one), on the answer and in logs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex
        scope["request_id"] = request_id
        started = False

        async def stamped(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("cache-control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, stamped)
            except Exception:  # edge: a bug becomes an answer that names its log line
                log.exception("a request failed", path=scope["path"])
                if started:
                    raise
                detail = (
                    "Something failed on our side. The log has the cause under this request id."
                )
                answer = problem(Request(scope), 500, "internal", detail)
                await answer(scope, receive, stamped)


class ApiPrefix:
    """Serves the same routes under /api, where browsers and proxies look for them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            path = scope["path"].removeprefix("/api")
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)


class PlainAddresses:
    """Refuses a NUL in an address: neither PostgreSQL nor a file system can look for one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            detail = "The address holds a NUL character."
            await problem(Request(scope), 422, "invalid_input", detail)(scope, receive, send)
            return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses a body larger than any request of ours, before it is in memory."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or int(said) > self.most:
            await self._refuse(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most:  # sent in pieces, without saying how long it is
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = f"The body is larger than {self.most // 1024} KiB."
        answer = problem(Request(scope), 413, "content_too_large", detail)
        await answer(scope, receive, send)


class Measures:
    """Reports how long each request took, by its route's template, never by its path."""

    def __init__(self, app: ASGIApp, observe: Observe) -> None:
        self.app = app
        self.observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route: Any = scope.get("route")
            template = getattr(route, "path", None) or "unmatched"
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.observe(template, method, status, time.perf_counter() - began)


class CsrfGuard:
    """Refuses what another site's page could make a browser send.

    A request that changes something and carries a session cookie needs our header, equal to
    what `expected` makes of that session. An Origin, when there is one, has to be ours or listed.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        session_cookie: str,
        header: str,
        expected: Callable[[str], str],
        origins: Collection[str],
        exempt: Collection[str],
    ) -> None:
        self.app = app
        self.session_cookie = session_cookie
        self.header = header
        self.expected = expected
        self.origins = frozenset(origins)
        self.exempt = frozenset(exempt)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        origin = request.headers.get("origin")
        if origin and not self._is_ours(origin, request):
            detail = f"Requests from {origin} are not allowed; CORS_ORIGIN lists who may call."
            await problem(request, 403, "foreign_origin", detail)(scope, receive, send)
            return
        token = request.cookies.get(self.session_cookie)
        if token and scope["path"] not in self.exempt:
            given = request.headers.get(self.header, "")
            if not compare_digest(given.encode(), self.expected(token).encode()):
                detail = f"The {self.header} header does not match this session; reload the page."
                await problem(request, 403, "csrf_mismatch", detail)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_ours(self, origin: str, request: Request) -> bool:
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            return False
        return origin in self.origins or host == request.headers.get("host")
