"""Which services a project is connected to, how they are doing, and connecting them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field, SecretStr

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.automation.model import Registry
from mayak.errors import UpstreamKind
from mayak.http.paging import Page
from mayak.http.services import Services
from mayak.platform.db import Conn, Database
from mayak.sync.api.streams import StreamView
from mayak.sync.model import (
    TITLES,
    BindingKind,
    BindingScope,
    ConnectionStatus,
    Connector,
    Line,
    StreamStatus,
)
from mayak.sync.service import Sources, connecting
from mayak.sync.service.offering import Offer
from mayak.sync.service.overview import Overview, overview, overview_of
from mayak.sync.service.trying import Trial

router = APIRouter()


class LineView(BaseModel):
    """What one line about a connector says: the worst thing about it."""

    status: StreamStatus
    cause: str | None
    next_step: str | None
    until: datetime | None
    """Of rate_limited: when it goes on by itself."""
    stream: str | None
    """The stream that it is about; null when it is about all of them."""

    @classmethod
    def of(cls, line: Line) -> "LineView":
        return cls.model_validate(line, from_attributes=True)


class ConnectorView(BaseModel):
    """One service, as this project is connected to it."""

    connector: Connector
    title: str
    configured: bool
    """There is a credential: the project's own, or the installation's."""
    own: bool
    """The credential is the project's own."""
    status: ConnectionStatus
    paused_by: str | None
    base_url: str | None
    account: str | None
    """The number of a Chatwoot account."""
    account_name: str | None
    """This and the next three are what the credential was last seen to be."""
    user: str | None
    role: str | None
    missing: dict[str, str]
    """Streams that the credential cannot read, with the permission that each lacks."""
    tested_at: datetime | None
    line: LineView
    streams: list[StreamView]
    """All of them in the order of reading, also those that were never read."""
    scope: BindingScope
    parts_bound: int
    open_errors: int
    """What could not be copied and is tried again by itself."""
    dead_letters: int
    """What waits for a person."""
    last_success_at: datetime | None
    """The oldest of the streams that matter most; null until each of them was read."""
    fresh_until: datetime | None
    """The copy of those streams holds what had changed at the source until then."""
    rows: int
    """Live rows of the copy."""

    @classmethod
    def of(cls, seen: Overview) -> "ConnectorView":
        identity = seen.identity
        streams = [StreamView.of(one, seen.counts, at=seen.at) for one in seen.streams]
        return cls(
            connector=seen.connector,
            title=TITLES[seen.connector],
            configured=seen.configured,
            own=seen.own,
            status=seen.status,
            paused_by=seen.paused_by,
            base_url=seen.base_url,
            account=seen.account,
            account_name=identity.get("account_name"),
            user=identity.get("user"),
            role=identity.get("role"),
            missing=identity.get("missing") or {},
            tested_at=seen.tested_at,
            line=LineView.of(seen.line),
            streams=streams,
            scope=seen.scope,
            parts_bound=seen.parts_bound,
            open_errors=seen.errors.open,
            dead_letters=seen.errors.dead,
            last_success_at=seen.last_success_at,
            fresh_until=seen.fresh_until,
            rows=sum(one.rows for one in streams),
        )


class TestWanted(BaseModel):
    """What to test; without a secret, what is stored."""

    base_url: Annotated[str, Field(max_length=500)] | None = None
    account: Annotated[str, Field(max_length=20)] | None = None
    """The number of a Chatwoot account."""
    secret: Annotated[SecretStr, Field(max_length=1000)] | None = None
    """Needed with another address or account: a stored one is not sent there."""

    def offer(self) -> Offer:
        return Offer(
            secret=self.secret.get_secret_value() if self.secret is not None else None,
            base_url=self.base_url,
            account=self.account,
        )


class ConnectionWanted(BaseModel):
    """A credential of the project's own. It is sealed, and never given back."""

    base_url: Annotated[str, Field(max_length=500)] | None = None
    account: Annotated[str, Field(max_length=20)] | None = None
    """The number of a Chatwoot account."""
    secret: Annotated[SecretStr, Field(max_length=1000)]
    force: bool = False
    """Store it although its test fails."""

    def offer(self) -> Offer:
        return Offer(
            secret=self.secret.get_secret_value(), base_url=self.base_url, account=self.account
        )


class CoverageView(BaseModel):
    """A part that is bound, and whether the credential sees it."""

    kind: BindingKind
    external_id: str
    name: str | None
    seen: bool


class SampleView(BaseModel):
    """Something of what is bound, as the service shows it now."""

    stream: str
    title: str
    at: datetime | None


class TestFailureView(BaseModel):
    """Why a test failed, and what to do."""

    kind: UpstreamKind | Literal["misconfigured"]
    message: str
    next_step: str


