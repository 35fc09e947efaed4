"""What a token lets us see, by its own account. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mayak.connectors.attio.replies import SERVICE
from mayak.connectors.attio.values import text
from mayak.connectors.base import Identity
from mayak.errors import UpstreamRejected

RECORDS = ("record_permission:read", "object_configuration:read")
LISTS = ("list_configuration:read",)
ENTRIES = ("list_entry:read", "list_configuration:read")
WEBHOOKS = ("webhook:read-write",)
NEEDS: Mapping[str, tuple[str, ...]] = {
    "attributes": ("object_configuration:read",),
    "members": ("user_management:read",),
    "companies": RECORDS,
    "deals": RECORDS,
    "people": RECORDS,
    "notes": ("note:read", "object_configuration:read", "record_permission:read"),
    "tasks": ("task:read", "object_configuration:read", "record_permission:read",
              "user_management:read"),
}  # fmt: skip
"""By stream: the permissions of its requests, its own first."""


def identity(body: Any, *, observed_at: datetime | None) -> Identity:
    """Whose token it is. Raises UpstreamRejected of kind auth for one that is not active."""
    if not isinstance(body, dict) or "active" not in body:
        raise UpstreamRejected(SERVICE, "the reply does not say whose token it is", kind="schema")
    if body["active"] is not True:
        reason = "the token is not active: it was revoked, or it never existed"
        raise UpstreamRejected(SERVICE, reason, kind="auth")
    workspace = text(body.get("workspace_id"))
    if workspace is None:
        raise UpstreamRejected(SERVICE, "the reply does not name the workspace", kind="schema")
    author = body.get("authorized_by_workspace_member_id")
    return Identity(
        account_id=workspace,
        account_name=text(body.get("workspace_name")) or text(body.get("workspace_slug")) or "",
        user=text(author) or text(body.get("client_id")) or "",
        role=None,
        missing=missing(body.get("scope")),
        observed_at=observed_at,
    )


def missing(scope: object) -> dict[str, str]:
    """Streams that these permissions do not open, each with the first one it lacks.

    Nothing when the reply does not name permissions at all: the requests will tell.
    """
    if not isinstance(scope, str):
        return {}
    held = set(scope.replace(",", " ").split())
    held |= {name.removesuffix("-write") for name in held if name.endswith(":read-write")}
    lacking = {name: [one for one in needs if one not in held] for name, needs in NEEDS.items()}
    return {name: first[0] for name, first in lacking.items() if first}
