"""The webhooks of an account that point at us."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mayak.connectors.chatwoot.calls import Calls
from mayak.connectors.chatwoot.replies import SERVICE
from mayak.connectors.chatwoot.webhooks import EVENTS
from mayak.errors import UpstreamRejected

NAME = "Mayak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    id: str
    url: str
    secret: str | None
    """None on servers that do not sign."""
    events: frozenset[str]


async def install(calls: Calls, url: str) -> Hook:
    """A webhook at this address that tells all we listen to, the one that is there or a new one.

    Raises UpstreamRejected when the server does not want it.
    """
    wanted = {"url": url, "name": NAME, "subscriptions": list(EVENTS)}
    try:
        return _created(await calls.write("POST", "/webhooks", wanted))
    except UpstreamRejected as error:
        if error.kind != "rejected":
            raise
        # An address may be used once. Whose fault the refusal is, the list tells.
        there = next((one for one in await listed(calls) if one.url == url), None)
        if there is None:
            raise
    if not there.events.issuperset(EVENTS):
        # Somebody's own webhook may tell less than we need, and more, which it may go on doing.
        events = sorted(there.events.union(EVENTS))
        await calls.write("PATCH", f"/webhooks/{there.id}", {"url": url, "subscriptions": events})
    return there


async def listed(calls: Calls) -> list[Hook]:
    body, _ = await calls.get("/webhooks")
    inner = body.get("payload") if isinstance(body, dict) else body
    rows = inner.get("webhooks") if isinstance(inner, dict) else inner
    if not isinstance(rows, list):
        raise UpstreamRejected(SERVICE, "the reply has no list of webhooks", kind="schema")
    return [hook for hook in map(_hook, rows) if hook is not None]


async def remove(calls: Calls, id_: str) -> None:
    """Also done when there is none any more."""
    try:
        await calls.delete(f"/webhooks/{int(id_)}")
    except UpstreamRejected as error:
        if error.kind != "not_found":
            raise


def _created(body: Any) -> Hook:
    """Raises UpstreamRejected of kind schema when the reply does not say what was made."""
    for name in ("payload", "webhook"):
        if isinstance(body, dict) and isinstance(body.get(name), Mapping):
            body = body[name]
    if (hook := _hook(body)) is None:
        raise UpstreamRejected(SERVICE, "the reply is about no webhook", kind="schema")
    return hook


def _hook(row: Any) -> Hook | None:
    """None for what has no id or no address, and so is none of ours."""
    if not isinstance(row, dict):
        return None
    id_, url, secret, events = (row.get(n) for n in ("id", "url", "secret", "subscriptions"))
    if not isinstance(id_, int) or not isinstance(url, str):
        return None
    return Hook(
        id=str(id_),
        url=url,
        secret=secret if isinstance(secret, str) and secret else None,
        events=frozenset(e for e in events if isinstance(e, str))
        if isinstance(events, list)
        else frozenset(),
    )
