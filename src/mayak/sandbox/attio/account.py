"""The workspace over the API: the token itself, objects, attributes, lists, members, webhooks."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mayak.sandbox.attio import views
from mayak.sandbox.attio.announcing import EVENT_TYPES
from mayak.sandbox.attio.desk import Desk, conflict, invalid, not_found, token_of, unauthorized
from mayak.sandbox.attio.rows import WORKSPACE_ID, Hook, Subscription
from mayak.sandbox.exchange import Call, Reply

ATTRIBUTES = (500, 500)
HOOKS = (10, 100)
"""Rows on a page by default and at most."""
INACTIVE_AFTER = 7 * 86_400.0
"""Seconds after which a webhook that cannot be reached is no longer tried."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EPOCH = 1_700_000_000


def whoami(desk: Desk) -> Reply:
    """What the token may do. It needs no scope."""
    rows, token = desk.rows, desk.token
    return Reply(
        body={
            "active": True,
            "scope": " ".join(desk.scopes()),
            "client_id": token.id,
            "token_type": "Bearer",
            "exp": None,
            "iat": EPOCH,
            "sub": WORKSPACE_ID,
            "aud": token.id,
            "iss": "attio.com",
            "authorized_by_workspace_member_id": next(iter(rows.members), None),
            "workspace_id": WORKSPACE_ID,
            "workspace_name": rows.workspace_name,
            "workspace_slug": rows.workspace_slug,
            "workspace_logo_url": None,
        }
    )


def whoami_anyway(call: Call) -> Reply | None:
    """A token that is unknown or revoked is told so with 200; None for one that works.

    Raises Refused with 401 when there is no token at all.
    """
    token = token_of(call)
    if token is not None and token.active:
        return None
    if not call.headers.get("authorization"):
        raise unauthorized()
    return Reply(body={"active": False})


def objects(desk: Desk) -> Reply:
    desk.must("object_configuration:read")
    kinds = [row for row in desk.rows.objects.values() if desk.sees(row)]
    return Reply(body={"data": [views.object_type(row) for row in kinds]})


def show_object(desk: Desk) -> Reply:
    desk.must("object_configuration:read")
    return Reply(body={"data": views.object_type(desk.kind())})


def attributes(desk: Desk) -> Reply:
    """Of an object or a list, without the archived ones unless show_archived says so."""
    target, name = desk.call.path["target"], desk.call.path["identifier"]
    if target == "objects":
        desk.must("object_configuration:read")
        owner_id = desk.kind(name).id
    elif target == "lists":
        desk.must("list_configuration:read")
        place = desk.rows.list_row(name)
        if place is None:
            raise not_found(f"The list {name}")
        owner_id = place.id
    else:
        raise not_found(f"The target {target}")
    asked = desk.asked()
    limit, offset = desk.paging(asked, default=ATTRIBUTES[0], most=ATTRIBUTES[1])
    every = asked.get("show_archived") == "true"
    found = [row for row in desk.rows.attributes_of(owner_id) if every or not row.archived]
    page = found[offset : offset + limit]
    return Reply(body={"data": [views.attribute(desk.rows, row) for row in page]})


def lists(desk: Desk) -> Reply:
    desk.must("list_configuration:read")
    found = [row for row in desk.rows.lists.values() if not row.archived]
    return Reply(body={"data": [views.list_row(desk.rows, row) for row in found]})


def show_list(desk: Desk) -> Reply:
    desk.must("list_configuration:read")
    return Reply(body={"data": views.list_row(desk.rows, desk.place())})


def members(desk: Desk) -> Reply:
    desk.must("user_management:read")
    return Reply(body={"data": [views.member(row) for row in desk.rows.members.values()]})


def show_member(desk: Desk) -> Reply:
    desk.must("user_management:read")
    row = desk.rows.members.get(desk.call.path["member_id"])
    if row is None:
        raise not_found("The workspace member")
    return Reply(body={"data": views.member(row)})


def status_of(hook: Hook, *, at: float) -> str:
    """active, degraded once a delivery was given up, inactive after a week of that."""
    if hook.failing_since is None:
        return "active"
    return "degraded" if at < hook.failing_since + INACTIVE_AFTER else "inactive"


