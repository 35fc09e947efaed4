"""What Attio tells by itself: ids of what changed, signed, without a time.

As nothing in a delivery says when it was made, a replay cannot be told from a late retry: whoever
receives it has to remember delivery ids. The signature covers the body alone.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput
from mayak.kit.text import without_nul

SIGNATURES = ("attio-signature", "x-attio-signature")
"""The same value, sent under both names."""

RECORD_EVENTS = ("record.created", "record.updated", "record.deleted", "record.merged")
OTHERS: Mapping[str, tuple[str, str]] = {
    "note": ("notes", "note_id"),
    "note-content": ("notes", "note_id"),
    "task": ("tasks", "task_id"),
    "object-attribute": ("attributes", "attribute_id"),
    "workspace-member": ("members", "workspace_member_id"),
}
"""By the first part of an event's name: the stream, and where its id is."""
MEMBERSHIP = frozenset({"list-entry.created", "list-entry.deleted"})
"""Who is in a list; what a list says of its members is not mirrored."""

EVENTS = (
    *RECORD_EVENTS,
    "note.created", "note.updated", "note.deleted", "note-content.updated",
    "task.created", "task.updated", "task.deleted",
    "list-entry.created", "list-entry.deleted",
    "object-attribute.created", "object-attribute.updated", "workspace-member.created",
)  # fmt: skip
"""What a webhook of ours subscribes to. `note.updated` tells of titles, not of bodies."""


def verify(
    secret: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime,
    objects: Mapping[str, str],
) -> Delivery:
    """What a delivery says, if it was signed with our secret.

    `objects` has the streams of records by object id, as `Attio.objects` gives them: events
    name the object by its id alone, and those of other objects are no changes of ours. `now`
    is there because other services sign a time; this one does not, so nothing is ever stale.

    Raises BadSignature, and InvalidInput when what was signed is no delivery.
    """
    _ = now
    sent = {name.lower(): value for name, value in headers.items()}
    _check(secret, body, sent)
    try:
        told = without_nul(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise InvalidInput(field="body", reason="it is not JSON") from error
    events = told.get("events") if isinstance(told, dict) else None
    if not isinstance(events, list):
        raise InvalidInput(field="body", reason="it has no list of events")
    found = [change for event in events for change in _changes(event, objects)]
    return Delivery(
        id=sent.get("idempotency-key") or hashlib.sha256(body).hexdigest(),
        changes=tuple(dict.fromkeys(found)),
    )


def _check(secret: str, body: bytes, sent: Mapping[str, str]) -> None:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    given = [sent[name].strip().encode() for name in SIGNATURES if sent.get(name)]
    # Without a secret anyone could sign.
    if not secret or not given or not all(hmac.compare_digest(expected, one) for one in given):
        raise BadSignature


def _changes(event: Any, objects: Mapping[str, str]) -> list[Change]:
    """The changes of one event; none for what is not known or not ours."""
    if not isinstance(event, dict):
        return []
    name, ids = event.get("event_type"), event.get("id")
    if not isinstance(name, str) or not isinstance(ids, dict):
        return []
    if name in RECORD_EVENTS:
        return _record_changes(name, event, ids, objects)
    if name in MEMBERSHIP:
        return _membership_changes(event, ids, objects)
    stream, id_name = OTHERS.get(name.partition(".")[0], ("", ""))
    return _change(stream, ids.get(id_name), deleted=name.endswith(".deleted"))


def _record_changes(
    name: str, event: Mapping[str, Any], ids: Mapping[str, Any], objects: Mapping[str, str]
) -> list[Change]:
    """One change; for a merge, that the new record stands for the one that it names.

    Each merge is told twice, once for either of the two that are gone.
    """
    stream = objects.get(str(ids.get("object_id")), "")
    replaces = event.get("duplicate_record_id") if name == "record.merged" else None
    return _change(
        stream, ids.get("record_id"), deleted=name == "record.deleted", replaces=replaces
    )


def _membership_changes(
    event: Mapping[str, Any], ids: Mapping[str, Any], objects: Mapping[str, str]
) -> list[Change]:
    """That a list has other members, under the name `lists`; and the record that it is about."""
    stream = objects.get(str(event.get("parent_object_id")), "")
    return [
        *_change("lists", ids.get("list_id")),
        *_change(stream, event.get("parent_record_id")),
    ]


def _change(
    stream: str, id_: object, *, deleted: bool = False, replaces: object = None
) -> list[Change]:
    if not stream or not isinstance(id_, str) or not id_:
        return []
    known = replaces if isinstance(replaces, str) and replaces != id_ else None
    return [Change(stream=stream, external_id=id_, deleted=deleted, replaces=known)]
