"""How rows look in REST answers. Defaults, then fields that came with an import, then facts."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mayak.sandbox.rows import (
    ACTIVITY,
    INCOMING,
    Agent,
    Contact,
    Conversation,
    CustomAttribute,
    Inbox,
    Label,
    Message,
    Team,
    Webhook,
)
from mayak.sandbox.store import Store

Row = dict[str, Any]
UNREAD_COUNTED = 10
"""Chatwoot looks at the last ten incoming messages only when it counts unread ones."""


def iso(at: float) -> str:
    """UTC with milliseconds, as Rails prints times: 2026-03-01T09:40:00.000Z."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def iso_or_none(at: float) -> str | None:
    return iso(at) if at else None


def conversation(store: Store, row: Conversation) -> Row:
    """One conversation, in lists and alone: only its last message is embedded."""
    last = next(store.newest_first(row.key), None)
    last_said = next((m for m in store.newest_first(row.key) if m.message_type != ACTIVITY), None)
    return {
        "assignee_last_seen_at": int(row.agent_last_seen_at),
        "can_reply": True,
        "muted": False,
        "sla_policy_id": None,
        **row.extra,
        "meta": conversation_meta(store, row),
        "id": row.display_id,
        "messages": [] if last is None else [embedded_message(store, last, row)],
        "account_id": row.account_id,
        "uuid": row.uuid,
        "additional_attributes": row.additional_attributes,
        "agent_last_seen_at": int(row.agent_last_seen_at),
        "contact_last_seen_at": int(row.contact_last_seen_at),
        "custom_attributes": row.custom_attributes,
        "inbox_id": row.inbox_id,
        "labels": list(row.labels),
        "snoozed_until": iso_or_none(row.snoozed_until),
        "status": row.status,
        "created_at": int(row.created_at),
        "updated_at": float(row.updated_at),
        "timestamp": int(row.last_activity_at),
        "first_reply_created_at": int(row.first_reply_created_at),
        "unread_count": unread_count(store, row),
        "last_non_activity_message": (
            None if last_said is None else embedded_message(store, last_said, row)
        ),
        "last_activity_at": int(row.last_activity_at),
        "priority": row.priority,
        "waiting_since": int(row.waiting_since),
    }


def conversation_meta(store: Store, row: Conversation) -> Row:
    inbox = store.inboxes.get(row.inbox_id)
    sender = store.contacts.get(row.contact_id)
    meta: Row = {
        "sender": {} if sender is None else contact(store, sender, with_inboxes=False),
        "channel": None if inbox is None else inbox.channel_type,
        "hmac_verified": False,
    }
    assignee = store.agents.get(row.assignee_id or 0)
    if assignee is not None:
        meta |= {"assignee": agent(assignee), "assignee_type": "User"}
    found = store.teams.get(row.team_id or 0)
    if found is not None:
        meta["team"] = team(found)
    return meta


def unread_count(store: Store, row: Conversation) -> int:
    """Incoming messages since the studio last looked, 10 at most."""
    incoming = (m for m in store.newest_first(row.key) if m.message_type == INCOMING)
    return sum(m.created_at > row.agent_last_seen_at for m in islice(incoming, UNREAD_COUNTED))


def message(store: Store, row: Message) -> Row:
    """A row of GET messages: no account_id and no updated_at; sender absent for activity."""
    view: Row = {
        **row.extra,
        "id": row.id,
        "content": row.content,
        "inbox_id": row.inbox_id,
        "conversation_id": row.conversation_id,
        "message_type": row.message_type,
        "content_type": row.content_type,
        "status": row.status,
        "content_attributes": row.content_attributes,
        "created_at": int(row.created_at),
        "private": row.private,
        "source_id": row.source_id,
    }
    if (sender := sender_of(store, row)) is not None:
        view["sender"] = sender
    if row.attachments:
        view["attachments"] = [dict(one) for one in row.attachments]
    return view


def embedded_message(store: Store, row: Message, within: Conversation) -> Row:
    """A message inside a conversation or a pushed event: raw columns, ISO updated_at."""
    view: Row = {
        "external_source_ids": {},
        "additional_attributes": {},
        "sentiment": {},
        **message(store, row),
        "account_id": row.account_id,
        "updated_at": iso(row.updated_at),
        "sender_type": row.sender_type,
        "sender_id": row.sender_id,
        "processed_message_content": row.content,
        "conversation": {
            "assignee_id": within.assignee_id,
            "unread_count": unread_count(store, within),
            "last_activity_at": int(within.last_activity_at),
            "contact_inbox": {"source_id": source_id(within.contact_id, within.inbox_id)},
        },
    }
    return view


def sender_of(store: Store, row: Message) -> Row | None:
    """Who said it, as pushed; None for activity rows and senders that are gone."""
    if row.sender_type == "Contact" and row.sender_id in store.contacts:
        return contact_sender(store.contacts[row.sender_id])
    if row.sender_type == "User" and row.sender_id in store.agents:
        return user_sender(store.agents[row.sender_id])
    imported = row.extra.get("sender")
    return imported if isinstance(imported, dict) and imported else None


