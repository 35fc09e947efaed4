"""What services post to us: checked, kept, and answered before anybody looks into it.

Nothing of a body is believed but ids: the records are read again, by a run that starts when the
delivery is committed. So a forged one that got through could make us look, never tell us lies.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest
from typing import Any
from uuid import UUID

import orjson

from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.connectors import attio, chatwoot, linear
from mayak.connectors.webhooks import BadSignature, Delivery
from mayak.errors import InvalidInput, NotFound
from mayak.kit.clock import now
from mayak.kit.text import storable
from mayak.platform.db import Database
from mayak.sync.model import Connector
from mayak.sync.queries import webhooks as queries
from mayak.sync.queries.webhooks import Endpoint
from mayak.sync.service.sources import Sources

KEPT_HEADERS = (
    "user-agent", "x-chatwoot-timestamp", "x-chatwoot-delivery", "linear-event", "linear-delivery",
    "linear-timestamp", "idempotency-key",
)  # fmt: skip
LONGEST_ID = 200
LONGEST_TEXT = 500


class UnknownEndpoint(NotFound):
    code = "unknown_webhook"
    message = "Nobody listens at this address."


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A request as it came in."""

    body: bytes
    headers: Mapping[str, str]
    key: str | None = None
    """The secret in the address, if there is one."""


def drain_of(connector: Connector) -> str:
    """The job that looks into what a service told. One each: an outage of one holds no other."""
    return f"webhooks_drain_{connector}"


async def receive(
    database: Database,
    sources: Sources,
    registry: Registry,
    connector: Connector,
    endpoint_id: UUID,
    posted: Posted,
) -> None:
    """Keep what a service says and have it looked into; what was said before changes nothing.

    Raises UnknownEndpoint, BadSignature for words that are not the service's, and InvalidInput for
    words of the service that say nothing; those are kept, too.
    """
    async with database.system_transaction() as conn:
        endpoint = await queries.found(conn, endpoint_id, connector)
    if endpoint is None:
        raise UnknownEndpoint
    refusal: InvalidInput | None = None
    try:
        delivery = _verified(endpoint, sources, posted, at=now())
    except InvalidInput as error:
        refusal = error
        delivery = Delivery(id=f"unread {hashlib.sha256(posted.body).hexdigest()}")
    delivery = replace(delivery, id=_short(delivery.id))
    async with database.transaction(endpoint.project_id) as conn:
        new = await queries.store(
            conn,
            endpoint,
            delivery,
            event=_event(posted.body),
            body=posted.body,
            headers=_kept(posted.headers),
            status="received" if delivery.changes else "ignored",
            error=_reason(delivery, refusal),
        )
        if new and delivery.changes:
            project_id = endpoint.project_id
            await trigger(conn, registry, project_id, drain_of(connector), trigger="webhook")
    if refusal is not None:
        raise refusal


def _verified(endpoint: Endpoint, sources: Sources, posted: Posted, *, at: datetime) -> Delivery:
    """Raises BadSignature, and InvalidInput for what was signed well and cannot be read."""
    if endpoint.mode == "path":
        _check_key(endpoint, posted.key)
        return chatwoot.read(posted.body, posted.headers)
    if endpoint.secret is None:
        raise BadSignature
    secret = sources.open_sealed(endpoint.secret)
    match endpoint.connector:
        case "chatwoot":
            return chatwoot.verify(secret, posted.body, posted.headers, now=at)
        case "linear":
            return linear.verify(secret, posted.body, posted.headers, now=at)
        case "attio":
            objects = endpoint.objects
            return attio.verify(secret, posted.body, posted.headers, now=at, objects=objects)


def _check_key(endpoint: Endpoint, key: str | None) -> None:
    expected = endpoint.path_secret_hash
    given = hash_of(key or "")
    if not key or expected is None or not compare_digest(bytes(expected), given):
        raise BadSignature


def hash_of(key: str) -> bytes:
    """What is kept of a secret in an address. It has 256 random bits, so one round is enough."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def _short(delivery_id: str) -> str:
    if len(delivery_id) <= LONGEST_ID:
        return storable(delivery_id)
    return hashlib.sha256(delivery_id.encode(errors="replace")).hexdigest()


def _reason(delivery: Delivery, refusal: InvalidInput | None) -> str | None:
    """Why nobody will look into it."""
    if refusal is not None:
        return storable(str(refusal))[:LONGEST_TEXT]
    return None if delivery.changes else "Nothing of it is copied."


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    found = {name.lower(): value for name, value in headers.items()}
    return {name: storable(found[name])[:LONGEST_TEXT] for name in KEPT_HEADERS if name in found}


def _event(body: bytes) -> str | None:
    """What the service calls it, for people to read."""
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    events = told.get("events")
    first = events[0] if isinstance(events, list) and events else {}
    name = told.get("event") or (first.get("event_type") if isinstance(first, dict) else None)
    if not name and isinstance(told.get("type"), str):
        name = f"{told['type']} {told.get('action')}"
    return storable(name)[:LONGEST_TEXT] if isinstance(name, str) else None
