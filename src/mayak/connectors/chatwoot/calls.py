"""Sending requests to Chatwoot: one budget, one place for the token."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from mayak.connectors.base import Gate
from mayak.connectors.chatwoot import replies
from mayak.connectors.chatwoot.replies import SERVICE
from mayak.connectors.replies import json_of, server_time
from mayak.errors import Upstream, UpstreamRejected

TIMEOUT = httpx.Timeout(60, connect=5)
CONCURRENCY = 2
COST = {"requests": 1.0}

Reply = tuple[Any, datetime | None]
"""The JSON value, and the server's clock; None when it did not say."""


class Calls:
    """One token's way to one account. At most two of its requests are under way at any time."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        token: str,
        account_id: int,
        gate: Gate,
        jitter: replies.Jitter,
    ) -> None:
        self.account_id = account_id
        self._http = http
        self._base = base_url.rstrip("/")
        self._token = token
        self._gate = gate
        self._jitter = jitter
        self._slots = asyncio.Semaphore(CONCURRENCY)

    def __repr__(self) -> str:
        return f"{self._base}, account {self.account_id}"

    async def profile(self) -> Reply:
        return _value(await self._send("GET", "/api/v1/profile"))

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Reply:
        """Read a path of the account."""
        return _value(await self._send("GET", self._account + path, params=params))

    async def write(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON to a path of the account; the JSON value of the reply."""
        return _value(await self._send(method, self._account + path, json=body))[0]

    async def delete(self, path: str) -> None:
        """Delete a path of the account. The reply of a server that did so is empty."""
        await self._send("DELETE", self._account + path)

    @property
    def _account(self) -> str:
        return f"/api/v1/accounts/{self.account_id}"

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """A good reply. Raises Upstream, also when the gate has no room for the request."""
        async with self._slots:
            await self._gate.enter(COST)
            try:
                response = await self._http.request(
                    method,
                    self._base + path,
                    params=params,
                    json=json,
                    headers=self._headers(),
                    timeout=TIMEOUT,
                    follow_redirects=False,
                )
            except (httpx.TransportError, httpx.DecodingError) as error:
                # Only the kind of failure: its text may hold the address with credentials.
                raise Upstream(SERVICE, type(error).__name__, kind="network") from error
            try:
                replies.accept(response, secret=self._token, jitter=self._jitter)
            except Upstream as error:
                if error.kind == "rate_limit" and error.retry_after is not None:
                    # Before the next one of ours has a slot: it must find the gate closed.
                    await self._gate.close(error.retry_after, reason=error.reason)
                raise
        return response

    def _headers(self) -> dict[str, str]:
        if not (self._token.isascii() and self._token.isprintable()):
            # As a header it would fail with a message that quotes it.
            reason = "the token has characters that no token has"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        return {"api_access_token": self._token, "accept": "application/json"}


def _value(response: httpx.Response) -> Reply:
    return json_of(response, service=SERVICE), server_time(response)
