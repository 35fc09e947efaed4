"""Refresh the copy, and see how fresh it is."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.http.paging import Page
from mayak.http.services import Services
from mayak.kit.clock import now
from mayak.platform.db import Conn
from mayak.sync import service
from mayak.sync.model import (
    Connector,
    StreamState,
    StreamStatus,
    shown_status,
)

router = APIRouter()


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
    fresh_until: datetime | None
    """The copy holds what had changed at the source until then."""
    done: int | None
    """Of a running stream: records read so far."""
    total: int | None
    """How many the source says there are; null when it does not say."""
    rows: int
    """Live rows of the copy."""

    @classmethod
    def of(cls, state: StreamState, counts: dict[str, int], *, at: datetime) -> "StreamView":
        status = shown_status(state, at=at)
        stalled = status == "stalled"
        running = status == "running"
        return cls(
            connector=state.connector,
            stream=state.stream,
            status=status,
            cause="Its worker went silent in the middle of a run." if stalled else state.cause,
            next_step="Start a sync: it goes on where it stopped." if stalled else state.next_step,
            until=state.until_at,
            last_success_at=state.last_success_at,
            last_run_at=state.last_run_at,
            fresh_until=state.fresh_until,
            done=state.progress_done if running else None,
            total=state.progress_total if running else None,
            rows=counts.get(f"{state.connector} {state.stream}", 0),
        )


class SyncWanted(BaseModel):
    """How thorough a sync is to be."""

    full: bool = False
    """Read everything again, with what was deleted; else only what changed."""
    accept_deletions: bool = False
    """Delete here what the source does not show any more, however much it is."""

    def payload(self) -> dict[str, object] | None:
        """As the run carries it; None when nothing is asked for beyond the usual."""
        asked: dict[str, object] = {name: True for name, wanted in self if wanted}
        return asked or None


Wanted = Annotated[SyncWanted | None, Body()]


async def _start(
    tx: Conn, services: Services, project_id: UUID, job_type: str, wanted: SyncWanted | None
) -> RunView:
    payload = None if wanted is None else wanted.payload()
    run = await trigger(tx, services.get(Registry), project_id, job_type, payload=payload)
    return RunView.of(run)


@router.post("/connectors/sync", status_code=202, dependencies=[allow("jobs.run")])
async def sync_all(
    project: CurrentProject, tx: Tx, services: Services, wanted: Wanted = None
) -> RunView:
    """Start reading every connector; a run that is waiting already is joined."""
    return await _start(tx, services, project.id, "connectors_sync_cycle", wanted)


@router.post("/connectors/{connector}/sync", status_code=202, dependencies=[allow("jobs.run")])
async def sync_one(
    connector: Connector,
    project: CurrentProject,
    tx: Tx,
    services: Services,
    wanted: Wanted = None,
) -> RunView:
    """Start reading one connector; a run that is waiting already is joined."""
    return await _start(tx, services, project.id, f"{connector}_sync", wanted)


@router.post("/jobs/{connector}/sync", status_code=202, dependencies=[allow("jobs.run")])
async def run_sync(
    connector: Connector,
    project: CurrentProject,
    tx: Tx,
    services: Services,
    wanted: Wanted = None,
) -> RunView:
    """The same under its other address."""
    return await _start(tx, services, project.id, f"{connector}_sync", wanted)


@router.get("/connectors/state", dependencies=[allow("connectors.read")])
async def read_states(project: CurrentProject, tx: Tx) -> Page[StreamView]:
    """Every stream: its state, the reason, and what can be done about it."""
    counts = await service.mirror_counts(tx, project.id)
    at = now()
    found = await service.states(tx, project.id)
    return Page(items=[StreamView.of(one, counts, at=at) for one in found], next_cursor=None)
