"""Conversations: lists, counts, one alone, labels and status."""

from collections.abc import Callable
from typing import Any, cast, get_args

from mayak.sandbox.chatwoot import views
from mayak.sandbox.chatwoot.desk import Desk, not_found, rejected, to_i
from mayak.sandbox.chatwoot.filters import CONVERSATION_KEYS, matching
from mayak.sandbox.exchange import Reply
from mayak.sandbox.rows import ACTIVITY, Conversation, Status
from mayak.sandbox.store import Store

PER_PAGE = 25
PRIORITIES = {None: 0, "low": 1, "medium": 2, "high": 3, "urgent": 4}
LAST = float("inf")

SortKey = Callable[[Conversation], tuple[float, ...]]
SORTS: dict[str, SortKey] = {
    "last_activity_at_asc": lambda c: (c.last_activity_at, c.display_id),
    "last_activity_at_desc": lambda c: (-c.last_activity_at, -c.display_id),
    "created_at_asc": lambda c: (c.created_at, c.display_id),
    "created_at_desc": lambda c: (-c.created_at, -c.display_id),
    "priority_asc": lambda c: (PRIORITIES[c.priority] or LAST, -c.last_activity_at),
    "priority_desc": lambda c: (-PRIORITIES[c.priority], -c.last_activity_at),
    "waiting_since_asc": lambda c: (c.waiting_since or LAST, c.created_at),
    "waiting_since_desc": lambda c: (-c.waiting_since, c.created_at),
}
SORTS |= {
    "latest": SORTS["last_activity_at_desc"],
    "sort_on_created_at": SORTS["created_at_asc"],
    "sort_on_priority": SORTS["priority_desc"],
    "sort_on_waiting_since": SORTS["waiting_since_asc"],
}
DEFAULT_SORT = SORTS["last_activity_at_desc"]


def index(desk: Desk) -> Reply:
    """25 a page; but `updated_within` gives everything at once and does not look at `page`."""
    found = _found(desk)
    meta = _counts(desk, found)
    found = _of_assignee(desk, found, desk.call.param("assignee_type"))
    found.sort(key=SORTS.get(desk.call.param("sort_by") or "", DEFAULT_SORT))
    within = desk.call.param("updated_within")
    if within is not None:
        since = desk.call.now - to_i(within)
        found = [row for row in found if row.updated_at > since]
    else:
        found = found[(desk.page - 1) * PER_PAGE : desk.page * PER_PAGE]
    payload = [views.conversation(desk.rows, row) for row in found]
    return Reply(body={"data": {"meta": meta, "payload": payload}})


def meta(desk: Desk) -> Reply:
    return Reply(body={"meta": _counts(desk, _found(desk))})


def filtered(desk: Desk) -> Reply:
    """Like the list but in another envelope: without `data`."""
    visible = _visible(desk)
    found = matching(
        visible,
        desk.body().get("payload"),
        keys=CONVERSATION_KEYS,
        rows=desk.rows,
        at=desk.call.now,
    )
    counts = _counts(desk, found)
    found.sort(key=DEFAULT_SORT)
    page = found[(desk.page - 1) * PER_PAGE : desk.page * PER_PAGE]
    return Reply(
        body={"meta": counts, "payload": [views.conversation(desk.rows, row) for row in page]}
    )


def show(desk: Desk) -> Reply:
    return Reply(body=views.conversation(desk.rows, desk.conversation()))


def create(desk: Desk) -> Reply:
    body = desk.body()
    contact = desk.rows.contacts.get(to_i(str(body.get("contact_id"))))
    inbox_id = to_i(str(body.get("inbox_id")))
    if contact is None or inbox_id not in desk.inboxes():
        raise not_found()
    row = desk.world.add_conversation(
        account_id=desk.account_id,
        inbox_id=inbox_id,
        contact_id=contact.id,
        status=_status(body.get("status") or "open"),
        assignee_id=body.get("assignee_id"),
        additional_attributes=body.get("additional_attributes") or {},
        custom_attributes=body.get("custom_attributes") or {},
    )
    first = body.get("message")
    if isinstance(first, dict) and first.get("content"):
        desk.world.add_message(
            row.display_id,
            str(first["content"]),
            message_type="outgoing",
            sender_id=desk.agent.id,
            account_id=desk.account_id,
        )
    return Reply(body=views.conversation(desk.world, desk.world.conversations[row.key]))


