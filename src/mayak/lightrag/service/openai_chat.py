"""Chat completions of any OpenAI-compatible API, streamed, over our own HTTP code."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import orjson

from mayak.errors import Upstream, UpstreamKind, UpstreamRejected

SERVICE = "The model that writes answers"
TIMEOUT = httpx.Timeout(30, connect=5)
"""Seconds of silence, before the first word or between two."""
LONGEST = 90.0
"""Seconds that one reply may take."""
LARGEST = 32_000
"""Characters of a reply; nobody reads more."""
KINDS: dict[int, UpstreamKind] = {
    401: "auth",
    403: "auth",
    404: "not_found",
    408: "server",
    429: "rate_limit",
}
RETRYABLE: frozenset[UpstreamKind] = frozenset({"server", "rate_limit"})


class OpenAIChat:
    """`base_url` is taken with or without its `/v1`."""

    def __init__(
        self, http: httpx.AsyncClient, *, base_url: str, model: str, api_key: str | None = None
    ) -> None:
        base = base_url.rstrip("/")
        last = base.rsplit("/", 1)[-1]
        versioned = last.startswith("v") and last[1:].isdecimal()
        self._url = f"{base}/chat/completions" if versioned else f"{base}/v1/chat/completions"
        self._http = http
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.model = model

    async def stream(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[str, None]:
        """The reply in pieces as it comes. Raises Upstream when the server fails, is silent for
        too long or cuts off; UpstreamRejected when it refuses. Asked without a temperature, because
        some models take none.
        """
        body = {"model": self.model, "messages": list(messages), "stream": True}
        deadline = asyncio.get_running_loop().time() + LONGEST
        try:
            async with aclosing(self._reply(body)) as pieces:
                while True:
                    # Around each wait and no `yield`, or it would cancel whoever reads the pieces.
                    async with asyncio.timeout_at(deadline):
                        piece = await anext(pieces, None)
                    if piece is None:
                        return
                    yield piece
        except (httpx.HTTPError, TimeoutError) as error:
            reason = f"{type(error).__name__}: {error}".strip(": ")
            raise Upstream(SERVICE, reason, kind="network") from error

    async def _reply(self, body: Mapping[str, Any]) -> AsyncGenerator[str, None]:
        async with self._http.stream(
            "POST", self._url, json=body, headers=self._headers, timeout=TIMEOUT
        ) as reply:
            await _check(reply)
            async for piece in _pieces(reply):
                yield piece


async def _pieces(reply: httpx.Response) -> AsyncIterator[str]:
    size = 0
    async for line in reply.aiter_lines():
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        piece = _piece(data)
        size += len(piece)
        if size > LARGEST:
            raise UpstreamRejected(SERVICE, "the reply does not end", kind="schema")
        if piece:
            yield piece


def _piece(data: str) -> str:
    """The words of one event; none when it has none. Raises Upstream for an error in the stream."""
    try:
        event: Any = orjson.loads(data)
    except ValueError as error:
        raise UpstreamRejected(SERVICE, "an event is not JSON", kind="schema") from error
    if not isinstance(event, dict):
        raise UpstreamRejected(SERVICE, "an event is no object", kind="schema")
    if event.get("error"):
        raise Upstream(SERVICE, _said(event), kind="server")
    choices = event.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        return ""
    delta = choices[0].get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""


async def _check(reply: httpx.Response) -> None:
    if reply.is_success:
        return
    body = await reply.aread()
    try:
        said = _said(orjson.loads(body))
    except ValueError:
        said = body[:200].decode(errors="replace").strip() or reply.reason_phrase
    reason = f"HTTP {reply.status_code}: {said}"
    server = reply.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    kind: UpstreamKind = "server" if server else KINDS.get(reply.status_code, "rejected")
    if kind == "rate_limit" and "insufficient_quota" in body.decode(errors="replace"):
        kind = "quota"
    raise (Upstream if kind in RETRYABLE else UpstreamRejected)(SERVICE, reason, kind=kind)


def _said(body: Any) -> str:
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or "no reason given"
    return str(error)[:200]
