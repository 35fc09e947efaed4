"""How fresh a copy is, and what failed: the states of streams, and the rules of reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from mayak.errors import Upstream, UpstreamKind
from mayak.sync.model.streams import LISTING_EVERY, TITLES, Connector

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

LEASE = timedelta(minutes=2)
"""How long a running stream may say nothing before it counts as stalled."""
OVERLAP = timedelta(seconds=120)
"""How much of the past each poll reads again: clocks differ, and commits land late."""
LONGEST_POLL = timedelta(hours=6)
"""A poll answers in one reply of any length, so after a longer silence the pages are read."""
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(hours=6)
DEAD_AFTER = 5
"""Attempts after which an error waits for a person."""
RECORDS_FAILED = "of its records could not be copied."
"""How the cause of a stream ends that is partial for nothing else."""
IN_A_ROW = 3
"""Conversations that may fail one after the other before the source counts as down."""


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
    fresh_until: datetime | None = None
    """The copy holds what had changed at the source until then."""
    progress_done: int | None = None
    progress_total: int | None = None


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
    next_step: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    """sync, retry, or the address of who discarded it."""
    discarded_at: datetime | None = None
    """When a person said that it does not matter."""


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


def verdict_of(error: Upstream, connector: Connector) -> Verdict:
    """The state of a stream after its source failed."""
    cause = str(error)
    step = next_step(error.kind, connector)
    match error.kind:
        case "auth":
            return Verdict(status="auth_failed", cause=cause, next_step=step)
        case "rate_limit":
            wait = error.retry_after or timedelta(minutes=1)
            return Verdict(status="rate_limited", cause=cause, next_step=step, wait=wait)
        case _:
            return Verdict(status="failing", cause=cause, next_step=step)


def next_step(kind: UpstreamKind, connector: Connector) -> str:
    """What a person can do about a failure of this kind."""
    if kind == "auth":
        return _AUTH[connector]
    return _STEPS[kind].format(service=TITLES[connector])


_AUTH: Mapping[Connector, str] = {
    "chatwoot": (
        "Set an access token of a user with the administrator role. If the token is right and the "
        "server is behind nginx, set `underscores_in_headers on` there: without it nginx drops the "
        "header api_access_token."
    ),
    "linear": (
        "Set a personal API key of a member who sees the teams of this project, then test the "
        "connection."
    ),
    "attio": ("Set an access token that has the permission named here, then test the connection."),
}
_STEPS: Mapping[UpstreamKind, str] = {
    "rate_limit": "Nothing to do: the sync goes on by itself when the limit is over.",
    "schema": "{service} answers in an unknown form; check its version and the base address.",
    "not_found": "Check the account and the base address of {service}.",
    "network": "Check that {service} can be reached from here; the sync tries again by itself.",
    "server": "Nothing to do unless it lasts: the sync tries again by itself.",
    "rejected": "Check the base address of {service}, then the list of connector errors.",
    "quota": "Check the plan of the account at {service}.",
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
