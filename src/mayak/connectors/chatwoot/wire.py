"""Chatwoot's own words: what its records must have, and what they become in the mirror.

Unknown fields are kept in the payload; a record that lacks a required one is rejected alone.
Times are seconds since the epoch, 0 for "never"; the official specification is wrong about
several of these fields, so the models follow what servers send.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mayak.connectors.base import Record, Rejected
from mayak.kit.text import content_hash

MESSAGE_TYPES = ("incoming", "outgoing", "activity", "template")
"""Names of the message types; the position is the number in REST replies."""

PERSON_MOVES = frozenset({"thumbnail", "avatar_url", "availability_status", "last_activity_at"})
CONVERSATION_MOVES = frozenset(
    {
        "agent_last_seen_at", "assignee_last_seen_at", "can_reply", "contact_last_seen_at",
        "last_activity_at", "last_non_activity_message", "messages", "timestamp", "unread_count",
        "updated_at",
    }
)  # fmt: skip
"""Fields that change while nothing that matters does. The embedded messages have rows of
their own, and the times that we keep have columns that are compared by themselves.
"""
SECRET = re.compile(r"password|token|secret|provider_config|api_key|access_key", re.IGNORECASE)
"""Administrators are shown the credentials of an inbox; no copy of them may reach our database."""


def _moment(value: object) -> object:
    """Seconds since the epoch as an instant; 0 and null mean never."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC) if value else None
    return value or None


