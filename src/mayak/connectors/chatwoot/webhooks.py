"""What Chatwoot posts to us, and how we know that it was Chatwoot.

Each event is posted once, with no retry; versions up to 4.11.1 sign nothing, so that only a
secret in the address of the endpoint says who is speaking.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput

WINDOW = timedelta(minutes=5)
"""How far the time of a signature may be from ours, in both directions."""
TIMESTAMP = re.compile(r"[0-9]{1,12}")
DELIVERY_ID = re.compile(r"[!-~]{1,200}")

EVENTS = (
    "conversation_created", "conversation_updated", "conversation_status_changed",
    "message_created", "message_updated", "contact_created", "contact_updated",
    "inbox_created", "inbox_updated",
)  # fmt: skip
"""What we subscribe to."""
STREAMS = {"conversation": "conversations", "contact": "contacts", "inbox": "inboxes"}
TYPING = "conversation_typing"
"""How events begin that change nothing."""


def verify(secret: str, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Delivery:
    """What a signed delivery says changed.

    The signature covers the time and the body, not the id of the delivery. Raises BadSignature
    for anybody else's words and for a time more than five minutes from `now`; InvalidInput for
    a body that was signed well and is no event.
    """
    found = _lower(headers)
    timestamp = found.get("x-chatwoot-timestamp", "")
    signature = found.get("x-chatwoot-signature", "")
    # An empty key would make signatures that everybody can make.
    if not secret or not TIMESTAMP.fullmatch(timestamp):
        raise BadSignature
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    expected = f"sha256={signed.hexdigest()}"
    if not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
        raise BadSignature
    if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
        raise BadSignature
    return read(body, headers)


def read(body: bytes, headers: Mapping[str, str]) -> Delivery:
    """What a delivery says changed, whoever sent it: the caller has checked its address.

    Raises InvalidInput for a body that is no event of Chatwoot's.
    """
    id_ = _lower(headers).get("x-chatwoot-delivery", "")
    if not DELIVERY_ID.fullmatch(id_):
        id_ = hashlib.sha256(body).hexdigest()
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("body", "it is not JSON") from error
    name = event.get("event") if isinstance(event, dict) else None
    if not isinstance(name, str):
        raise InvalidInput("body", "it names no event")
    return Delivery(id=id_, changes=_changes(name, event))


def _changes(name: str, event: dict[str, Any]) -> tuple[Change, ...]:
    subject, _, happened = name.partition("_")
    if subject == "message":
        # Messages have no address of their own: their conversation is read again.
        return (Change(stream="conversations", external_id=_id(event.get("conversation"))),)
    if subject not in STREAMS or name.startswith(TYPING):
        return ()
    # No version that we know tells of deletions; proposals to do so use this name.
    deleted = happened == "deleted"
    return (Change(stream=STREAMS[subject], external_id=_id(event), deleted=deleted),)


def _id(row: Any) -> str:
    id_ = row.get("id") if isinstance(row, dict) else None
    if not isinstance(id_, int) or isinstance(id_, bool) or id_ < 1:
        raise InvalidInput("body", "the event does not say of what")
    return str(id_)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
