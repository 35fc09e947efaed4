"""Rows of a foreign export, one by one, into a World; whatever they leave out is filled in."""

import uuid
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args

from mayak.sandbox.clock import Clock
from mayak.sandbox.rows import (
    ACTIVITY,
    INCOMING,
    MESSAGE_TYPES,
    Account,
    Agent,
    Contact,
    Conversation,
    Inbox,
    Label,
    Message,
    Priority,
    Role,
    SenderType,
    Status,
)
from mayak.sandbox.telling import ADMIN_TOKEN, AGENT_TOKEN, OBSERVER
from mayak.sandbox.world import NAMESPACE, World

Row = Mapping[str, Any]
SENDERS: dict[str, SenderType] = {
    "contact": "Contact",
    "user": "User",
    "agent": "User",
    "agentbot": "AgentBot",
    "agent_bot": "AgentBot",
}
DERIVED = {
    "meta", "messages", "last_non_activity_message", "unread_count", "timestamp",
    "contact_inboxes", "sender", "attachments", "conversation", "processed_message_content",
}  # fmt: skip
"""Parts of a row that the sandbox works out again, so that edits stay consistent."""


class Importer:
    """Takes agents, inboxes, labels, contacts, conversations and messages, in this order."""

    def __init__(self, clock: Clock, *, account_id: int) -> None:
        """Rows that name no account belong to `account_id`."""
        self._account_id = account_id
        self._world = World(clock, account_id=account_id, account_name="Imported")

    def take(self, kind: str, row: Row) -> None:
        """Add one row. Raises KeyError, TypeError or ValueError, saying what is wrong."""
        getattr(self, f"_{kind}")(row)

    def finish(self) -> World:
        """The World, with tokens; ids go on after the greatest that came."""
        world, account_id = self._world, self._account_id
        for kind, ids in (
            ("agent", world.agents),
            ("inbox", world.inboxes),
            ("label", world.labels),
            ("contact", world.contacts),
            ("message", world.messages),
        ):
            world.reserve_id(kind, max(ids, default=0))
        for account, display_id in world.conversations:
            world.reserve_id(f"conversation:{account}", display_id)
        self._hand_out_tokens(account_id)
        return world

    def _hand_out_tokens(self, account_id: int) -> None:
        world = self._world
        own = [row for row in world.agents.values() if row.account_id == account_id]
        admin = next((row for row in own if row.role == "administrator"), None)
        if admin is None:
            admin = self._hire("Sandbox Administrator", "administrator", account_id, frozenset())
        world.agents[admin.id] = replace(admin, token=ADMIN_TOKEN)
        first = sorted(row.id for row in world.inboxes.values() if row.account_id == account_id)
        observer = self._hire(OBSERVER, "agent", account_id, frozenset(first[:1]))
        world.agents[observer.id] = replace(observer, token=AGENT_TOKEN)

    def _hire(self, name: str, role: Any, account_id: int, inbox_ids: frozenset[int]) -> Agent:
        id_ = self._world.next_id("agent")
        email = f"agent-{id_}@sandbox.example"
        return Agent(
            id=id_, account_id=account_id, name=name, email=email, role=role, inbox_ids=inbox_ids
        )

    def _account(self, row: Row) -> int:
        given = row.get("account_id")
        account_id = _integer(given, "account_id") if given else self._account_id
        self._world.accounts.setdefault(account_id, Account(id=account_id, name="Imported"))
        return account_id

    def _agents(self, row: Row) -> None:
        id_ = _integer(row["id"], "id")
        self._world.agents[id_] = Agent(
            id=id_,
            account_id=self._account(row),
            name=str(row.get("name") or row.get("available_name") or f"Agent {id_}"),
            email=str(row.get("email") or f"agent-{id_}@sandbox.example"),
            role=_choice(row.get("role") or "agent", get_args(Role), "role"),
            extra=_rest(row, Agent),
        )

    def _inboxes(self, row: Row) -> None:
        id_ = _integer(row["id"], "id")
        self._world.inboxes[id_] = Inbox(
            id=id_,
            account_id=self._account(row),
            name=str(row.get("name") or f"Inbox {id_}"),
            channel_type=str(row.get("channel_type") or "Channel::Api"),
            email=row.get("email"),
            extra=_rest(row, Inbox),
        )

    def _labels(self, row: Row) -> None:
        id_ = _integer(row["id"], "id") if "id" in row else len(self._world.labels) + 1
        self._world.labels[id_] = Label(
            id=id_, account_id=self._account(row), title=str(row["title"]), extra=_rest(row, Label)
        )

    def _contacts(self, row: Row) -> None:
        id_ = _integer(row["id"], "id")
        self._world.put_contact(
            Contact(
                id=id_,
                account_id=self._account(row),
                name=str(row.get("name") or ""),
                email=row.get("email") or None,
                phone_number=row.get("phone_number") or None,
                identifier=row.get("identifier") or None,
                blocked=bool(row.get("blocked")),
                custom_attributes=row.get("custom_attributes") or {},
                additional_attributes=row.get("additional_attributes") or {},
                created_at=_time(row.get("created_at"), "created_at"),
                last_activity_at=_time(row.get("last_activity_at"), "last_activity_at"),
                extra=_rest(row, Contact),
            )
        )

    def _conversations(self, row: Row) -> None:
        display_id = _integer(row["id"], "id")
        inbox_id = _integer(row["inbox_id"], "inbox_id")
        account_id = self._account(row)
        if (account_id, display_id) in self._world.conversations:
            raise ValueError(f"conversation {display_id} was there already")
        meta = row.get("meta") or {}
        contact_id = self._contact_of(row, meta, account_id)
        self._infer_inbox(inbox_id, account_id, meta.get("channel"))
        created = _time(row.get("created_at"), "created_at")
        active = _time(row.get("last_activity_at") or row.get("timestamp"), "last_activity_at")
        assignee = meta.get("assignee") or {}
        self._infer_agent(assignee, account_id)
        self._world.put_conversation(
            Conversation(
                account_id=account_id,
                display_id=display_id,
                uuid=str(row.get("uuid") or uuid.uuid5(NAMESPACE, f"{account_id}/{display_id}")),
                inbox_id=inbox_id,
                contact_id=contact_id,
                assignee_id=assignee.get("id"),
                team_id=(meta.get("team") or {}).get("id"),
                status=_choice(row.get("status") or "open", get_args(Status), "status"),
                priority=_choice(row.get("priority"), get_args(Priority), "priority"),
                labels=tuple(str(title) for title in row.get("labels") or ()),
                custom_attributes=row.get("custom_attributes") or {},
                additional_attributes=row.get("additional_attributes") or {},
                created_at=created,
                updated_at=_time(row.get("updated_at"), "updated_at") or active or created,
                last_activity_at=active or created,
                **{
                    name: _time(row.get(name), name)
                    for name in (
                        "first_reply_created_at",
                        "waiting_since",
                        "agent_last_seen_at",
                        "contact_last_seen_at",
                        "snoozed_until",
                    )
                },
                extra=_rest(row, Conversation),
            )
        )
        for message in row.get("messages") or ():
            self._message(message, account_id, display_id, replace_known=False)

    def _messages(self, row: Row) -> None:
        display_id = _integer(row["conversation_id"], "conversation_id")
        self._message(row, self._account(row), display_id, replace_known=True)

    def _message(self, row: Row, account_id: int, display_id: int, *, replace_known: bool) -> None:
        """Take a message, whole from its own file or, until then, embedded in its conversation."""
        conversation = self._world.conversations.get((account_id, display_id))
        if conversation is None:
            raise ValueError(f"conversation_id {display_id} is not in conversations.jsonl")
        id_ = _integer(row["id"], "id")
        known = self._world.messages.get(id_)
        if known is not None and not replace_known:
            return
        if known is not None and known.conversation_key != conversation.key:
            raise ValueError(f"message {id_} belongs to conversation {known.conversation_id} too")
        kind = _message_type(row.get("message_type", INCOMING))
        sender_type, sender_id = self._sender(row, kind, conversation)
        created = _time(row.get("created_at"), "created_at") or conversation.created_at
        content = row.get("content")
        if content is not None and not isinstance(content, str):
            raise ValueError(f"content must be a text or null, not {type(content).__name__}")
        extra = _rest(row, Message)
        if sender_type == "AgentBot" and row.get("sender"):
            extra["sender"] = row["sender"]
        self._world.put_message(
            Message(
                id=id_,
                account_id=account_id,
                inbox_id=conversation.inbox_id,
                conversation_id=display_id,
                message_type=kind,
                content=content,
                content_type=str(row.get("content_type") or "text"),
                content_attributes=row.get("content_attributes") or {},
                private=bool(row.get("private")),
                status=str(row.get("status") or "sent"),
                source_id=row.get("source_id"),
                sender_type=sender_type,
                sender_id=sender_id,
                attachments=tuple(row.get("attachments") or ()),
                created_at=created,
                updated_at=_time(row.get("updated_at"), "updated_at") or created,
                extra=extra,
            )
        )

    def _sender(
        self, row: Row, kind: int, conversation: Conversation
    ) -> tuple[SenderType | None, int | None]:
        sender = row.get("sender") or {}
        name = str(row.get("sender_type") or sender.get("type") or "").lower()
        id_ = row.get("sender_id") or sender.get("id")
        if not name and id_ is None:
            by_contact = kind == INCOMING
            return ("Contact", conversation.contact_id) if by_contact else (None, None)
        fallback: SenderType = "Contact" if kind == INCOMING else "User"
        sender_type = SENDERS.get(name, fallback) if kind != ACTIVITY or name else None
        if sender_type == "Contact" and sender.get("id") and id_ not in self._world.contacts:
            self._contacts({"created_at": conversation.created_at, **sender})
        if sender_type == "User":
            self._infer_agent(sender, conversation.account_id)
        return sender_type, None if id_ is None else _integer(id_, "sender_id")

    def _contact_of(self, row: Row, meta: Row, account_id: int) -> int:
        sender = meta.get("sender") or {}
        given = sender.get("id") or row.get("contact_id")
        if given is None:
            raise ValueError("meta.sender.id is missing: whose conversation is this?")
        contact_id = _integer(given, "meta.sender.id")
        if contact_id not in self._world.contacts:
            known = {"account_id": account_id, "created_at": row.get("created_at")}
            self._contacts({**known, **sender, "id": contact_id})
        return contact_id

    def _infer_inbox(self, inbox_id: int, account_id: int, channel: Any) -> None:
        if inbox_id not in self._world.inboxes:
            self._inboxes({"id": inbox_id, "account_id": account_id, "channel_type": channel})

    def _infer_agent(self, raw: Row, account_id: int) -> None:
        if raw.get("id") and raw["id"] not in self._world.agents:
            known = ("id", "name", "available_name", "email", "role")
            self._agents({"account_id": account_id, **{k: raw[k] for k in known if k in raw}})


def _rest(row: Row, kind: type) -> dict[str, Any]:
    """What of a row has no place of its own in `kind`."""
    own = {field.name for field in fields(kind)} | DERIVED | {"type"}
    return {name: value for name, value in row.items() if name not in own or name == "extra"}


def _integer(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isdecimal():
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    return int(value)


def _time(value: Any, name: str) -> float:
    """Epoch seconds of a number or an ISO string (UTC without a zone); 0.0 for null."""
    if value is None or value == "":
        return 0.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"{name} is neither epoch seconds nor an ISO time: {value!r}") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _message_type(value: Any) -> int:
    if value in MESSAGE_TYPES:
        return MESSAGE_TYPES.index(value)
    known = [str(number) for number in range(len(MESSAGE_TYPES))]
    if isinstance(value, int | str) and str(value) in known:
        return int(value)
    raise ValueError(f"message_type {value!r} is none of 0..3 or {', '.join(MESSAGE_TYPES)}")


def _choice(value: Any, allowed: tuple[str, ...], name: str) -> Any:
    if value is not None and value not in allowed:
        raise ValueError(f"{name} {value!r} is not one of {', '.join(allowed)}")
    return value
