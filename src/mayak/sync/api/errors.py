"""What could not be copied: looked at, tried again, discarded; and what came unexpected."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.errors import UpstreamKind
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.platform.db import Conn
from mayak.sync import service
from mayak.sync.model import (
    Connector,
    ConnectorError,
    ErrorDetail,
    ErrorFilter,
    ErrorGroup,
    ErrorStatus,
)
from mayak.sync.queries.fields import Drift
from mayak.sync.service import asking

router = APIRouter()

MOST = 500
"""Errors named in one request."""
OPEN: tuple[ErrorStatus, ...] = ("pending", "retrying", "dead_letter")
Limit = Annotated[int, Query(ge=1, le=200)]
Name = Annotated[str, Query(max_length=200)]


class ConnectorErrorView(BaseModel):
    """One thing that could not be copied."""

    id: UUID
    connector: str
    stream: str
    kind: UpstreamKind
    message: str
    fingerprint: str
    """The same for failures that differ only in their numbers."""
    status: ErrorStatus
    attempt: int
    external_id: str | None
    """Kind and id of the record; null when the stream failed, or a record without a readable id."""
    next_retry_at: datetime | None
    """Null for a dead letter: it waits for a person."""
    next_step: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    """sync, retry, or the address of who discarded it."""
    discarded_at: datetime | None

    @classmethod
    def of(cls, error: ConnectorError) -> Self:
        return cls.model_validate(error, from_attributes=True)


class ConnectorErrorDetailView(ConnectorErrorView):
    """One of them, with the record that was put aside."""

    parent_id: str | None
    """What has to be read again to get the record, such as the conversation of a message."""
    payload: Any
    """The record as the source served it: other people's words, never to be rendered as HTML."""

    @classmethod
    def of(cls, error: ConnectorError) -> Self:
        assert isinstance(error, ErrorDetail)
        return super().of(error)


class ErrorGroupView(BaseModel):
    """Failing things that differ in nothing but numbers and records."""

    fingerprint: str
    connector: str
    stream: str
    kind: UpstreamKind
    message: str
    """Of the latest of them."""
    next_step: str | None
    count: int
    dead: int
    """How many of them wait for a person."""
    first_seen_at: datetime
    last_seen_at: datetime
    next_retry_at: datetime | None

    @classmethod
    def of(cls, group: ErrorGroup) -> "ErrorGroupView":
        return cls.model_validate(group, from_attributes=True)


class DriftView(BaseModel):
    """A member or a value that records did not have when their stream was first read."""

    connector: str
    stream: str
    field: str
    """`name:type` of a member, `name=value` of a closed set."""
    first_seen_at: datetime
    next_step: str

    @classmethod
    def of(cls, one: Drift) -> "DriftView":
        step = (
            "Nothing has to be done: it is kept with the record. Say so to whoever maintains "
            "Mayak if it should be understood."
        )
        return cls(
            connector=one.connector,
            stream=one.stream,
            field=one.field,
            first_seen_at=one.first_seen_at,
            next_step=step,
        )


class RetryWanted(BaseModel):
    """What is to be tried again now; everything that is not dead when nothing is given."""

    model_config = ConfigDict(extra="forbid")

    connector: Connector | None = None
    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)] | None = None
    include_dead: bool = False
    """Dead letters too."""


def _filter(
    connector: Connector | None = None,
    stream: Name | None = None,
    kind: UpstreamKind | None = None,
    fingerprint: Name | None = None,
) -> ErrorFilter:
    return ErrorFilter(connector=connector, stream=stream, kind=kind, fingerprint=fingerprint)


Which = Annotated[ErrorFilter, Depends(_filter)]