def hooks(desk: Desk) -> Reply:
    desk.must("webhook:read")
    limit, offset = desk.paging(desk.asked(), default=HOOKS[0], most=HOOKS[1])
    page = list(desk.rows.hooks.values())[offset : offset + limit]
    return Reply(body={"data": [_shown(desk, hook) for hook in page]})


def show_hook(desk: Desk) -> Reply:
    desk.must("webhook:read")
    return Reply(body={"data": _shown(desk, _hook(desk))})


def create_hook(desk: Desk) -> Reply:
    """The only answer that shows the secret."""
    desk.must("webhook:read-write")
    posted = desk.posted()
    url = _url(posted.get("target_url"))
    subscriptions = _subscriptions(posted.get("subscriptions"))
    _must_be_new(desk, url, subscriptions)
    rows = desk.rows
    id_ = rows.next_id("webhook")
    hook = Hook(
        id=id_,
        target_url=url,
        subscriptions=subscriptions,
        secret=hashlib.sha256(f"secret of {id_}".encode()).hexdigest(),
        created_at=rows.stamp(desk.world.clock.timestamp()),
    )
    rows.hooks[hook.id] = hook
    return Reply(body={"data": {**_shown(desk, hook), "secret": hook.secret}})


def update_hook(desk: Desk) -> Reply:
    desk.must("webhook:read-write")
    old, posted = _hook(desk), desk.posted()
    url = _url(posted.get("target_url", old.target_url))
    subscriptions = old.subscriptions
    if "subscriptions" in posted:
        subscriptions = _subscriptions(posted["subscriptions"])
    _must_be_new(desk, url, subscriptions, but=old)
    hook = replace(old, target_url=url, subscriptions=subscriptions)
    desk.rows.hooks[hook.id] = hook
    return Reply(body={"data": _shown(desk, hook)})


def delete_hook(desk: Desk) -> Reply:
    desk.must("webhook:read-write")
    del desk.rows.hooks[_hook(desk).id]
    return Reply(body={})


def _shown(desk: Desk, hook: Hook) -> dict[str, Any]:
    return views.hook(hook, status=status_of(hook, at=desk.world.clock.timestamp()))


def _hook(desk: Desk) -> Hook:
    hook = desk.rows.hooks.get(desk.call.path["webhook_id"])
    if hook is None:
        raise not_found("The webhook")
    return hook


def _url(raw: Any) -> str:
    """https, or http to the machine itself, without which nothing could be shown offline."""
    parts = urlsplit(raw) if isinstance(raw, str) else None
    local = parts is not None and parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts is None or not parts.hostname or not (parts.scheme == "https" or local):
        raise invalid("target_url must be an https URL.")
    return str(raw)


def _subscriptions(raw: Any) -> tuple[Subscription, ...]:
    if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw):
        raise invalid("subscriptions must be a list of objects.")
    made = []
    for one in raw:
        wanted = one.get("filter")
        if one.get("event_type") not in EVENT_TYPES:
            raise invalid(f"There is no event {one.get('event_type')}.")
        if wanted is not None and (not isinstance(wanted, Mapping) or not _is_filter(wanted)):
            raise invalid("A filter is $and or $or over field, operator and value.")
        made.append(Subscription(event_type=str(one["event_type"]), filter=wanted))
    return tuple(made)


def _is_filter(raw: Mapping[str, Any]) -> bool:
    terms = raw.get("$and", raw.get("$or"))
    return isinstance(terms, list) and all(
        isinstance(term, Mapping)
        and term.keys() == {"field", "operator", "value"}
        and term["operator"] in {"equals", "not_equals"}
        for term in terms
    )


def _must_be_new(
    desk: Desk, url: str, wanted: tuple[Subscription, ...], *, but: Hook | None = None
) -> None:
    for hook in desk.rows.hooks.values():
        if (
            hook != but
            and hook.target_url == url
            and set(map(str, wanted)) & set(map(str, hook.subscriptions))
        ):
            raise conflict("A webhook with that target_url has the same subscription already.")
