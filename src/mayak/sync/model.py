"""The copy of what a SaaS knows: what belongs to a project, how fresh it is, what failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from mayak.errors import Conflict, Upstream, UpstreamKind

Connector = Literal["chatwoot"]
Stream = Literal["inboxes", "contacts", "conversations", "messages"]
BindingKind = Literal["account", "inbox"]
BindingScope = Literal["none", "account", "inboxes"]
StreamStatus = Literal[
    "idle",
    "running",
    "ok",
    "partial",
    "rate_limited",
    "auth_failed",
    "failing",
    "stalled",
    "disabled",
]
ErrorStatus = Literal["pending", "retrying", "dead_letter", "resolved"]

STREAMS: tuple[Stream, ...] = get_args(Stream)
"""In the order in which they are read: each needs what the ones before it wrote."""

LEASE = timedelta(minutes=2)
"""How long a running stream may say nothing before it counts as stalled."""
OVERLAP = timedelta(seconds=120)
"""How much of the past each poll reads again: clocks differ, and commits land late."""
LONGEST_POLL = timedelta(hours=6)
"""A poll answers in one reply of any length, so after a longer silence the pages are read."""
LISTING_EVERY = timedelta(days=1)
"""No poll shows a hard deletion; a whole listing does."""
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=6)
DEAD_AFTER = 5
"""Attempts after which an error waits for a person."""
IN_A_ROW = 3
"""Conversations that may fail one after the other before the source counts as down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A part of a SaaS account that belongs to a project."""

    kind: BindingKind
    external_id: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What of an account a project may see."""

    inboxes: frozenset[str] | None
    """None means the whole account; an empty set means nothing at all."""

    @classmethod
    def of(cls, bindings: list[Binding]) -> "Scope":
        if any(one.kind == "account" for one in bindings):
            return cls(inboxes=None)
        return cls(inboxes=frozenset(one.external_id for one in bindings))

    @property
    def empty(self) -> bool:
        return self.inboxes is not None and not self.inboxes

    @property
    def parts(self) -> list[str | None]:
        """One inbox id for each listing to be read; None for a listing of everything."""
        if self.inboxes is None:
            return [None]
        return [*sorted(self.inboxes)]

    def holds(self, inbox_id: object) -> bool:
        return self.inboxes is None or inbox_id in self.inboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state a stream is left in, with its reason and what a person can do about it."""

    status: StreamStatus
    cause: str | None = None
    next_step: str | None = None
    wait: timedelta | None = None
    """How long nothing may be asked for; the database's clock says when it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """A row of `connector_sync_state`."""

    connector: str
    stream: str
    status: StreamStatus
    cause: str | None
    next_step: str | None
    until_at: datetime | None
    lease_until: datetime | None
    last_success_at: datetime | None
    last_run_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorError:
    """A row of `connector_errors`."""

    id: UUID
    connector: str
    stream: str
    kind: str
    message: str
    fingerprint: str
    status: ErrorStatus
    attempt: int
    external_id: str | None
    next_retry_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorCounts:
    """Live rows of a project's copy: tombstones are not counted."""

    inboxes: int
    contacts: int
    conversations: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What one page did to the mirror."""

    written: int = 0
    """Rows that are new or different, tombstones not included."""
    deleted: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWalk:
    """A conversation whose messages are to be read."""

    external_id: str
    source_updated_at: datetime | None
    walk_cursor: Mapping[str, Any] | None


@dataclass(eq=False)
class PartIsTaken(Conflict):
    code = "binding_taken"
    message = "{part} already belongs to another project; unbind it there first."

    part: str


@dataclass(eq=False)
class BindingsChanged(Conflict):
    code = "bindings_changed"
    message = "What belongs to the project changed while it was being read."
    retryable = True


def poll_window(
    watermark: datetime | None, *, listed_at: datetime | None, at: datetime
) -> timedelta | None:
    """How far back a poll has to look; None when the whole listing has to be read instead.

    All three instants are the server's. A watermark in the future, after a clock was set back,
    still reads the overlap.
    """
    if watermark is None or listed_at is None or at - listed_at >= LISTING_EVERY:
        return None
    if at - watermark > LONGEST_POLL:
        return None
    return max(at - watermark, timedelta(0)) + OVERLAP


def verdict_of(error: Upstream) -> Verdict:
    """The state of a stream after its source failed."""
    cause = str(error)
    match error.kind:
        case "auth":
            return Verdict(status="auth_failed", cause=cause, next_step=_AUTH)
        case "rate_limit":
            wait = error.retry_after or timedelta(minutes=1)
            step = "Nothing to do: the sync goes on by itself when the limit is over."
            return Verdict(status="rate_limited", cause=cause, next_step=step, wait=wait)
        case kind:
            return Verdict(status="failing", cause=cause, next_step=_STEPS[kind])


_AUTH = (
    "Set an access token of a user with the administrator role. If the token is right and the "
    "server is behind nginx, set `underscores_in_headers on` there: without it nginx drops the "
    "header api_access_token."
)
_STEPS: Mapping[UpstreamKind, str] = {
    "schema": "The server answers in an unknown form; check its version and the base address.",
    "not_found": "Check the account id and the base address of the server.",
    "network": "Check that the server can be reached from here; the sync tries again by itself.",
    "server": "Nothing to do unless it lasts: the sync tries again by itself.",
    "rejected": "Check the base address of the server, then the list of connector errors.",
    "quota": "Check the plan of the account at the service.",
}


def shown_status(state: StreamState, *, at: datetime) -> StreamStatus:
    """The state as people should see it: a run whose lease is over has stalled."""
    if state.status == "running" and (state.lease_until is None or state.lease_until < at):
        return "stalled"
    if state.status == "rate_limited" and state.until_at is not None and state.until_at <= at:
        return "idle"
    return state.status


def merged_contact(old: Mapping[str, Any] | None, thin: Mapping[str, Any]) -> dict[str, Any]:
    """A contact as a conversation embeds it, laid over what we know of the contact.

    The embedded form has fewer fields, and empty ones in place of some; what it does not say
    is kept. Where it has every field that we hold it is simply newer, and replaces all of them.
    """
    if old is None or not old.keys() - thin.keys():
        return dict(thin)
    return {**old, **{name: value for name, value in thin.items() if value not in _EMPTY}}


_EMPTY: tuple[object, ...] = (None, "", {}, [])
