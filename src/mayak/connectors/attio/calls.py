"""Sending requests to Attio: one budget, one place for the token."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from mayak.connectors.attio import replies
from mayak.connectors.attio.replies import SERVICE, Asked
from mayak.connectors.base import Gate
from mayak.connectors.replies import json_of, server_time
from mayak.errors import Upstream, UpstreamRejected

TIMEOUT = httpx.Timeout(60, connect=5)
CONCURRENCY = 4

Reply = tuple[Any, datetime | None]
"""The JSON value, and the server's clock; None when it did not say."""


class Calls:
    """One token's way to Attio. At most four of its requests are under way at any time."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        token: str,
        gate: Gate,
        base_url: str,
        jitter: replies.Jitter = replies.seconds_of_jitter,
    ) -> None:
        self._http = http
        self._token = token
        self._gate = gate
        self._base = base_url.rstrip("/")
        self._jitter = jitter
        self._slots = asyncio.Semaphore(CONCURRENCY)

    def __repr__(self) -> str:
        return f"Calls({self._base})"

    async def get(
        self, path: str, asked: Asked, params: Mapping[str, str | int] | None = None
    ) -> Reply:
        request = self._request("GET", path, params=params)
        return _value(await self._send(request, asked, budget="reads"))

    async def query(self, path: str, asked: Asked, body: Mapping[str, Any]) -> Reply:
        """A read that is sent as a POST, and counted as a read."""
        request = self._request("POST", path, json=body)
        return _value(await self._send(request, asked, budget="reads"))

    async def write(self, path: str, asked: Asked, body: Mapping[str, Any]) -> Reply:
        request = self._request("POST", path, json=body)
        return _value(await self._send(request, asked, budget="writes"))

    async def delete(self, path: str, asked: Asked) -> None:
        await self._send(self._request("DELETE", path), asked, budget="writes")

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> httpx.Request:
        if not (self._token.isascii() and self._token.isprintable()):
            # As a header it would fail with a message that quotes it.
            reason = "the token has characters that no token has"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        return self._http.build_request(
            method,
            self._base + path,
            params=params,
            json=json,
            headers={"authorization": f"Bearer {self._token}", "accept": "application/json"},
            timeout=TIMEOUT,
        )

    async def _send(self, request: httpx.Request, asked: Asked, *, budget: str) -> httpx.Response:
        async with self._slots:
            await self._gate.enter({budget: 1})
            try:
                response = await self._http.send(request, follow_redirects=False)
            except (httpx.TransportError, httpx.DecodingError) as error:
                # Only the kind of failure: its text may hold the address with credentials.
                raise Upstream(SERVICE, type(error).__name__, kind="network") from error
            try:
                replies.check(response, asked, secret=self._token, jitter=self._jitter)
            except Upstream as refusal:
                if refusal.kind == "rate_limit" and refusal.retry_after is not None:
                    # Before the slot is free: nobody who waits for it may still go out.
                    await self._gate.close(refusal.retry_after, reason=refusal.reason)
                raise
            return response


def _value(response: httpx.Response) -> Reply:
    return json_of(response, service=SERVICE), server_time(response)
