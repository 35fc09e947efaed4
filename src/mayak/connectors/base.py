"""What a connector is: a stateless reader of one SaaS, one page at a time.

State (checkpoints, retries, quarantine, tombstones, budgets) belongs to `sync`, which drives
every connector the same way. A connector holds credentials and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

Checkpoint = Mapping[str, Any]
"""Where a pull resumes, as a JSON object that only the connector understands.

Its key `cursor` is of use to the process that got it and to nobody later: services do not say how
long their cursors hold. `stored` leaves it out; what is left has to be enough to go on.
"""


def stored(checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint as it may be kept for a later process."""
    return {name: value for name, value in checkpoint.items() if name != "cursor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing of the source, checked and in our own vocabulary."""

    kind: str
    external_id: str
    payload: Mapping[str, Any]
    """All the source said, unknown fields included; without NUL characters and without secrets."""
    content_hash: bytes
    """Differs exactly when the meaning does: fields that move by themselves are left out."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """The typed columns of the mirror, by name."""
    deleted: bool = False
    """The source says that this is a tombstone."""
    parts: tuple["Record", ...] = ()
    """Records that live inside of this one, such as the attachments of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One thing of the source that did not fit; the rest of its page goes on."""

    kind: str
    external_id: str | None
    """None when not even the id could be read."""
    reason: str
    payload: Any
    parent_id: str | None = None
    """What has to be read again to get this record, such as the conversation of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    records: list[Record]
    checkpoint: Checkpoint
    """Where the next pull resumes; of no meaning when `complete`."""
    complete: bool
    rejected: list[Rejected] = field(default_factory=list)
    total: int | None = None
    """How many records the source says the whole listing has; None when it does not say."""
    window: tuple[int, int] | None = None
    """Ids from the first up to but not including the second are proven to be all in this page."""
    observed_at: datetime | None = None
    """The source's own clock when it answered; None when it did not say."""
    asked_at: datetime | None = None
    """When the request began, by our clock; filled in by whoever asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What became of records that were asked for by id."""

    records: list[Record]
    rejected: list[Rejected] = field(default_factory=list)
    missing: frozenset[str] = frozenset()
    """The source knows no such id, or does not let this credential see it: it says no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """One page of a listing of what there is, as cheap as the source allows."""

    versions: Mapping[str, str]
    """By id: what differs when the record does. A time of change as ISO 8601 in UTC, or a content
    hash in hex; which of the two is fixed for each stream.
    """
    checkpoint: Checkpoint
    complete: bool
    total: int | None = None
    """How many the source says there are; None when it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of an account that can belong to a project."""

    kind: str
    """inbox, team, project, company, list."""
    external_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose credential it is, and what it lets us see."""

    account_id: str
    """The source's own name of the account or workspace."""
    account_name: str
    user: str
    role: str | None
    """None where the source has no roles for tokens."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Streams that this credential cannot read, with the permission that each lacks."""
    observed_at: datetime | None = None
    """The source's own clock when it answered; None when it did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a reply says about one budget of its credential."""

    budget: str
    """requests, complexity, reads, score."""
    limit: float
    remaining: float | None = None
    resets_at: datetime | None = None
    period: timedelta | None = None
    """In which the whole limit flows in again; None when the reply does not say."""


class Gate(Protocol):
    """What every request passes: budgets that all workers share."""

    async def enter(self, costs: Mapping[str, float]) -> None:
        """Wait until these costs fit their budgets, and take them.

        Raises Upstream of kind rate_limit when that is longer than the caller has patience for.
        """
        ...

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        """Take over what a reply said about its budgets."""
        ...

    async def close(self, wait: timedelta, *, reason: str) -> None:
        """The source refused for now: nobody asks anything of it before `wait` is over."""
        ...


class OpenGate:
    """A gate that holds nobody up: for one process that asks little, such as a test."""

    async def enter(self, costs: Mapping[str, float]) -> None:
        _ = costs

    async def learn(self, allowances: Sequence[Allowance]) -> None:
        _ = allowances

    async def close(self, wait: timedelta, *, reason: str) -> None:
        _ = wait, reason


class Connector(Protocol):
    @property
    def name(self) -> str: ...

    async def who_am_i(self) -> Identity:
        """Raises UpstreamRejected of kind auth for a credential that is of no use."""
        ...

    async def parts(self) -> list[Part]:
        """Every part of the account that can be given to a project."""
        ...

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """Read one page of a stream at `checkpoint`; an empty one starts from the beginning.

        Raises Upstream if the source failed, UpstreamRejected if it refused us. It never
        retries: whoever called decides whether and when to come back.
        """
        ...

    async def fetch(self, stream: str, external_ids: Sequence[str]) -> Fetched:
        """Read these records by id, in as few requests as the source allows."""
        ...

    async def ids(self, stream: str, checkpoint: Checkpoint) -> Ids:
        """Read one page of what there is of a stream."""
        ...
