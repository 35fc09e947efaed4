"""Messages of one conversation. Chosen by id, ordered by time: with imports these disagree."""

from collections.abc import Iterator
from itertools import islice

from mayak.sandbox.chatwoot import views
from mayak.sandbox.chatwoot.desk import Desk, not_found, rejected, to_i
from mayak.sandbox.exchange import Reply
from mayak.sandbox.rows import ACTIVITY, Message

LATEST, AFTER, BETWEEN = 20, 100, 1000


def index(desk: Desk) -> Reply:
    row = desk.conversation()
    contact = desk.rows.contacts.get(row.contact_id)
    assignee = desk.rows.agents.get(row.assignee_id or 0)
    meta = {
        "labels": list(row.labels),
        "additional_attributes": row.additional_attributes,
        "contact": None if contact is None else views.contact_sender(contact),
        "agent_last_seen_at": views.iso_or_none(row.agent_last_seen_at),
        "assignee_last_seen_at": views.iso_or_none(row.agent_last_seen_at),
    }
    if assignee is not None:
        meta["assignee"] = views.user_sender(assignee)
    return Reply(body={"meta": meta, "payload": views.all_messages(desk.rows, _page(desk))})


def create(desk: Desk) -> Reply:
    """Say something, as the user of the token or, in an API inbox, as the contact."""
    row = desk.conversation()
    body = desk.body()
    kind = body.get("message_type") or "outgoing"
    if kind not in {"incoming", "outgoing"}:
        raise rejected(f"'{kind}' is not a valid message_type")
    channel = desk.rows.inboxes[row.inbox_id].channel_type
    if kind == "incoming" and channel != "Channel::Api":
        raise rejected("Incoming messages are only allowed in Api inboxes")
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        raise rejected("Content must be a text")
    said = desk.world.add_message(
        row.display_id,
        content,
        message_type=kind,
        sender_id=desk.agent.id if kind == "outgoing" else row.contact_id,
        account_id=row.account_id,
        private=bool(body.get("private")),
        content_type=str(body.get("content_type") or "text"),
        content_attributes=body.get("content_attributes") or {},
        source_id=body.get("source_id"),
    )
    view = views.message(desk.world, said)
    if body.get("echo_id") is not None:
        view["echo_id"] = body["echo_id"]
    return Reply(body=view)


def destroy(desk: Desk) -> Reply:
    """The row stays as a tombstone."""
    row = desk.conversation()
    message = desk.rows.messages.get(to_i(desk.call.path["message_id"]))
    if message is None or message.conversation_key != row.key:
        raise not_found()
    deleted = desk.world.delete_message(message.id)
    return Reply(body=views.message(desk.world, deleted))


def _page(desk: Desk) -> list[Message]:
    """None: the latest 20. `before`: 20. `after`: 100. Both: 1000, and only then inclusive."""
    call, key = desk.call, desk.conversation().key
    internal = call.param("filter_internal_messages") is None
    after, before = call.param("after"), call.param("before")

    def visible(rows: Iterator[Message]) -> Iterator[Message]:
        return (m for m in rows if internal or not (m.private or m.message_type == ACTIVITY))

    oldest_first = visible(desk.rows.messages_of(key))
    newest_first = visible(desk.rows.newest_first(key))
    if after is not None and before is not None:
        low, high = to_i(after), to_i(before)
        return list(islice((m for m in oldest_first if low <= m.id < high), BETWEEN))
    if before is not None:
        high = to_i(before)
        return list(islice((m for m in newest_first if m.id < high), LATEST))[::-1]
    if after is not None:
        low = to_i(after)
        return list(islice((m for m in oldest_first if m.id > low), AFTER))
    return list(islice(newest_first, LATEST))[::-1]
