"""How a project is connected to a service, and what one line about it says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from mayak.errors import Conflict, Misconfigured, NotFound
from mayak.sync.model.states import StreamStatus

ConnectionStatus = Literal["enabled", "paused"]
BoundTo = Literal["here", "elsewhere"]

WORST_FIRST: tuple[StreamStatus, ...] = (
    "auth_failed",
    "failing",
    "stalled",
    "rate_limited",
    "partial",
    "running",
    "disabled",
    "idle",
    "ok",
)
SOONEST_LATE = timedelta(hours=1)
SLOTS_MISSED = 4
"""After so many slots without a success the copy is late, whatever its streams say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How the worst of the streams is doing: what one line about a connector says."""

    status: StreamStatus
    cause: str | None = None
    next_step: str | None = None
    until: datetime | None = None
    stream: str | None = None
    """The stream that it is about; None when it is about all of them."""


def worst(lines: Iterable[Line]) -> Line | None:
    """The worst of them, the first among equals; None of none."""
    return min(lines, key=lambda line: WORST_FIRST.index(line.status), default=None)


def oldest(moments: Collection[datetime | None]) -> datetime | None:
    """The oldest of them; None as soon as one is not known, or none is there."""
    known = [one for one in moments if one is not None]
    return min(known) if known and len(known) == len(moments) else None


def late_after(cadence: timedelta | None) -> timedelta:
    """How old the last success may be before a copy counts as late."""
    return max(SOONEST_LATE, SLOTS_MISSED * (cadence or timedelta(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What other projects hold of an account; whose it is is nobody's business."""

    whole: bool
    """One of them has all of it."""
    parts: frozenset[tuple[str, str]]
    """Kind and id."""

    def holds(self, kind: str, external_id: str) -> bool:
        """Whether a project of ours could not have this part."""
        if kind == "account":
            return self.whole or bool(self.parts)
        return self.whole or (kind, external_id) in self.parts


Mapped = Mapping[str, Mapping[str, str]]
"""Attribute ids by object and by our field."""


@dataclass(eq=False)
class NotConnected(Misconfigured):
    """Neither the project nor the installation has a credential of the service."""

    status = 409
    code = "not_connected"


@dataclass(eq=False)
class ConnectionFailed(Conflict):
    code = "connection_failed"
    message = "Nothing was stored: {reason} {next_step}"

    reason: str
    next_step: str
    kind: str


@dataclass(eq=False)
class NothingMapped(Conflict):
    code = "attributes_unknown"
    message = "No sync has read the attributes of Attio yet; sync first."


@dataclass(eq=False)
class StreamUnknown(NotFound):
    code = "stream_unknown"
    message = "{connector} has no stream {stream}."

    connector: str
    stream: str