Moment = Annotated[datetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[datetime | None, BeforeValidator(_moment)]
Json = dict[str, Any]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class Inbox(Wire):
    id: int
    name: str | None = None
    channel_type: str | None = None


class Contact(Wire):
    id: int
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    additional_attributes: Json | None = None
    created_at: MaybeMoment = None


class Meta(Wire):
    sender: Json | None = None
    assignee: Json | None = None


class Conversation(Wire):
    id: int
    uuid: str | None = None
    inbox_id: int
    status: str
    priority: str | None = None
    labels: list[str] | None = None
    meta: Meta = Meta()
    additional_attributes: Json | None = None
    updated_at: Moment
    created_at: MaybeMoment = None
    last_activity_at: MaybeMoment = None
    waiting_since: MaybeMoment = None
    first_reply_created_at: MaybeMoment = None


class Attachment(Wire):
    id: int
    file_type: str | None = None
    extension: str | None = None
    file_size: int | None = None
    data_url: str | None = None


class Message(Wire):
    id: int
    conversation_id: int
    message_type: Annotated[int, Field(ge=0, lt=len(MESSAGE_TYPES))]
    created_at: Moment
    content: str | None = None
    content_type: str | None = None
    content_attributes: Json | None = None
    private: bool = False
    sender: Json | None = None
    attachments: list[Attachment] | None = None


def inbox(raw: Json) -> Record:
    raw = _without_secrets(raw)
    wire = Inbox.model_validate(raw)
    return Record(
        kind="inbox",
        external_id=str(wire.id),
        payload=raw,
        content_hash=content_hash(_without(raw, PERSON_MOVES)),
        fields={"name": wire.name, "channel_type": wire.channel_type},
    )


def contact(raw: Json) -> Record:
    wire = Contact.model_validate(raw)
    meaning = _without(raw, PERSON_MOVES)
    if isinstance(entries := meaning.get("contact_inboxes"), list):
        meaning["contact_inboxes"] = sorted(str(inbox_id) for inbox_id in inbox_ids(entries))
    return Record(
        kind="contact",
        external_id=str(wire.id),
        payload=raw,
        content_hash=content_hash(meaning),
        fields={
            "name": wire.name,
            "email": wire.email,
            "phone_number": wire.phone_number,
            "identifier": wire.identifier,
            "company_name": _text((wire.additional_attributes or {}).get("company_name")),
            "source_created_at": wire.created_at,
        },
    )


def sender(raw: Json) -> Record:
    """A contact as conversations embed it: with fewer fields than in the list of contacts."""
    return contact(_without(raw, frozenset({"type"})))


def inbox_ids(entries: object) -> set[int]:
    """The inboxes that a contact has been seen in, from its `contact_inboxes`."""
    found = set()
    for entry in entries if isinstance(entries, list) else []:
        inner = entry.get("inbox") if isinstance(entry, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("id"), int):
            found.add(inner["id"])
    return found


def conversation(raw: Json) -> Record:
    wire = Conversation.model_validate(raw)
    sender, assignee = wire.meta.sender or {}, wire.meta.assignee or {}
    meaning = _without(raw, CONVERSATION_MOVES)
    if isinstance(meta := raw.get("meta"), dict):
        meaning["meta"] = {name: _steady(value) for name, value in meta.items()}
    return Record(
        kind="conversation",
        external_id=str(wire.id),
        payload=raw,
        content_hash=content_hash(meaning),
        fields={
            "uuid": wire.uuid,
            "inbox_id": str(wire.inbox_id),
            "contact_id": _text(sender.get("id")),
            "assignee_name": _text(assignee.get("available_name") or assignee.get("name")),
            "status": wire.status,
            "priority": wire.priority,
            "labels": wire.labels or [],
            "subject": _text((wire.additional_attributes or {}).get("mail_subject")),
            "waiting_since": wire.waiting_since,
            "first_reply_at": wire.first_reply_created_at,
            "last_activity_at": wire.last_activity_at,
            "source_created_at": wire.created_at,
            "source_updated_at": wire.updated_at,
        },
    )


def message(raw: Json) -> Record:
    wire = Message.model_validate(raw)
    deleted = (wire.content_attributes or {}).get("deleted") is True
    sender = wire.sender or {}
    # The embedded conversation repeats counters of a row that we have anyway.
    meaning = {name: _steady(value) for name, value in raw.items() if name != "conversation"}
    if isinstance(files := raw.get("attachments"), list):
        meaning["attachments"] = [_file_meaning(one) for one in files if isinstance(one, dict)]
    pairs = zip(wire.attachments or [], raw.get("attachments") or [], strict=True)
    return Record(
        kind="message",
        external_id=str(wire.id),
        payload=raw,
        content_hash=content_hash(meaning),
        deleted=deleted,
        fields={
            "conversation_id": str(wire.conversation_id),
            "message_type": MESSAGE_TYPES[wire.message_type],
            "content_type": wire.content_type,
            # What a tombstone says is the service speaking, not the person whose words are gone.
            "content": None if deleted else wire.content,
            "private": wire.private,
            "sender_kind": _sender_kind(wire),
            "sender_id": _text(sender.get("id")),
            "sender_name": _text(sender.get("available_name") or sender.get("name")),
            "source_created_at": wire.created_at,
        },
        parts=tuple(_attachment(file, raw_file, str(wire.id)) for file, raw_file in pairs),
    )


def _attachment(wire: Attachment, raw: Json, message_id: str) -> Record:
    return Record(
        kind="attachment",
        external_id=str(wire.id),
        payload=raw,
        content_hash=content_hash(_file_meaning(raw)),
        fields={
            "message_id": message_id,
            "file_type": wire.file_type,
            "extension": wire.extension,
            "file_size": wire.file_size,
            "data_url": wire.data_url,
        },
    )


def _sender_kind(wire: Message) -> Literal["contact", "agent", "bot"] | None:
    match (wire.sender or {}).get("type"):
        case "contact":
            return "contact"
        case "user":
            return "agent"
        case str():
            return "bot"  # agent_bot, and whatever assistants later versions bring
        case _:
            # A contact may be deleted while their words stay; incoming still means the client.
            return "contact" if MESSAGE_TYPES[wire.message_type] == "incoming" else None


def parse(
    make: Callable[[Json], Record], kind: str, rows: list[Any], *, parent_id: str | None = None
) -> tuple[list[Record], list[Rejected]]:
    """Records of the rows that fit, and one rejection for each that does not."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for raw in rows:
        try:
            record = make(_object(raw))
            _must_belong(record, parent_id)
            records.append(record)
        except (ValidationError, TypeError, ValueError, OverflowError, OSError) as error:
            rejected.append(_rejection(kind, raw, error, parent_id))
    return records, rejected


def _object(raw: Any) -> Json:
    if not isinstance(raw, dict):
        raise TypeError(f"a record is an object, not {type(raw).__name__}")
    return raw


def _must_belong(record: Record, conversation_id: str | None) -> None:
    if conversation_id is not None and record.fields.get("conversation_id") != conversation_id:
        raise ValueError(f"the {record.kind} says it belongs to another conversation")


def _rejection(kind: str, raw: Any, error: Exception, parent_id: str | None) -> Rejected:
    reason = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{kind} {where}: {first['msg']}"
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return Rejected(
        kind=kind,
        external_id=str(id_) if isinstance(id_, int) and not isinstance(id_, bool) else None,
        reason=reason,
        payload=_without_secrets(raw) if isinstance(raw, dict) else raw,
        parent_id=parent_id,
    )


def _without(raw: Mapping[str, Any], names: frozenset[str]) -> Json:
    return {name: value for name, value in raw.items() if name not in names}


def _steady(value: Any) -> Any:
    """A person without what moves by itself; anything else as it is."""
    return _without(value, PERSON_MOVES) if isinstance(value, dict) else value


def _file_meaning(raw: Json) -> Json:
    """Addresses of files are signed anew by some stores; the part before `?` tells them apart."""
    cut = {
        name: raw[name].partition("?")[0]
        for name in ("data_url", "thumb_url")
        if isinstance(raw.get(name), str)
    }
    return {**raw, **cut}


def _without_secrets(raw: Json) -> Json:
    return {name: value for name, value in raw.items() if not SECRET.search(name)}


def _text(value: Any) -> str | None:
    """A scalar as text; None for nothing and for structures."""
    return str(value) if isinstance(value, str | int) and value != "" else None