class TestView(BaseModel):
    """What a credential sees. A service that fails is an answer: `ok` is false."""

    ok: bool
    account_name: str | None
    user: str | None
    role: str | None
    missing: dict[str, str]
    """Streams that the credential cannot read, with the permission that each lacks."""
    parts_count: int | None
    """How many parts the account has; null when it could not be asked."""
    coverage: list[CoverageView]
    """Everything that is bound."""
    sample: list[SampleView]
    """At most three, the newest first, of what is bound; read from the service just now."""
    cost_ms: int
    """How long the service took for all of it."""
    error: TestFailureView | None

    @classmethod
    def of(cls, trial: Trial) -> "TestView":
        identity, error = trial.identity, trial.error
        return cls(
            ok=error is None,
            account_name=identity.account_name if identity else None,
            user=identity.user if identity else None,
            role=identity.role if identity else None,
            missing=dict(identity.missing) if identity else {},
            parts_count=None if trial.parts is None else len(trial.parts),
            coverage=[
                CoverageView.model_validate(one, from_attributes=True) for one in trial.coverage
            ],
            sample=[SampleView.model_validate(one, from_attributes=True) for one in trial.sample],
            cost_ms=round(trial.took.total_seconds() * 1000),
            error=TestFailureView.model_validate(error, from_attributes=True) if error else None,
        )


class ConnectedView(BaseModel):
    """A connector that was connected, with the test that came before."""

    connector: ConnectorView
    test: TestView


@router.get("/connectors", dependencies=[allow("connectors.read")])
async def list_connectors(
    project: CurrentProject, tx: Tx, services: Services
) -> Page[ConnectorView]:
    """Every service: who it is connected as, what of it is bound, and one line of truth."""
    found = await overview(tx, services.get(Sources), project.id)
    return Page(items=[ConnectorView.of(one) for one in found], next_cursor=None)


@router.post("/connectors/{connector}/test", dependencies=[allow("connectors.manage")])
async def try_connector(
    connector: Connector,
    project: CurrentProject,
    services: Services,
    wanted: Annotated[TestWanted | None, Body()] = None,
) -> TestView:
    """Look live what a credential sees. One that is given here is not stored."""
    trial = await connecting.try_connection(
        services.get(Database),
        services.get(Sources),
        project.id,
        connector,
        (wanted or TestWanted()).offer(),
    )
    return TestView.of(trial)


@router.put("/connectors/{connector}/connection", dependencies=[allow("connectors.manage")])
async def connect_connector(
    connector: Connector, wanted: ConnectionWanted, project: CurrentProject, services: Services
) -> ConnectedView:
    """Use a credential of the project's own, if its test is good; then sync what is bound."""
    database = services.get(Database)
    trial = await connecting.connect(
        database,
        services.get(Sources),
        services.get(Registry),
        project.id,
        connector,
        wanted.offer(),
        force=wanted.force,
    )
    async with database.transaction(project.id) as conn:
        seen = await _view(conn, services, project.id, connector)
    return ConnectedView(connector=seen, test=TestView.of(trial))


@router.delete("/connectors/{connector}/connection", dependencies=[allow("connectors.manage")])
async def disconnect_connector(
    connector: Connector, project: CurrentProject, tx: Tx, services: Services
) -> ConnectorView:
    """Forget the project's own credential: back to the installation's. The copy stays."""
    await connecting.disconnect(tx, services.get(Registry), project.id, connector)
    return await _view(tx, services, project.id, connector)


@router.post("/connectors/{connector}/pause", dependencies=[allow("connectors.manage")])
async def pause_connector(
    connector: Connector, user: CurrentUser, project: CurrentProject, tx: Tx, services: Services
) -> ConnectorView:
    """Read it no more until it is enabled. The copy stays as it is."""
    await connecting.switch(
        tx, services.get(Registry), project.id, connector, "paused", by=user.name or user.email
    )
    return await _view(tx, services, project.id, connector)


@router.post("/connectors/{connector}/enable", dependencies=[allow("connectors.manage")])
async def enable_connector(
    connector: Connector, user: CurrentUser, project: CurrentProject, tx: Tx, services: Services
) -> ConnectorView:
    """Read it again, beginning with a sync at once."""
    await connecting.switch(
        tx, services.get(Registry), project.id, connector, "enabled", by=user.name or user.email
    )
    return await _view(tx, services, project.id, connector)


async def _view(
    conn: Conn, services: Services, project_id: UUID, connector: Connector
) -> ConnectorView:
    found = await overview_of(conn, services.get(Sources), project_id, connector)
    return ConnectorView.of(found)