def destroy(desk: Desk) -> Reply:
    """A hard delete that no webhook tells of."""
    desk.must_administrate()
    row = desk.conversation()
    desk.world.delete_conversation(row.display_id, account_id=row.account_id)
    return Reply()


def toggle_status(desk: Desk) -> Reply:
    row = desk.conversation()
    asked = desk.body().get("status")
    turned: Status = "open" if row.status == "resolved" else "resolved"
    row = desk.world.set_status(
        row.display_id,
        turned if asked is None else _status(asked),
        by=desk.agent.name,
        account_id=row.account_id,
    )
    state = {"success": True, "conversation_id": row.display_id, "current_status": row.status}
    return Reply(body={"meta": {}, "payload": {**state, "snoozed_until": None}})


def labels(desk: Desk) -> Reply:
    return Reply(body={"payload": list(desk.conversation().labels)})


def set_labels(desk: Desk) -> Reply:
    """Replaces all labels of the conversation."""
    row = desk.conversation()
    wanted = desk.body().get("labels")
    if not isinstance(wanted, list):
        raise rejected("param is missing or the value is empty: labels")
    titles = tuple(dict.fromkeys(str(title) for title in wanted))
    desk.world.update_conversation(row.key, labels=titles)
    return Reply(body={"payload": list(titles)})


def _visible(desk: Desk) -> list[Conversation]:
    inboxes = desk.inboxes()
    return [
        row
        for row in desk.rows.conversations.values()
        if row.account_id == desk.account_id and row.inbox_id in inboxes
    ]


def _found(desk: Desk) -> list[Conversation]:
    """What the query asks for, before `assignee_type`. Without `status` only open ones."""
    call = desk.call
    found = _visible(desk)
    if inbox_id := call.param("inbox_id"):
        found = [row for row in found if row.inbox_id == to_i(inbox_id)]
    status = call.param("status") or "open"
    if status != "all" and call.param("q") is None:
        found = [row for row in found if row.status == status]
    if team_id := call.param("team_id"):
        found = [row for row in found if row.team_id == to_i(team_id)]
    wanted = set(call.query.get("labels[]", []) + call.query.get("labels", []))
    if wanted:
        found = [row for row in found if wanted & set(row.labels)]
    if query := call.param("q"):
        found = [row for row in found if _mentions(desk.rows, row, query.casefold())]
    return found


def _mentions(store: Store, row: Conversation, query: str) -> bool:
    return any(
        query in (message.content or "").casefold()
        for message in store.messages_of(row.key)
        if message.message_type < ACTIVITY
    )


def _counts(desk: Desk, found: list[Conversation]) -> dict[str, int]:
    unassigned = sum(row.assignee_id is None for row in found)
    return {
        "mine_count": sum(row.assignee_id == desk.agent.id for row in found),
        "assigned_count": len(found) - unassigned,
        "unassigned_count": unassigned,
        "all_count": len(found),
    }


def _of_assignee(desk: Desk, found: list[Conversation], kind: str | None) -> list[Conversation]:
    match kind:
        case "me":
            return [row for row in found if row.assignee_id == desk.agent.id]
        case "unassigned":
            return [row for row in found if row.assignee_id is None]
        case "assigned":
            return [row for row in found if row.assignee_id is not None]
        case _:
            return found


def _status(value: Any) -> Status:
    if value not in get_args(Status):
        raise rejected(f"'{value}' is not a valid status")
    return cast("Status", value)
