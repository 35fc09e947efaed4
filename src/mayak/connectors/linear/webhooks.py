"""What Linear calls us with, and how we know that it is Linear."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput

FRESH = timedelta(seconds=60)
"""Linear's own bound. It tries again for hours, and whether a later attempt is stamped anew is not
documented: what is older is a hint all the same.
"""
RESOURCES = (
    "Issue", "Comment", "Project", "Cycle", "Customer", "User", "IssueLabel", "Attachment",
)  # fmt: skip
"""What we subscribe to. Attachments count as an issue's customer tickets."""
STREAMS: Mapping[str, str] = {
    "Issue": "issues",
    "Comment": "comments",
    "Project": "projects",
    "Cycle": "cycles",
    "Customer": "customers",
    "User": "users",
    "IssueLabel": "labels",
    "WorkflowState": "states",
    "Team": "teams",
}
OF_ISSUES: Mapping[str, tuple[str, ...]] = {
    "IssueRelation": ("issueId", "relatedIssueId"),
    "Attachment": ("issueId",),
}
"""What is a part of issues, with the names under which it names them."""


def verify(secret: str, body: bytes, headers: Mapping[str, str], *, now: datetime) -> Delivery:
    """What a signed delivery says.

    Raises BadSignature unless the body was signed with `secret`, and InvalidInput when what was
    signed is not an event.
    """
    named = {name.lower(): value for name, value in headers.items()}
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = named.get("linear-signature", "")
    if not secret or not hmac.compare_digest(expected.encode(), given.encode()):
        raise BadSignature
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(field="body", reason="it is not JSON") from error
    if not isinstance(event, dict):
        raise InvalidInput(field="body", reason="it is not an event")
    return Delivery(
        id=named.get("linear-delivery") or hashlib.sha256(body).hexdigest(),
        changes=_changes(event),
        stale=_stale(event.get("webhookTimestamp") or named.get("linear-timestamp"), now),
    )


def _changes(event: Mapping[str, Any]) -> tuple[Change, ...]:
    type_, content = event.get("type"), event.get("data")
    if not isinstance(type_, str) or not isinstance(content, dict):
        return ()
    if names := OF_ISSUES.get(type_):
        ids = {_id(content.get(name)): None for name in names}
        return tuple(Change(stream="issues", external_id=id_) for id_ in ids if id_)
    stream, id_ = STREAMS.get(type_), _id(content.get("id"))
    if stream is None or not id_:
        return ()
    return (Change(stream=stream, external_id=id_, deleted=event.get("action") == "remove"),)


def _id(value: object) -> str:
    """An id as it may be stored; empty for anything else."""
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _stale(stamp: object, now: datetime) -> bool:
    """Whether an event was sent long ago, or does not say when. The stamp is in milliseconds."""
    try:
        sent = float(stamp) / 1000 if isinstance(stamp, str | int | float) else 0.0
    except (ValueError, OverflowError):
        return True
    # So written that a stamp which is no number at all is stale too.
    return not abs(now.timestamp() - sent) <= FRESH.total_seconds()