@router.get("/connectors/errors", dependencies=[allow("connectors.read")])
async def list_errors(
    project: CurrentProject,
    tx: Tx,
    which: Which,
    status: ErrorStatus | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Page[ConnectorErrorView]:
    """What could not be copied, the latest first; resolved ones too unless `status` says."""
    statuses = None if status is None else (status,)
    return await page_of(tx, project.id, _with(which, statuses), limit=limit, cursor=cursor)


@router.get("/connectors/errors/dead-letter", dependencies=[allow("connectors.read")])
async def list_connector_dead_letters(
    project: CurrentProject, tx: Tx, which: Which, limit: Limit = 50, cursor: str | None = None
) -> Page[ConnectorErrorView]:
    """What failed five times and waits for a person, the latest first."""
    return await page_of(tx, project.id, _with(which, ("dead_letter",)), limit=limit, cursor=cursor)


@router.get("/connectors/errors/groups", dependencies=[allow("connectors.read")])
async def list_error_groups(
    project: CurrentProject, tx: Tx, which: Which, status: ErrorStatus | None = None
) -> Page[ErrorGroupView]:
    """Open errors by what failed and how; `status` chooses others. At most 200 groups."""
    statuses = OPEN if status is None else (status,)
    found = await service.error_groups(tx, project.id, _with(which, statuses))
    return Page(items=[ErrorGroupView.of(one) for one in found], next_cursor=None)


@router.get("/connectors/drift", dependencies=[allow("connectors.read")])
async def list_drift(
    project: CurrentProject, tx: Tx, connector: Connector | None = None, limit: Limit = 200
) -> Page[DriftView]:
    """What records have that they did not have when their stream was first read."""
    found = await service.drift(tx, project.id, connector, limit=limit)
    return Page(items=[DriftView.of(one) for one in found], next_cursor=None)


@router.post("/connectors/errors/retry", status_code=202, dependencies=[allow("jobs.run")])
async def retry_errors(
    project: CurrentProject,
    tx: Tx,
    services: Services,
    wanted: Annotated[RetryWanted | None, Body()] = None,
) -> RunView:
    """Try failed things again now, each by itself. A source that wants to be left alone is."""
    wanted = wanted or RetryWanted()
    run = await asking.retry_soon(
        tx, services.get(Registry), project.id,
        ids=wanted.ids, connector=wanted.connector, dead_too=wanted.include_dead,
    )  # fmt: skip
    return RunView.of(run)


@router.post(
    "/connectors/errors/dead-letter/{error_id}/retry",
    status_code=202,
    dependencies=[allow("jobs.run")],
)
async def retry_dead_letter(
    error_id: UUID, project: CurrentProject, tx: Tx, services: Services
) -> RunView:
    """Try one dead letter again now, and nothing else."""
    run = await asking.retry_dead(tx, services.get(Registry), project.id, error_id)
    return RunView.of(run)


@router.get("/connectors/errors/{error_id}", dependencies=[allow("connectors.inspect")])
async def read_error(error_id: UUID, project: CurrentProject, tx: Tx) -> ConnectorErrorDetailView:
    """One failing thing, with the record as the source served it."""
    return ConnectorErrorDetailView.of(await service.error(tx, project.id, error_id))


@router.post("/connectors/errors/{error_id}/discard", dependencies=[allow("connectors.manage")])
async def discard_error(
    error_id: UUID, project: CurrentProject, tx: Tx, user: CurrentUser
) -> ConnectorErrorView:
    """Say that it does not matter. It stays so until the record changes at the source."""
    return ConnectorErrorView.of(await asking.discard(tx, project.id, error_id, by=user.email))


@router.post("/connectors/errors/{error_id}/restore", dependencies=[allow("connectors.manage")])
async def restore_error(error_id: UUID, project: CurrentProject, tx: Tx) -> ConnectorErrorView:
    """Take a discard back."""
    return ConnectorErrorView.of(await asking.restore(tx, project.id, error_id))


def _with(which: ErrorFilter, statuses: tuple[ErrorStatus, ...] | None) -> ErrorFilter:
    return ErrorFilter(
        statuses=statuses,
        connector=which.connector,
        stream=which.stream,
        kind=which.kind,
        fingerprint=which.fingerprint,
    )


async def page_of(
    tx: Conn, project_id: UUID, which: ErrorFilter, *, limit: int, cursor: str | None
) -> Page[ConnectorErrorView]:
    """One page of them."""
    found = await service.errors(
        tx, project_id, which, before=decode_moment(cursor), limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[ConnectorErrorView.of(one) for one in found[:limit]],
        next_cursor=encode_moment(last.last_seen_at, last.id) if last else None,
    )
