"""What people see of failing things, and what a retry needs to know of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mayak.errors import Conflict, NotFound, UpstreamKind
from mayak.sync.model.states import ConnectorError, ErrorStatus
from mayak.sync.model.streams import Connector

RETRY_LEASE = timedelta(minutes=15)
"""After so long a thing that is being retried counts as pending again: its run has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFilter:
    """Everything that is given has to fit."""

    statuses: Collection[ErrorStatus] | None = None
    connector: Connector | None = None
    stream: str | None = None
    kind: UpstreamKind | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail(ConnectorError):
    """A failing thing with what the source said of it."""

    parent_id: str | None
    """What has to be read again to get the record, such as the conversation of a message."""
    payload: Any
    """The record as the source served it; None when it served none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """Failing things that differ in nothing but numbers and records."""

    fingerprint: str
    connector: str
    stream: str
    kind: str
    message: str
    """Of the latest of them."""
    next_step: str | None
    count: int
    dead: int
    """How many of them wait for a person."""
    first_seen_at: datetime
    last_seen_at: datetime
    next_retry_at: datetime | None
    """Of the one that is tried again first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A failing thing that a run has taken to try it again."""

    id: UUID
    stream: str
    kind: UpstreamKind
    external_id: str | None
    """Kind and id of a record, in one text; None: the stream, or a record without a readable id."""
    parent_id: str | None
    is_record: bool
    """False: the stream as a whole failed."""

    @property
    def record(self) -> tuple[str, str] | None:
        """Kind and id of the record; None when it has no readable id."""
        if self.external_id is None:
            return None
        kind, _, external_id = self.external_id.partition(" ")
        return kind, external_id


@dataclass(eq=False)
class ErrorNotFound(NotFound):
    code = "connector_error_not_found"
    message = "There is no connector error {error_id} in this project."

    error_id: UUID


@dataclass(eq=False)
class NotDead(Conflict):
    code = "connector_error_not_dead"
    message = "The connector error {error_id} is no dead letter: it is {state}."

    error_id: UUID
    state: str


@dataclass(eq=False)
class SettledOtherwise(Conflict):
    code = "connector_error_settled"
    message = "{reason}"

    reason: str
