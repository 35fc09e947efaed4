"""Contacts: the list knows only those with an e-mail, phone or identifier."""

from collections.abc import Callable, Mapping
from typing import Any

from mayak.sandbox.chatwoot import views
from mayak.sandbox.chatwoot.desk import Desk, invalid, not_found, rejected, to_i
from mayak.sandbox.chatwoot.filters import CONTACT_KEYS, matching
from mayak.sandbox.exchange import Reply
from mayak.sandbox.rows import Contact

PER_PAGE = 15
WRITABLE = ("name", "email", "phone_number", "identifier", "blocked")
ATTRIBUTES = ("additional_attributes", "custom_attributes")


def _additional(name: str) -> Callable[[Contact], Any]:
    return lambda row: row.additional_attributes.get(name)


SORTS: Mapping[str, Callable[[Contact], Any]] = {
    "name": lambda row: row.name.casefold() or None,
    "email": lambda row: row.email,
    "phone_number": lambda row: row.phone_number,
    "created_at": lambda row: row.created_at,
    "last_activity_at": lambda row: row.last_activity_at or None,
    "company_name": _additional("company_name"),
    "city": _additional("city"),
    "country": _additional("country"),
}


def index(desk: Desk) -> Reply:
    return _page(desk, [row for row in _all(desk) if row.resolved])


def search(desk: Desk) -> Reply:
    """Anybody, resolved or not; `count` is only that of this page, with `has_more`."""
    query = (desk.call.param("q") or "").strip().casefold()
    if not query:
        raise rejected("Specify search string with parameter q")
    found = [
        row
        for row in _all(desk)
        if any(query in (value or "").casefold() for value in _searched(row))
    ]
    found = _sorted(desk, found)
    start = (desk.page - 1) * PER_PAGE
    page = found[start : start + PER_PAGE]
    meta = {
        "count": len(page),
        "current_page": desk.call.param("page") or 1,
        "has_more": len(found) > start + PER_PAGE,
    }
    return Reply(body={"meta": meta, "payload": _rendered(desk, page)})


def filtered(desk: Desk) -> Reply:
    resolved = [row for row in _all(desk) if row.resolved]
    payload = desk.body().get("payload")
    return _page(
        desk, matching(resolved, payload, keys=CONTACT_KEYS, rows=desk.rows, at=desk.call.now)
    )


def show(desk: Desk) -> Reply:
    return Reply(body={"payload": _rendered(desk, [_contact(desk)])[0]})


def create(desk: Desk) -> Reply:
    """A contact and, with `inbox_id`, its place in that inbox."""
    body = desk.body()
    fields = _fields(desk, body, None)
    inbox_id = body.get("inbox_id")
    inbox = desk.rows.inboxes.get(to_i(str(inbox_id))) if inbox_id else None
    if inbox_id and inbox is None:
        raise not_found()
    row = desk.world.add_contact(account_id=desk.account_id, **{"name": "", **fields})
    place = None
    if inbox is not None:
        source = body.get("source_id") or views.source_id(row.id, inbox.id)
        place = {"source_id": source, "inbox": views.inbox(inbox)}
    contact = views.contact(desk.world, row)
    return Reply(body={"payload": {"contact": contact, "contact_inbox": place}})


def update(desk: Desk) -> Reply:
    """Attribute objects are merged into the old ones, everything else is replaced."""
    row = _contact(desk)
    fields = _fields(desk, desk.body(), row)
    for name in ATTRIBUTES:
        if name in fields:
            fields[name] = {**getattr(row, name), **fields[name]}
    row = desk.world.update_contact(row.id, **fields)
    return Reply(body={"payload": views.contact(desk.world, row)})


def destroy(desk: Desk) -> Reply:
    """Takes its conversations along, and no webhook tells of it."""
    desk.must_administrate()
    desk.world.delete_contact(_contact(desk).id)
    return Reply()


def conversations(desk: Desk) -> Reply:
    """The latest 20 of this contact that the user may see."""
    inboxes = desk.inboxes()
    found = [c for c in desk.rows.conversations_of(_contact(desk).id) if c.inbox_id in inboxes]
    found.sort(key=lambda c: (-c.last_activity_at, -c.display_id))
    return Reply(body={"payload": [views.conversation(desk.rows, row) for row in found[:20]]})


def merge(desk: Desk) -> Reply:
    """The mergee disappears; answered with the base contact, bare."""
    body = desk.body()
    base = desk.rows.contacts.get(to_i(str(body.get("base_contact_id"))))
    mergee = desk.rows.contacts.get(to_i(str(body.get("mergee_contact_id"))))
    if base is None or mergee is None or {base.account_id, mergee.account_id} != {desk.account_id}:
        raise not_found()
    if base.id == mergee.id:
        return Reply(body=views.contact(desk.world, base))
    merged = desk.world.merge_contacts(base.id, mergee.id)
    return Reply(body=views.contact(desk.world, merged))


def _all(desk: Desk) -> list[Contact]:
    return [row for row in desk.rows.contacts.values() if row.account_id == desk.account_id]


def _contact(desk: Desk) -> Contact:
    text = desk.call.path["contact_id"]
    row = desk.rows.contacts.get(int(text) if text.isdecimal() else 0)
    if row is None or row.account_id != desk.account_id:
        raise not_found()
    return row


def _searched(row: Contact) -> tuple[str | None, ...]:
    return row.name, row.email, row.phone_number, row.identifier


def _sorted(desk: Desk, found: list[Contact]) -> list[Contact]:
    """By `sort`, descending with a leading minus, unknown values always last; else by id."""
    found.sort(key=lambda row: row.id)
    asked = desk.call.param("sort") or ""
    key = SORTS.get(asked.removeprefix("-"))
    if key is None:
        return found
    known = [row for row in found if key(row) is not None]
    known.sort(key=key, reverse=asked.startswith("-"))
    return known + [row for row in found if key(row) is None]


def _page(desk: Desk, found: list[Contact]) -> Reply:
    found = _sorted(desk, found)
    page = found[(desk.page - 1) * PER_PAGE : desk.page * PER_PAGE]
    # current_page is echoed as it was sent, a string, and is the number 1 when it was not.
    meta = {"count": len(found), "current_page": desk.call.param("page") or 1}
    return Reply(body={"meta": meta, "payload": _rendered(desk, page)})


def _rendered(desk: Desk, page: list[Contact]) -> list[dict[str, Any]]:
    asked = desk.call.param("include_contact_inboxes")
    return [views.contact(desk.rows, row, with_inboxes=asked in {None, "true"}) for row in page]


def _fields(desk: Desk, body: Mapping[str, Any], old: Contact | None) -> dict[str, Any]:
    """The writable fields of a request. Raises Refused: 422 when a value is taken or malformed."""
    fields = {name: body[name] for name in WRITABLE if name in body}
    fields |= {name: body[name] for name in ATTRIBUTES if isinstance(body.get(name), dict)}
    for name in ("email", "phone_number", "identifier"):
        value = fields.get(name)
        if name in fields and not value:
            fields[name] = None
        taken = value and any(
            getattr(row, name) == value and (old is None or row.id != old.id) for row in _all(desk)
        )
        if taken:
            title = name.replace("_", " ").capitalize()
            raise invalid(f"{title} has already been taken", name)
    phone = fields.get("phone_number")
    if phone and not (str(phone).startswith("+") and str(phone)[1:].isdecimal()):
        raise invalid("Phone number should be in e164 format", "phone_number")
    email = fields.get("email")
    if email and "@" not in str(email):
        raise invalid("Email Invalid email", "email")
    return fields
