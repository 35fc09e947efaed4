"""Rows of the mirror as LightRAG reads them, and which of them may be searched and quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

RecordType = Literal[
    "chatwoot_message",
    "chatwoot_conversation",
    "chatwoot_contact",
    "linear_issue",
    "linear_comment",
    "linear_project",
    "attio_company",
    "attio_person",
    "attio_deal",
    "attio_note",
    "attio_task",
    "dataset_text",
]
"""What can be quoted: one row of a mirror each."""
DocumentType = Literal[
    "chatwoot_conversation",
    "chatwoot_contact",
    "linear_issue",
    "linear_project",
    "attio_company",
    "attio_person",
    "attio_deal",
    "dataset_text",
]
"""What is cut into chunks as a whole: a conversation with its messages, an issue with its
comments, an entity of the CRM with its notes and tasks. `dataset_text` is a text of an evaluation.
"""
RecordKey = tuple[RecordType, str]
"""A kind of record and its external id."""
DocumentKey = tuple[DocumentType, str]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The texts of one row that can be quoted, by field, as the mirror has them now."""

    key: RecordKey
    document: DocumentKey
    """Where its words are searched: the conversation of a message, the issue of a comment."""
    title: str | None
    """What people call the document: the subject of a talk, the key and title of an issue."""
    fields: Mapping[str, str]
    """Values that are not text (an amount, a date, the name of a state) as they are shown."""
    author: str | None
    author_kind: AuthorKind | None
    at: datetime
    """When it was said, or last changed at the source."""
    synced_at: datetime
    public: bool
    """Whether it may be searched and quoted: it still exists, and it is the team's own or, in a
    talk, what a client could read.
    """
    url: str | None = None
    """Its own page, where the source tells it; see `links` for the others."""


def record_of(message: Message, subject: str | None) -> Record:
    """A message as a record: its content is its only field."""
    return Record(
        key=("chatwoot_message", message.external_id),
        document=("chatwoot_conversation", message.conversation_id),
        title=subject,
        fields={"content": message.content or ""},
        author=message.author,
        author_kind=message.author_kind,
        at=message.at,
        synced_at=message.synced_at,
        public=is_public(message),
    )


def is_public(message: Message) -> bool:
    """Whether a client could read this message: not a note, not deleted, not an activity row."""
    if message.private or message.deleted or not (message.content or "").strip():
        return False
    if message.message_type == "template":
        return message.content_type in TEXT_TEMPLATES
    return message.message_type in ("incoming", "outgoing")
