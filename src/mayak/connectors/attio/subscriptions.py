"""Asking Attio to tell of changes by itself, and no longer to do so."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from mayak.connectors.attio import permissions, replies
from mayak.connectors.attio.calls import Calls
from mayak.connectors.attio.replies import SERVICE, Asked
from mayak.connectors.attio.webhooks import EVENTS
from mayak.errors import InvalidInput, UpstreamRejected

PATH = "/v2/webhooks"
PER_PAGE = 100
ASKED = Asked(scopes=permissions.WEBHOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    id: str
    url: str
    status: str
    """active; degraded after failures; inactive after a week of them, when nothing is sent."""


async def install(calls: Calls, url: str) -> tuple[str, str]:
    if not _may_be_told(url):
        raise InvalidInput(field="url", reason="Attio delivers to https addresses only")
    subscriptions = [{"event_type": event, "filter": None} for event in EVENTS]
    wanted = {"data": {"target_url": url, "subscriptions": subscriptions}}
    body, _ = await calls.write(PATH, ASKED, wanted)
    made = replies.row(body)
    id_, secret = _id(made), made.get("secret")
    if id_ is None or not isinstance(secret, str) or not secret:
        reason = "the new webhook came without an id or a secret"
        raise UpstreamRejected(SERVICE, reason, kind="schema")
    return id_, secret


async def installed(calls: Calls) -> list[Webhook]:
    found: dict[str, Webhook] = {}
    offset = 0
    while True:
        body, _ = await calls.get(PATH, ASKED, {"limit": PER_PAGE, "offset": offset})
        rows = replies.rows(body)
        new = {
            id_: Webhook(
                id=id_, url=str(row.get("target_url") or ""), status=str(row.get("status") or "")
            )
            for row in rows
            if (id_ := _id(row))
        }
        if len(rows) < PER_PAGE or new.keys() <= found.keys():
            return list((found | new).values())
        found |= new
        offset += len(rows)


async def remove(calls: Calls, webhook_id: str) -> None:
    await calls.delete(f"{PATH}/{quote(webhook_id, safe='')}", ASKED)


def _id(row: Any) -> str | None:
    ids = row.get("id") if isinstance(row, dict) else None
    found = ids.get("webhook_id") if isinstance(ids, dict) else None
    return found if isinstance(found, str) and found else None


def _may_be_told(url: str) -> bool:
    """Whether it is an https address, or one of this very machine."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        return parts.scheme == "https" and bool(parts.hostname)
    host = parts.hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
