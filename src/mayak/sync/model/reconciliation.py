"""What a comparison with a source comes to: numbers, and the very records that differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Literal, Protocol
from uuid import UUID

from mayak.errors import InvalidInput, NotFound
from mayak.sync.model.streams import ALL_STREAMS, CONNECTORS, STREAMS, Connector, StreamType

FindingKind = Literal["missing", "extra", "duplicate", "stale"]
FindingStatus = Literal["open", "repaired", "gone", "ignored"]
Depth = Literal["full", "quick"]
StageName = Literal["mirrored", "chunked", "embedded"]

KINDS: tuple[FindingKind, ...] = ("missing", "extra", "duplicate", "stale")
AT_THE_SOURCE = "source"
HERE = "here"
"""Where the two of a duplicate are: both at the source, or this one only here."""
QUICK_EVERY = timedelta(minutes=15)
"""A quick check that would find nothing new is not made more often."""
MESSAGES_CONVERSATIONS = 500
"""Conversations whose messages one run compares; it begins with those that waited longest."""
LISTED = 1000
"""Ids of each kind that a report of differences shows."""
LACKING_SHOWN = 100
"""Ids that a stage names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How much of a stream has come to a place further down the line."""

    name: StageName
    connector: str
    stream: str
    have: int
    of: int
    lacking: list[str]
    """Ids of records that have not, up to LACKING_SHOWN of them."""


class Downstream(Protocol):
    """What a domain further down says of the records that it is made of."""

    async def __call__(self, conn: Any, project_id: UUID) -> list[Stage]: ...


@dataclass(frozen=True, slots=True)
class Downstreams:
    """Everybody further down the line."""

    each: tuple[Downstream, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One record that differs, as a check found it."""

    kind: FindingKind
    external_id: str
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def deletes(self) -> bool:
        """Whether to repair it is to delete a row here."""
        return self.kind == "extra" or (self.kind == "duplicate" and self.here)

    @property
    def here(self) -> bool:
        """Of a duplicate: this row is only here."""
        return self.detail.get("where") == HERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Difference):
    """A row of `sync_reconciliation_findings`."""

    id: UUID
    connector: Connector
    stream: str
    status: FindingStatus
    found_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    repair_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A row of `sync_reconciliation_metrics`."""

    connector: str
    stream: str
    depth: Depth
    restated: bool
    checked_at: datetime
    source_count: int | None
    local_count: int
    missing: int | None
    extra: int | None
    duplicate: int
    stale: int | None
    completeness: Decimal | None
    parts_checked: int | None
    parts_total: int | None
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one stream came to. None is what could not be learnt."""

    local_count: int
    source_count: int | None = None
    missing: int | None = None
    extra: int | None = None
    duplicate: int = 0
    stale: int | None = None
    parts_checked: int | None = None
    parts_total: int | None = None
    cause: str | None = None

    @property
    def completeness(self) -> Decimal | None:
        if self.source_count is None:
            return None
        here = self.local_count if self.missing is None else self.source_count - self.missing
        return percent(here, self.source_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A connector as a whole; None as soon as a stream that belongs to it is not known."""

    connector: str
    checked_at: datetime | None
    """Of the stream that was checked longest ago."""
    completeness: Decimal | None
    worst: tuple[str, Decimal] | None
    """The stream that lacks most."""
    missing: int | None
    extra: int | None
    duplicate: int | None
    stale: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What of all streams is meant; None is all of them."""

    connector: Connector | None = None
    stream: str | None = None
    kinds: frozenset[FindingKind] = frozenset(KINDS)
    finding_ids: tuple[UUID, ...] | None = None
    accept_deletions: bool = False
    """A person says that what the source does not show is gone, however much it is."""

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Choice":
        """The choice that a run carries. Raises InvalidInput for a stream that there is not."""
        ids, kinds = payload.get("finding_ids"), payload.get("kinds")
        return cls(
            connector=connector_of(payload.get("connector"), payload.get("stream")),
            stream=payload.get("stream"),
            kinds=frozenset(one for one in KINDS if not kinds or one in kinds),
            finding_ids=None if ids is None else tuple(UUID(str(one)) for one in ids),
            accept_deletions=payload.get("accept_deletions") is True,
        )

    @property
    def connectors(self) -> tuple[Connector, ...]:
        return CONNECTORS if self.connector is None else (self.connector,)

    def streams(self, connector: Connector) -> tuple[StreamType, ...]:
        return tuple(one for one in STREAMS[connector] if self.stream in {None, one.name})


@dataclass(eq=False)
class FindingNotFound(NotFound):
    code = "finding_not_found"
    message = "There is no finding {finding_id} in this project that could be changed so."

    finding_id: UUID


def connector_of(connector: str | None, stream: str | None) -> Connector | None:
    """The connector that is meant. Raises InvalidInput for one, or a stream, that there is not."""
    known: Connector | None = next((one for one in CONNECTORS if one == connector), None)
    if connector is not None and known is None:
        raise InvalidInput("connector", f"there is none called {connector}")
    if stream is None:
        return known
    if known is None:
        raise InvalidInput("stream", "say of which connector")
    if (known, stream) not in ALL_STREAMS:
        raise InvalidInput("stream", f"{known} has none called {stream}")
    return known


def percent(part: int, whole: int) -> Decimal:
    """How much of the whole a part is, cut off after three digits: almost all is not 100."""
    if whole <= 0:
        return Decimal(100)
    share = Decimal(100) * min(part, whole) / whole
    return share.quantize(Decimal("0.001"), rounding=ROUND_FLOOR)


def totals(connector: Connector, latest: Iterable[Metric]) -> Totals:
    """Add up the latest full check of each stream of a connector."""
    by_stream = {one.stream: one for one in latest if one.connector == connector}
    found = [by_stream[one.name] for one in STREAMS[connector] if one.name in by_stream]
    whole = len(found) == len(STREAMS[connector])
    shown = _sum([one.source_count for one in found], whole=whole)
    missing = _sum([one.missing for one in found], whole=whole)
    known = [(one.stream, one.completeness) for one in found if one.completeness is not None]
    sure = whole and len(known) == len(found)
    return Totals(
        connector=connector,
        checked_at=min((one.checked_at for one in found), default=None),
        completeness=None if shown is None or missing is None else percent(shown - missing, shown),
        worst=min(known, key=lambda one: one[1]) if sure else None,
        missing=missing,
        extra=_sum([one.extra for one in found], whole=whole),
        duplicate=_sum(
            [None if one.source_count is None else one.duplicate for one in found], whole=whole
        ),
        stale=_sum([one.stale for one in found], whole=whole),
    )


def _sum(counts: Sequence[int | None], *, whole: bool) -> int | None:
    if not whole or None in counts:
        return None
    return sum(one or 0 for one in counts)
