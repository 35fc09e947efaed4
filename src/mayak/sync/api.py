"""HTTP face of sync: refresh the copy, see how fresh it is, say what belongs to the project."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.errors import Misconfigured, UpstreamKind
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync import service
from mayak.sync.model import (
    BindingScope,
    ConnectorError,
    ErrorStatus,
    MirrorCounts,
    StreamState,
    StreamStatus,
    shown_status,
)
from mayak.sync.service import Bindings, ChatwootAccess

router = APIRouter(tags=["connectors"])


class StreamView(BaseModel):
    """How one stream of a connector is doing."""

    connector: str
    stream: str
    status: StreamStatus
    cause: str | None
    next_step: str | None
    until: datetime | None
    last_success_at: datetime | None
    last_run_at: datetime | None
    rows: int
    """Live rows of the copy."""

    @classmethod
    def of(cls, state: StreamState, counts: MirrorCounts, *, at: datetime) -> "StreamView":
        status = shown_status(state, at=at)
        stalled = status == "stalled"
        return cls(
            connector=state.connector,
            stream=state.stream,
            status=status,
            cause="Its worker went silent in the middle of a run." if stalled else state.cause,
            next_step="Start a sync: it goes on where it stopped." if stalled else state.next_step,
            until=state.until_at,
            last_success_at=state.last_success_at,
            last_run_at=state.last_run_at,
            rows=getattr(counts, state.stream),
        )


class ConnectorErrorView(BaseModel):
    """One thing that could not be copied."""

    id: UUID
    connector: str
    stream: str
    kind: UpstreamKind
    message: str
    fingerprint: str
    status: ErrorStatus
    attempt: int
    external_id: str | None
    next_retry_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, error: ConnectorError) -> "ConnectorErrorView":
        return cls.model_validate(error, from_attributes=True)


class BoundInboxView(BaseModel):
    external_id: str
    name: str | None


class BindingsView(BaseModel):
    """What of the Chatwoot account belongs to the project."""

    scope: BindingScope
    inboxes: list[BoundInboxView]

    @classmethod
    def of(cls, bound: Bindings) -> "BindingsView":
        inboxes = [
            BoundInboxView(external_id=one.external_id, name=one.name) for one in bound.inboxes
        ]
        return cls(scope=bound.scope, inboxes=inboxes)


class BindingsWanted(BaseModel):
    scope: BindingScope
    inboxes: list[Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]] = Field(
        default_factory=list, max_length=1000
    )


@router.post("/connectors/chatwoot/sync", status_code=202, dependencies=[allow("jobs.run")])
async def sync_chatwoot(project: CurrentProject, tx: Tx, services: Services) -> RunView:
    """Start reading Chatwoot; a run that is waiting already is joined."""
    run = await trigger(tx, services.get(Registry), project.id, "chatwoot_sync")
    return RunView.of(run)


@router.post("/jobs/chatwoot/sync", status_code=202, dependencies=[allow("jobs.run")])
async def run_chatwoot_sync(project: CurrentProject, tx: Tx, services: Services) -> RunView:
    """The same under its other address."""
    return await sync_chatwoot(project, tx, services)


@router.get("/connectors/state", dependencies=[allow("connectors.read")])
async def read_states(project: CurrentProject, tx: Tx) -> Page[StreamView]:
    """Every stream: its state, the reason, and what can be done about it."""
    counts = await service.mirror_counts(tx, project.id)
    at = now()
    found = await service.states(tx, project.id)
    return Page(items=[StreamView.of(one, counts, at=at) for one in found], next_cursor=None)


@router.get("/connectors/errors", dependencies=[allow("connectors.read")])
async def list_errors(
    project: CurrentProject,
    tx: Tx,
    status: ErrorStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[ConnectorErrorView]:
    """What could not be copied, the latest first; resolved ones too unless `status` says."""
    found = await service.errors(
        tx, project.id, status=status, before=decode_moment(cursor), limit=limit + 1
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[ConnectorErrorView.of(one) for one in found[:limit]],
        next_cursor=encode_moment(last.last_seen_at, last.id) if last else None,
    )


@router.get("/connectors/chatwoot/bindings", dependencies=[allow("connectors.read")])
async def read_bindings(project: CurrentProject, tx: Tx, services: Services) -> BindingsView:
    """What of the account belongs to the project; nothing when no account is configured."""
    account_ref = services.get(ChatwootAccess).account_ref
    if account_ref is None:
        return BindingsView(scope="none", inboxes=[])
    bound = await service.bindings(tx, project.id, account_ref)
    return BindingsView.of(service.described(bound))


@router.put("/connectors/chatwoot/bindings", dependencies=[allow("connectors.manage")])
async def write_bindings(
    wanted: BindingsWanted, project: CurrentProject, services: Services
) -> BindingsView:
    """Make the bindings exactly these. What was copied of an unbound inbox becomes tombstones."""
    account_ref = services.get(ChatwootAccess).account_ref
    if account_ref is None:
        raise Misconfigured("CHATWOOT_BASE_URL", "no Chatwoot account is configured")
    bound = await service.replace_bindings(
        services.get(Database),
        project.id,
        account_ref,
        scope=wanted.scope,
        inboxes=wanted.inboxes,
    )
    return BindingsView.of(bound)
