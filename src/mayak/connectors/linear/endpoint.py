"""Linear's one address: a question goes there, past the gate, and its data comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from mayak.connectors.base import Gate
from mayak.connectors.linear import replies
from mayak.connectors.linear.documents import SCAN_PAGE, Document
from mayak.connectors.linear.replies import SERVICE, TooComplex
from mayak.connectors.replies import server_time
from mayak.errors import Upstream, UpstreamRejected

TIMEOUT = httpx.Timeout(60, connect=5)
PERSONAL = "lin_api_"
BEARER = "Bearer "

Reply = tuple[dict[str, Any], datetime | None]
"""The data, and the server's clock when it answered."""
Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One page of a list, as it came."""

    nodes: list[Any]
    cursor: str | None
    """Where the next page starts; None when this was the last."""
    first: int
    """How many rows were asked for in the end."""
    observed_at: datetime | None


class Endpoint:
    """Holds a key. Never retries and never follows a redirect."""

    def __init__(self, http: httpx.AsyncClient, *, key: str, gate: Gate, base_url: str) -> None:
        self._http = http
        self._key = key.strip().removeprefix(BEARER).strip()
        # Linear refuses personal keys that come as a bearer's, and all others that do not.
        bare = key.strip().startswith(PERSONAL)
        self._authorization = self._key if bare else BEARER + self._key
        self.gate = gate
        self.url = base_url.rstrip("/") + "/graphql"

    async def ask(
        self, document: Document, variables: Variables, *, hidden: str = "", first: int = 0
    ) -> Reply:
        """Raises Upstream or UpstreamRejected, whose words hold neither the key nor `hidden`."""
        if not self._key.isascii() or not self._key.isprintable():
            reason = "the key has characters that no key of Linear has"
            raise UpstreamRejected(SERVICE, reason, kind="auth")
        await self.gate.enter({"requests": 1, "complexity": document.cost(first)})
        try:
            response = await self._http.post(
                self.url,
                headers={"authorization": self._authorization, "accept": "application/json"},
                json={
                    "query": document.text,
                    "variables": variables,
                    "operationName": document.operation,
                },
                timeout=TIMEOUT,
                follow_redirects=False,
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            # Only the kind of failure: its text may hold the address with credentials.
            raise Upstream(SERVICE, type(error).__name__, kind="network") from error
        if budgets := replies.allowances(response):
            await self.gate.learn(budgets)
        try:
            reply = replies.read(response, secrets=(self._key, hidden))
        except Upstream as error:
            if error.kind == "rate_limit":
                wait = error.retry_after or timedelta()
                await self.gate.close(wait, reason=error.reason)
            raise
        return reply, server_time(response)

    async def page(
        self, document: Document, root: str, variables: Variables, *, size: int, cursor: str | None
    ) -> Listed:
        """One page of a list; a shorter one than asked for if that is too much for one question."""
        while True:
            try:
                reply, observed_at = await self.ask(
                    document, {**variables, "first": size, "after": cursor}, first=size
                )
            except TooComplex:
                if size == 1:
                    raise
                size //= 2
                continue
            listing = part(reply, root)
            return Listed(
                nodes=rows(listing),
                cursor=next_cursor(listing),
                first=size,
                observed_at=observed_at,
            )

    async def every(
        self, document: Document, root: str, variables: Variables, *, size: int = SCAN_PAGE
    ) -> list[Any]:
        """All pages of a list that is short."""
        found: list[Any] = []
        cursor: str | None = None
        while True:
            listed = await self.page(document, root, variables, size=size, cursor=cursor)
            found += listed.nodes
            if listed.cursor is None:
                return found
            cursor, size = other_than(cursor, listed.cursor), listed.first


def part(value: Any, name: str) -> dict[str, Any]:
    """The object under a name. Raises UpstreamRejected of kind schema when there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise UpstreamRejected(SERVICE, f"the reply has no object called {name}", kind="schema")
    return found


def rows(listing: Any) -> list[Any]:
    """The nodes of a list. Raises UpstreamRejected of kind schema when there are none."""
    found = listing.get("nodes") if isinstance(listing, dict) else None
    if not isinstance(found, list):
        raise UpstreamRejected(SERVICE, "the reply has a list without nodes", kind="schema")
    return found


def objects(nodes: list[Any]) -> list[dict[str, Any]]:
    """The nodes of a list that is of no use with holes. Raises UpstreamRejected of kind schema."""
    if not all(isinstance(node, dict) for node in nodes):
        raise UpstreamRejected(SERVICE, "the reply has a list with holes", kind="schema")
    return nodes


def next_cursor(listing: Mapping[str, Any]) -> str | None:
    """Where the next page starts; None after the last.

    Raises UpstreamRejected of kind schema for a list that does not say whether it goes on: taking
    that for its end would lose the rest.
    """
    info = part(listing, "pageInfo")
    more, cursor = info.get("hasNextPage"), info.get("endCursor")
    if not isinstance(more, bool) or (more and not (isinstance(cursor, str) and cursor)):
        reason = "the reply has a list that does not say whether it goes on"
        raise UpstreamRejected(SERVICE, reason, kind="schema")
    return str(cursor) if more else None


def other_than(cursor: str | None, following: str) -> str:
    """The cursor that follows. Raises Upstream for a list that goes in circles."""
    if following == cursor:
        raise Upstream(SERVICE, "a list goes in circles", kind="server")
    return following


def text(value: Mapping[str, Any], name: str) -> str:
    """The text under a name. Raises UpstreamRejected of kind schema when there is none."""
    found = value.get(name)
    if not isinstance(found, str) or not found:
        raise UpstreamRejected(SERVICE, f"the reply has no text called {name}", kind="schema")
    return found
