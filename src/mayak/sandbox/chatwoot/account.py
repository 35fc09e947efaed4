"""What an account consists of besides its talk: inboxes, people, labels, webhooks, reports."""

from collections.abc import Iterator
from typing import Any

from mayak.sandbox.chatwoot import views
from mayak.sandbox.chatwoot.desk import Desk, forbidden, invalid, not_found, to_i
from mayak.sandbox.events import WEBHOOK_EVENTS
from mayak.sandbox.exchange import Reply
from mayak.sandbox.rows import OUTGOING, Conversation, Webhook

EVENTS_PER_PAGE = 25


def profile(desk: Desk) -> Reply:
    return Reply(body=views.profile(desk.rows, desk.agent))


def inboxes(desk: Desk) -> Reply:
    rows = sorted(desk.inboxes().values(), key=lambda row: row.name)
    return Reply(body={"payload": [views.inbox(row) for row in rows]})


def inbox(desk: Desk) -> Reply:
    id_ = to_i(desk.call.path["inbox_id"])
    if id_ not in desk.rows.inboxes:
        raise not_found()
    if id_ not in desk.inboxes():
        raise forbidden()
    return Reply(body=views.inbox(desk.rows.inboxes[id_]))


def agents(desk: Desk) -> Reply:
    """A bare array."""
    rows = [row for row in desk.rows.agents.values() if row.account_id == desk.account_id]
    return Reply(body=[views.agent(row) for row in sorted(rows, key=lambda row: row.name)])


def teams(desk: Desk) -> Reply:
    """A bare array."""
    rows = [row for row in desk.rows.teams.values() if row.account_id == desk.account_id]
    return Reply(body=[views.team(row) for row in sorted(rows, key=lambda row: row.name)])


def labels(desk: Desk) -> Reply:
    rows = [row for row in desk.rows.labels.values() if row.account_id == desk.account_id]
    return Reply(
        body={"payload": [views.label(row) for row in sorted(rows, key=lambda row: row.title)]}
    )


def custom_attributes(desk: Desk) -> Reply:
    """A bare array, of one model when `attribute_model` names it (0 conversation, 1 contact)."""
    models = {"0": "conversation_attribute", "1": "contact_attribute"}
    asked = desk.call.param("attribute_model")
    wanted = models.get(asked or "", asked)
    rows = [
        row
        for row in desk.rows.custom_attributes.values()
        if row.account_id == desk.account_id and wanted in {None, row.model}
    ]
    return Reply(body=[views.custom_attribute(row) for row in rows])


def webhooks(desk: Desk) -> Reply:
    desk.must_administrate()
    rows = [row for row in desk.rows.webhooks.values() if row.account_id == desk.account_id]
    return Reply(body={"payload": {"webhooks": [views.webhook(row) for row in rows]}})


def create_webhook(desk: Desk) -> Reply:
    desk.must_administrate()
    url, name, subscriptions = _webhook_fields(desk, None)
    row = desk.world.add_webhook(
        url=url, subscriptions=subscriptions, name=name, account_id=desk.account_id
    )
    return Reply(body={"payload": {"webhook": views.webhook(row)}})


def update_webhook(desk: Desk) -> Reply:
    desk.must_administrate()
    old = _webhook(desk)
    url, name, subscriptions = _webhook_fields(desk, old)
    row = Webhook(
        id=old.id,
        account_id=old.account_id,
        url=url,
        name=name,
        subscriptions=subscriptions,
        secret=old.secret,
    )
    desk.world.webhooks[row.id] = row
    return Reply(body={"payload": {"webhook": views.webhook(row)}})


def delete_webhook(desk: Desk) -> Reply:
    desk.must_administrate()
    del desk.world.webhooks[_webhook(desk).id]
    return Reply()


def reporting_events(desk: Desk) -> Reply:
    """First replies and resolutions between `since` and `until` (epoch seconds), newest first."""
    desk.must_administrate()
    since = to_i(desk.call.param("since"))
    until = to_i(desk.call.param("until")) or desk.call.now
    wanted = desk.call.param("name")
    inbox_id = to_i(desk.call.param("inbox_id"))
    found = [
        event
        for row in desk.rows.conversations.values()
        if row.account_id == desk.account_id and inbox_id in {0, row.inbox_id}
        for event in _events(desk, row)
        if since <= event["_at"] <= until and wanted in {None, event["name"]}
    ]
    found.sort(key=lambda event: (-event["_at"], event["id"]))
    pages = -(-len(found) // EVENTS_PER_PAGE)
    page = found[(desk.page - 1) * EVENTS_PER_PAGE : desk.page * EVENTS_PER_PAGE]
    payload = [{k: v for k, v in event.items() if k != "_at"} for event in page]
    meta = {"count": len(found), "current_page": desk.page, "total_pages": pages}
    return Reply(body={"meta": meta, "payload": payload})


def _events(desk: Desk, row: Conversation) -> Iterator[dict[str, Any]]:
    """What was measured about one conversation; ids follow from its own."""
    if row.first_reply_created_at:
        replies = (m for m in desk.rows.messages_of(row.key) if m.message_type == OUTGOING)
        first = next((m for m in replies if not m.private), None)
        user = None if first is None else first.sender_id
        yield _event("first_response", row, 2 * row.display_id, row.first_reply_created_at, user)
    if row.status == "resolved":
        at = row.last_activity_at
        yield _event("conversation_resolved", row, 2 * row.display_id + 1, at, row.assignee_id)


def _event(
    name: str, row: Conversation, id_: int, at: float, user_id: int | None
) -> dict[str, Any]:
    seconds = max(0.0, at - row.created_at)
    return {
        "_at": at,
        "id": id_,
        "name": name,
        "value": seconds,
        "value_in_business_hours": seconds,
        "event_start_time": views.iso(row.created_at),
        "event_end_time": views.iso(at),
        "account_id": row.account_id,
        "conversation_id": row.display_id,
        "inbox_id": row.inbox_id,
        "user_id": user_id,
        "created_at": views.iso(at),
        "updated_at": views.iso(at),
    }


def _webhook(desk: Desk) -> Webhook:
    row = desk.world.webhooks.get(to_i(desk.call.path["webhook_id"]))
    if row is None or row.account_id != desk.account_id:
        raise not_found()
    return row


def _webhook_fields(desk: Desk, old: Webhook | None) -> tuple[str, str | None, tuple[str, ...]]:
    """(url, name, subscriptions) of a request. Raises Refused: 422 where Chatwoot would."""
    body = desk.body()
    nested = body.get("webhook")
    body = nested if isinstance(nested, dict) else body
    url = str(body.get("url") or (old.url if old else ""))
    if not url.startswith(("http://", "https://")):
        raise invalid("Url is invalid", "url")
    rows = desk.world.webhooks.values()
    own = None if old is None else old.id
    if any(w.url == url and w.account_id == desk.account_id and w.id != own for w in rows):
        raise invalid("Url has already been taken", "url")
    asked = body.get("subscriptions", old.subscriptions if old else WEBHOOK_EVENTS)
    events = asked if isinstance(asked, list | tuple) else []
    if not events or set(events) - set(WEBHOOK_EVENTS):
        raise invalid("Subscriptions Invalid events", "subscriptions")
    name = body.get("name", old.name if old else None)
    return url, name, tuple(events)
