"""How events look in webhook bodies: not as in REST. Names for types, ISO for times."""

from typing import Any

from mayak.sandbox.chatwoot import views
from mayak.sandbox.events import Event
from mayak.sandbox.rows import ACTIVITY, MESSAGE_TYPES, Contact, Conversation, Message
from mayak.sandbox.store import Store

Row = dict[str, Any]


def payload(store: Store, event: Event) -> Row | None:
    """The body of a webhook, or None for events that Chatwoot keeps to itself."""
    row = event.row
    if isinstance(row, Message):
        if row.message_type == ACTIVITY:
            return None
        body = message(store, row)
    elif isinstance(row, Conversation):
        body = conversation(store, row)
    else:
        body = contact(store, row)
    if event.name.endswith(("updated", "changed")) and not isinstance(row, Message):
        body["changed_attributes"] = [
            {name: {"previous_value": _plain(old), "current_value": _plain(new)}}
            for name, (old, new) in event.changed.items()
        ]
    return {**body, "event": event.name}


def message(store: Store, row: Message) -> Row:
    inbox = store.inboxes.get(row.inbox_id)
    body: Row = {
        "account": account(store, row.account_id),
        "additional_attributes": row.extra.get("additional_attributes") or {},
        "content_attributes": row.content_attributes,
        "content_type": row.content_type,
        "content": row.content,
        "conversation": conversation(store, store.conversations[row.conversation_key]),
        "created_at": views.iso(row.created_at),
        "id": row.id,
        "inbox": {"id": row.inbox_id, "name": "" if inbox is None else inbox.name},
        "message_type": MESSAGE_TYPES[row.message_type],
        "private": row.private,
        "sender": _sender(store, row),
        "source_id": row.source_id,
    }
    if row.attachments:
        body["attachments"] = [dict(one) for one in row.attachments]
    return body


def conversation(store: Store, row: Conversation) -> Row:
    """Without uuid and account_id; the last message that is no note and no activity."""
    inbox = store.inboxes.get(row.inbox_id)
    sender = store.contacts.get(row.contact_id)
    assignee = store.agents.get(row.assignee_id or 0)
    team = store.teams.get(row.team_id or 0)
    said = (m for m in store.newest_first(row.key) if not m.private and m.message_type != ACTIVITY)
    last = next(said, None)
    return {
        "additional_attributes": row.additional_attributes,
        "can_reply": True,
        "channel": None if inbox is None else inbox.channel_type,
        "contact_inbox": {
            "contact_id": row.contact_id,
            "inbox_id": row.inbox_id,
            "source_id": views.source_id(row.contact_id, row.inbox_id),
            "hmac_verified": False,
        },
        "id": row.display_id,
        "inbox_id": row.inbox_id,
        "messages": [] if last is None else [views.embedded_message(store, last, row)],
        "labels": list(row.labels),
        "meta": {
            "sender": None if sender is None else views.contact_sender(sender),
            "assignee": None if assignee is None else views.user_sender(assignee),
            "assignee_type": None if assignee is None else "User",
            "team": None if team is None else views.team(team),
            "hmac_verified": False,
        },
        "status": row.status,
        "custom_attributes": row.custom_attributes,
        "snoozed_until": views.iso_or_none(row.snoozed_until),
        "unread_count": views.unread_count(store, row),
        "first_reply_created_at": views.iso_or_none(row.first_reply_created_at),
        "priority": row.priority,
        "waiting_since": int(row.waiting_since),
        "agent_last_seen_at": int(row.agent_last_seen_at),
        "contact_last_seen_at": int(row.contact_last_seen_at),
        "last_activity_at": int(row.last_activity_at),
        "timestamp": int(row.last_activity_at),
        "created_at": int(row.created_at),
        "updated_at": float(row.updated_at),
    }


def contact(store: Store, row: Contact) -> Row:
    """Without created_at."""
    return {
        "account": account(store, row.account_id),
        "additional_attributes": row.additional_attributes,
        "avatar": "",
        "custom_attributes": row.custom_attributes,
        "email": row.email,
        "id": row.id,
        "identifier": row.identifier,
        "name": row.name,
        "phone_number": row.phone_number,
        "thumbnail": "",
        "blocked": row.blocked,
    }


def account(store: Store, account_id: int) -> Row:
    return {"id": account_id, "name": store.accounts[account_id].name}


def _sender(store: Store, row: Message) -> Row | None:
    if row.sender_type == "Contact" and row.sender_id in store.contacts:
        return contact(store, store.contacts[row.sender_id])
    if row.sender_type == "User" and row.sender_id in store.agents:
        user = store.agents[row.sender_id]
        return {"id": user.id, "name": user.name, "email": user.email, "type": "user"}
    return views.sender_of(store, row)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
