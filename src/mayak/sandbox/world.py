"""The World behind the local servers: its rows, its clock, and everything that may happen in it."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from mayak.sandbox.clock import Clock
from mayak.sandbox.events import ANNOUNCED, Event, differences, effects
from mayak.sandbox.faults import Faults
from mayak.sandbox.journal import Journal
from mayak.sandbox.openai.provider import Provider
from mayak.sandbox.rows import (
    ACTIVITY,
    INCOMING,
    MESSAGE_TYPES,
    Account,
    Agent,
    ClientProject,
    Contact,
    Conversation,
    ConversationKey,
    Inbox,
    Message,
    Role,
    SenderType,
    Status,
    Webhook,
)
from mayak.sandbox.store import Store

NAMESPACE = uuid.UUID("6f1d2a52-1f0a-5c1e-9d63-0f6f2b7c8a11")
DELETED_TEXT = "This message was deleted"


class UnknownRow(LookupError):
    """An edit named a row that does not exist."""


class World(Store):
    """One installation: rows, virtual clock, journal of calls, planned faults.

    Edits act like the real service: they move timestamps, reopen conversations and announce
    events to `listeners`. Everything is in memory and belongs to one process.
    """

    def __init__(
        self, clock: Clock | None = None, *, account_id: int = 1, account_name: str = "Sandbox"
    ) -> None:
        super().__init__()
        self.clock = clock or Clock()
        self.journal = Journal()
        self.faults = Faults(self.copy)
        self.projects: list[ClientProject] = []
        self.listeners: list[Callable[[Event], None]] = []
        self.linear_listeners: list[Callable[[Any], None]] = []
        self.attio_listeners: list[Callable[[Any], None]] = []
        self.last_bodies: dict[str, bytes] = {}
        """The latest answer of each list, for a page that is to be given twice."""
        self.openai = Provider()
        self.requests_per_minute = 3000
        """The limit of each client address; everything above is refused until the minute ends."""
        self.account_id = account_id
        self.accounts[account_id] = Account(id=account_id, name=account_name)
        self._sequences: dict[str, int] = {}

    def next_id(self, kind: str) -> int:
        """The next number of a sequence; numbers are never given twice, not even after deletion."""
        self._sequences[kind] = self._sequences.get(kind, 0) + 1
        return self._sequences[kind]

    def reserve_id(self, kind: str, used: int) -> None:
        """Make `next_id` continue after an id that came from elsewhere."""
        self._sequences[kind] = max(self._sequences.get(kind, 0), used)

    def add_inbox(
        self,
        *,
        name: str,
        channel_type: str = "Channel::Api",
        email: str | None = None,
        account_id: int | None = None,
    ) -> Inbox:
        row = Inbox(
            id=self.next_id("inbox"),
            account_id=self.account_id if account_id is None else account_id,
            name=name,
            channel_type=channel_type,
            email=email,
        )
        self.inboxes[row.id] = row
        return row

    def add_agent(
        self,
        *,
        name: str,
        email: str,
        token: str,
        role: Role = "agent",
        inbox_ids: Iterable[int] = (),
        account_id: int | None = None,
    ) -> Agent:
        """A user of the service; an agent sees the inboxes named here, an administrator all."""
        row = Agent(
            id=self.next_id("agent"),
            account_id=self.account_id if account_id is None else account_id,
            name=name,
            email=email,
            role=role,
            token=token,
            inbox_ids=frozenset(inbox_ids),
        )
        self.agents[row.id] = row
        return row

    def contact(self, contact_id: int) -> Contact:
        if contact_id not in self.contacts:
            raise UnknownRow(f"there is no contact {contact_id}")
        return self.contacts[contact_id]

    def conversation(self, display_id: int, *, account_id: int | None = None) -> Conversation:
        key = (self.account_id if account_id is None else account_id, display_id)
        if key not in self.conversations:
            raise UnknownRow(f"there is no conversation {display_id} in account {key[0]}")
        return self.conversations[key]

    def message(self, message_id: int) -> Message:
        if message_id not in self.messages:
            raise UnknownRow(f"there is no message {message_id}")
        return self.messages[message_id]

    # Contacts

    def add_contact(
        self,
        *,
        name: str,
        account_id: int | None = None,
        created_at: float | None = None,
        **fields: Any,
    ) -> Contact:
        """A new contact; `fields` are those of `Contact`. Raises TypeError for an unknown field."""
        row = Contact(
            id=self.next_id("contact"),
            account_id=self.account_id if account_id is None else account_id,
            name=name,
            created_at=self.clock.timestamp() if created_at is None else created_at,
            **fields,
        )
        self.put_contact(row)
        self._announce(Event(name="contact_created", row=row))
        return row

    def update_contact(self, contact_id: int, **changes: Any) -> Contact:
        """Change fields of a contact. The API shows no trace of when: only a webhook tells."""
        old = self.contact(contact_id)
        row = replace(old, **changes)
        changed = differences(old, row, changes)
        if changed:
            self.put_contact(row)
            self._announce(Event(name="contact_updated", row=row, changed=changed))
        return row

    def delete_contact(self, contact_id: int) -> None:
        """Gone for good, with its conversations and their messages, and without any event."""
        self.contact(contact_id)
        self.remove_contact(contact_id)

    def merge_contacts(self, base_id: int, mergee_id: int) -> Contact:
        """Move the mergee's conversations to the base, fill the base's gaps, delete the mergee."""
        base, mergee = self.contact(base_id), self.contact(mergee_id)
        if base_id == mergee_id:
            raise ValueError("a contact cannot be merged into itself")
        at = self.clock.timestamp()
        for conversation in self.conversations_of(mergee_id):
            # Moved row by row, as the real one does it: each is touched, and no event tells of it.
            self.put_conversation(replace(conversation, contact_id=base_id, updated_at=at))
            for message in tuple(self.messages_of(conversation.key)):
                if (message.sender_type, message.sender_id) == ("Contact", mergee_id):
                    self.put_message(replace(message, sender_id=base_id))
        self.remove_contact(mergee_id)
        filled = {
            name: getattr(mergee, name)
            for name in ("email", "phone_number", "identifier")
            if not getattr(base, name)
        }
        for name in ("custom_attributes", "additional_attributes"):
            filled[name] = {**getattr(mergee, name), **getattr(base, name)}
        return self.update_contact(base_id, **filled)

    # Conversations

    def add_conversation(
        self,
        *,
        inbox_id: int,
        contact_id: int,
        account_id: int | None = None,
        created_at: float | None = None,
        **fields: Any,
    ) -> Conversation:
        """A new, still empty conversation; `fields` are those of `Conversation`."""
        account_id = self.account_id if account_id is None else account_id
        self.contact(contact_id)
        if inbox_id not in self.inboxes:
            raise UnknownRow(f"there is no inbox {inbox_id}")
        at = self.clock.timestamp() if created_at is None else created_at
        display_id = self.next_id(f"conversation:{account_id}")
        row = Conversation(
            account_id=account_id,
            display_id=display_id,
            uuid=str(uuid.uuid5(NAMESPACE, f"{account_id}/{display_id}")),
            inbox_id=inbox_id,
            contact_id=contact_id,
            created_at=at,
            updated_at=at,
            last_activity_at=at,
            waiting_since=fields.pop("waiting_since", at),
            **fields,
        )
        self.put_conversation(row)
        self._announce(Event(name="conversation_created", row=row))
        return row

    def update_conversation(self, key: ConversationKey, **changes: Any) -> Conversation:
        """Change fields of a conversation and touch it, without counting as activity."""
        old = self.conversation(key[1], account_id=key[0])
        row = replace(old, **{"updated_at": self.clock.timestamp(), **changes})
        self.put_conversation(row)
        changed = differences(old, row, ANNOUNCED)
        if "status" in changed:
            self._announce(Event(name="conversation_status_changed", row=row, changed=changed))
        if changed:
            self._announce(Event(name="conversation_updated", row=row, changed=changed))
        return row

    def set_status(
        self,
        display_id: int,
        status: Status,
        *,
        snoozed_until: float = 0.0,
        by: str | None = None,
        account_id: int | None = None,
    ) -> Conversation:
        """Open, resolve, snooze... With `by` (a name) an activity row says who did it."""
        row = self.conversation(display_id, account_id=account_id)
        row = self.update_conversation(row.key, status=status, snoozed_until=snoozed_until)
        if by is not None:
            done = {"open": "reopened", "resolved": "marked resolved"}.get(status, status)
            self.add_message(
                display_id,
                f"Conversation was {done} by {by}",
                message_type="activity",
                account_id=row.account_id,
            )
        return self.conversations[row.key]

    def delete_conversation(self, display_id: int, *, account_id: int | None = None) -> None:
        """Gone for good, with its messages, and without any event."""
        self.remove_conversation(self.conversation(display_id, account_id=account_id).key)

    # Messages

    def add_message(
        self,
        display_id: int,
        content: str | None,
        *,
        message_type: str = "incoming",
        sender_id: int | None = None,
        account_id: int | None = None,
        created_at: float | None = None,
        **fields: Any,
    ) -> Message:
        """Say something in a conversation, now or at `created_at`.

        An incoming message comes from the contact, an outgoing one from user `sender_id`.
        A resolved or snoozed conversation is reopened by an incoming message. `fields` are
        those of `Message`, such as private=True for a note of the studio.
        """
        conversation = self.conversation(display_id, account_id=account_id)
        at = self.clock.timestamp() if created_at is None else created_at
        number = MESSAGE_TYPES.index(message_type)
        sender: tuple[SenderType | None, int | None] = (None, None)
        if number == INCOMING:
            sender = "Contact", conversation.contact_id if sender_id is None else sender_id
        elif number != ACTIVITY and sender_id is not None:
            sender = "User", sender_id
        row = Message(
            id=self.next_id("message"),
            account_id=conversation.account_id,
            inbox_id=conversation.inbox_id,
            conversation_id=display_id,
            message_type=number,
            content=content,
            sender_type=sender[0],
            sender_id=sender[1],
            created_at=at,
            updated_at=at,
            **fields,
        )
        self.put_message(row)
        self._announce(Event(name="message_created", row=row))
        self.update_conversation(conversation.key, **effects(conversation, row))
        speaker = self.contacts.get(row.sender_id or 0) if number == INCOMING else None
        if speaker is not None:
            heard = max(speaker.last_activity_at, at)
            self.put_contact(replace(speaker, last_activity_at=heard))
        return row

    def edit_message(self, message_id: int, content: str | None = None, **changes: Any) -> Message:
        """Change a message: its conversation is touched, but that is no activity."""
        old = self.message(message_id)
        if content is not None:
            changes["content"] = content
        row = replace(old, **{"updated_at": self.clock.timestamp(), **changes})
        self.put_message(row)
        self._announce(
            Event(name="message_updated", row=row, changed=differences(old, row, changes))
        )
        self.update_conversation(row.conversation_key)
        return row

    def delete_message(self, message_id: int) -> Message:
        """Leave a tombstone: the row stays, its text and attachments do not."""
        return self.edit_message(
            message_id,
            DELETED_TEXT,
            content_type="text",
            content_attributes={"deleted": True},
            attachments=(),
        )

    # Webhooks

    def add_webhook(
        self,
        *,
        url: str,
        subscriptions: tuple[str, ...],
        name: str | None = None,
        account_id: int | None = None,
    ) -> Webhook:
        id_ = self.next_id("webhook")
        row = Webhook(
            id=id_,
            account_id=self.account_id if account_id is None else account_id,
            url=url,
            name=name,
            subscriptions=subscriptions,
            secret=uuid.uuid5(NAMESPACE, f"webhook/{id_}").hex,
        )
        self.webhooks[id_] = row
        return row

    def _announce(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)
