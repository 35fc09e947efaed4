"""A message as the mirror keeps it, and which messages may be read, searched and quoted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

AuthorKind = Literal["contact", "agent", "bot"]
MessageType = Literal["incoming", "outgoing", "activity", "template"]

TEXT_TEMPLATES = frozenset({None, "text"})
"""Content types of templates that somebody reads as words; the others are forms and surveys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    external_id: str
    conversation_id: str
    message_type: MessageType
    content_type: str | None
    content: str | None
    private: bool
    deleted: bool
    author: str | None
    author_kind: AuthorKind | None
    at: datetime
    synced_at: datetime


def is_public(message: Message) -> bool:
    """Whether a client could read this message: not a note, not deleted, not an activity row."""
    if message.private or message.deleted or not (message.content or "").strip():
        return False
    if message.message_type == "template":
        return message.content_type in TEXT_TEMPLATES
    return message.message_type in ("incoming", "outgoing")
