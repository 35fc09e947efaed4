"""What is announced when a World changes, and what one change brings with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mayak.sandbox.rows import INCOMING, OUTGOING, Contact, Conversation, Message

WEBHOOK_EVENTS = (
    "conversation_status_changed",
    "conversation_updated",
    "conversation_created",
    "contact_created",
    "contact_updated",
    "message_created",
    "message_updated",
    "webwidget_triggered",
    "inbox_created",
    "inbox_updated",
    "conversation_typing_on",
    "conversation_typing_off",
)
ANNOUNCED = ("status", "priority", "assignee_id", "team_id", "labels", "waiting_since",
            "first_reply_created_at", "snoozed_until", "custom_attributes")  # fmt: skip
"""Fields of a conversation whose change is announced as conversation_updated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a real service would tell its webhooks. Hard deletions tell nobody."""

    name: str
    row: Contact | Conversation | Message
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    """Field name to (previous, current)."""


def effects(conversation: Conversation, message: Message) -> dict[str, Any]:
    """What a new message changes in its conversation."""
    at = message.created_at
    changes: dict[str, Any] = {
        "last_activity_at": max(conversation.last_activity_at, at),
        "updated_at": max(conversation.updated_at, at),
    }
    if message.message_type == INCOMING:
        changes["waiting_since"] = conversation.waiting_since or at
        if conversation.status in {"resolved", "snoozed"}:
            changes |= {"status": "open", "snoozed_until": 0.0}
    if message.message_type == OUTGOING and not message.private:
        changes["waiting_since"] = 0.0
        changes["first_reply_created_at"] = conversation.first_reply_created_at or at
    if message.message_type == OUTGOING:
        changes["agent_last_seen_at"] = max(conversation.agent_last_seen_at, at)
    return changes


def differences(old: Any, new: Any, names: Iterable[str]) -> dict[str, tuple[Any, Any]]:
    """The named fields whose value differs, as (previous, current)."""
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
