"""What a World is made of. Rows are immutable, so that an old copy of a World stays old.

Times are seconds since the epoch as floats; 0.0 means "never". `extra` holds fields of an
imported row that the sandbox itself does not use; they are served back as they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Mapping[str, Any]
Role = Literal["administrator", "agent"]
Status = Literal["open", "resolved", "pending", "snoozed"]
Priority = Literal["low", "medium", "high", "urgent"]
SenderType = Literal["Contact", "User", "AgentBot"]

ConversationKey = tuple[int, int]
"""(account id, display id): what the API calls the id of a conversation is unique per account."""

INCOMING, OUTGOING, ACTIVITY, TEMPLATE = 0, 1, 2, 3
MESSAGE_TYPES = ("incoming", "outgoing", "activity", "template")
"""Names of the message types; the position is the number used in REST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    id: int
    account_id: int
    name: str
    email: str
    role: Role = "agent"
    token: str = ""
    """The `api_access_token` of this user; empty when the user has none."""
    inbox_ids: frozenset[int] = frozenset()
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    id: int
    account_id: int
    name: str
    channel_type: str
    """As Chatwoot spells it: Channel::Email, Channel::WebWidget, Channel::Telegram..."""
    email: str | None = None
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    id: int
    account_id: int
    name: str
    member_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    id: int
    account_id: int
    title: str
    extra: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAttribute:
    id: int
    account_id: int
    key: str
    name: str
    model: Literal["conversation_attribute", "contact_attribute"]
    display_type: str = "text"
    created_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    id: int
    account_id: int
    url: str
    name: str | None
    subscriptions: tuple[str, ...]
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    id: int
    account_id: int
    name: str
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    blocked: bool = False
    custom_attributes: Json = field(default_factory=dict)
    additional_attributes: Json = field(default_factory=dict)
    created_at: float
    last_activity_at: float = 0.0
    extra: Json = field(default_factory=dict)

    @property
    def resolved(self) -> bool:
        """Known by e-mail, phone or identifier. Others are missing from the contact list."""
        return bool(self.email or self.phone_number or self.identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    account_id: int
    display_id: int
    uuid: str
    inbox_id: int
    contact_id: int
    assignee_id: int | None = None
    team_id: int | None = None
    status: Status = "open"
    priority: Priority | None = None
    labels: tuple[str, ...] = ()
    custom_attributes: Json = field(default_factory=dict)
    additional_attributes: Json = field(default_factory=dict)
    created_at: float
    updated_at: float
    """Touched by every change of the conversation or of one of its messages."""
    last_activity_at: float
    """Moves only when a message is added."""
    first_reply_created_at: float = 0.0
    waiting_since: float = 0.0
    agent_last_seen_at: float = 0.0
    contact_last_seen_at: float = 0.0
    snoozed_until: float = 0.0
    extra: Json = field(default_factory=dict)

    @property
    def key(self) -> ConversationKey:
        return self.account_id, self.display_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    id: int
    account_id: int
    inbox_id: int
    conversation_id: int
    """The display id of the conversation."""
    message_type: int
    content: str | None
    content_type: str = "text"
    content_attributes: Json = field(default_factory=dict)
    private: bool = False
    status: str = "sent"
    source_id: str | None = None
    sender_type: SenderType | None = None
    sender_id: int | None = None
    attachments: tuple[Json, ...] = ()
    created_at: float
    updated_at: float
    extra: Json = field(default_factory=dict)

    @property
    def conversation_key(self) -> ConversationKey:
        return self.account_id, self.conversation_id

    @property
    def deleted(self) -> bool:
        return bool(self.content_attributes.get("deleted"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProject:
    """One client of the studio: what a project of the product is bound to."""

    slug: str
    name: str
    time_zone: str
    inbox_ids: tuple[int, ...]
    linear_team_ids: tuple[str, ...] = ()
    attio_company_ids: tuple[str, ...] = ()