def contact_sender(row: Contact) -> Row:
    return {
        "additional_attributes": row.additional_attributes,
        "custom_attributes": row.custom_attributes,
        "email": row.email,
        "id": row.id,
        "identifier": row.identifier,
        "name": row.name,
        "phone_number": row.phone_number,
        "thumbnail": "",
        "blocked": row.blocked,
        "type": "contact",
    }


def user_sender(row: Agent) -> Row:
    return {
        "id": row.id,
        "name": row.name,
        "available_name": row.name,
        "avatar_url": "",
        "type": "user",
        "availability_status": "offline",
        "thumbnail": "",
    }


def contact(store: Store, row: Contact, *, with_inboxes: bool = True) -> Row:
    """A contact. There is no updated_at anywhere; last_activity_at only when there was any."""
    view: Row = {
        "availability_status": "offline",
        "thumbnail": "",
        **row.extra,
        "additional_attributes": row.additional_attributes,
        "email": row.email,
        "id": row.id,
        "name": row.name,
        "phone_number": row.phone_number,
        "blocked": row.blocked,
        "identifier": row.identifier,
        "custom_attributes": row.custom_attributes,
        "created_at": int(row.created_at),
    }
    if row.last_activity_at:
        view["last_activity_at"] = int(row.last_activity_at)
    if with_inboxes:
        view["contact_inboxes"] = contact_inboxes(store, row)
    return view


def contact_inboxes(store: Store, row: Contact) -> list[Row]:
    ids = sorted({c.inbox_id for c in store.conversations_of(row.id)} & store.inboxes.keys())
    return [
        {
            "source_id": source_id(row.id, id_),
            "inbox": {
                "id": id_,
                "avatar_url": "",
                "channel_id": id_,
                "name": store.inboxes[id_].name,
                "channel_type": store.inboxes[id_].channel_type,
                "provider": None,
            },
        }
        for id_ in ids
    ]


def source_id(contact_id: int, inbox_id: int) -> str:
    """The channel's own name of a contact; stable, and different in each inbox."""
    return f"sandbox-{inbox_id}-{contact_id}"


def agent(row: Agent) -> Row:
    return {
        "availability_status": "offline",
        "auto_offline": True,
        "confirmed": True,
        "thumbnail": "",
        **row.extra,
        "id": row.id,
        "account_id": row.account_id,
        "email": row.email,
        "available_name": row.name,
        "name": row.name,
        "role": row.role,
    }


def profile(store: Store, row: Agent) -> Row:
    account = store.accounts[row.account_id]
    return {
        "id": row.id,
        "access_token": row.token,
        "account_id": row.account_id,
        "available_name": row.name,
        "avatar_url": "",
        "confirmed": True,
        "display_name": None,
        "message_signature": None,
        "email": row.email,
        "hmac_identifier": "",
        "inviter_id": None,
        "name": row.name,
        "provider": "email",
        "pubsub_token": f"pubsub-{row.id}",
        "custom_attributes": {},
        "role": row.role,
        "ui_settings": {},
        "uid": row.email,
        "type": None,
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "status": "active",
                "active_at": None,
                "role": row.role,
                "permissions": [row.role],
                "availability": "online",
                "availability_status": "offline",
                "auto_offline": True,
                "custom_role_id": None,
                "custom_role": None,
            }
        ],
    }


def inbox(row: Inbox) -> Row:
    view: Row = {
        "avatar_url": "",
        "channel_id": row.id,
        "greeting_enabled": False,
        "greeting_message": None,
        "working_hours_enabled": False,
        "enable_email_collect": True,
        "csat_survey_enabled": False,
        "enable_auto_assignment": True,
        "auto_assignment_config": {},
        "out_of_office_message": None,
        "working_hours": [],
        "timezone": "UTC",
        "callback_webhook_url": None,
        "allow_messages_after_resolved": True,
        "lock_to_single_conversation": False,
        "sender_name_type": "friendly",
        "business_name": None,
        **row.extra,
        "id": row.id,
        "name": row.name,
        "channel_type": row.channel_type,
    }
    if row.email is not None:
        view["email"] = row.email
    return view


def team(row: Team) -> Row:
    return {
        "id": row.id,
        "name": row.name.lower(),
        "description": "",
        "allow_auto_assign": True,
        "account_id": row.account_id,
        "is_member": False,
    }


def label(row: Label) -> Row:
    return {
        "description": None,
        "color": "#1f93ff",
        "show_on_sidebar": True,
        **row.extra,
        "id": row.id,
        "title": row.title,
    }


def custom_attribute(row: CustomAttribute) -> Row:
    return {
        "id": row.id,
        "attribute_display_name": row.name,
        "attribute_display_type": row.display_type,
        "attribute_description": "",
        "attribute_key": row.key,
        "regex_pattern": None,
        "regex_cue": None,
        "attribute_values": [],
        "attribute_model": row.model,
        "default_value": None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.created_at),
    }


def webhook(row: Webhook) -> Row:
    """With its secret: only administrators may see webhooks at all."""
    return {
        "id": row.id,
        "url": row.url,
        "name": row.name,
        "account_id": row.account_id,
        "subscriptions": list(row.subscriptions),
        "secret": row.secret,
    }


def all_messages(store: Store, rows: Iterable[Message]) -> list[Row]:
    return [message(store, row) for row in rows]
