"""mayak connectors list, test, connect, disconnect, pause, enable."""

from typing import Annotated

import typer

from mayak.entry.cli.connectors import tables
from mayak.entry.cli.connectors.scope import (
    HERE,
    Account,
    BaseUrl,
    ConnectorArgument,
    SecretEnv,
    beside_project,
    secret_from,
    sources_of,
)
from mayak.entry.cli.jobs.scope import ProjectOption, Scope, in_project, tell_if_idle
from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.wiring import Parts
from mayak.http.paging import Page
from mayak.projects.model import Project
from mayak.sync.api.connections import ConnectedView, ConnectorView, TestView
from mayak.sync.model import TITLES, ConnectionStatus, Connector
from mayak.sync.service import connecting
from mayak.sync.service.offering import Offer
from mayak.sync.service.overview import overview, overview_of

app = typer.Typer()


@app.command("list")
def list_connectors(*, project: ProjectOption, json: Json = False) -> None:
    """Show every connector of a project: how it is doing, and what to do about it."""

    async def read(scope: Scope) -> Page[ConnectorView]:
        found = await overview(scope.conn, sources_of(scope.parts), scope.project.id)
        return Page(items=[ConnectorView.of(one) for one in found], next_cursor=None)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    tables.tell_connectors(done.value.items)
    tell_if_idle(done.workers)


@app.command("test")
def try_connector(
    connector: ConnectorArgument,
    *,
    project: ProjectOption,
    base_url: BaseUrl = None,
    account: Account = None,
    secret_env: SecretEnv = None,
    json: Json = False,
) -> None:
    """Look live what the credential sees. One from --secret-env is tested and not stored."""
    secret = None if secret_env is None else secret_from(secret_env)
    offer = Offer(secret=secret, base_url=base_url, account=account)

    async def look(parts: Parts, found: Project) -> TestView:
        trial = await connecting.try_connection(
            parts.database, sources_of(parts), found.id, connector, offer
        )
        return TestView.of(trial)

    done = beside_project(project, look)
    if json:
        emit(done.value)
    else:
        tables.tell_test(connector, done.value)
    if not done.value.ok:
        raise typer.Exit(1)


@app.command("connect")
def connect(
    connector: ConnectorArgument,
    *,
    project: ProjectOption,
    base_url: BaseUrl = None,
    account: Account = None,
    secret_env: SecretEnv = None,
    force: Annotated[
        bool, typer.Option("--force", help="Store it although its test fails.")
    ] = False,
    json: Json = False,
) -> None:
    """Use a credential of the project's own: asked for, or read from stdin or --secret-env."""
    offer = Offer(secret=secret_from(secret_env), base_url=base_url, account=account)

    async def store(parts: Parts, found: Project) -> ConnectedView:
        trial = await connecting.connect(
            parts.database,
            sources_of(parts),
            parts.registry,
            found.id,
            connector,
            offer,
            force=force,
        )
        seen = await _view(parts, found, connector)
        return ConnectedView(connector=seen, test=TestView.of(trial))

    done = beside_project(project, store)
    if json:
        emit(done.value)
        return
    tables.tell_test(connector, done.value.test)
    out.print(f"{TITLES[connector]} is connected with a credential of the project's own.")
    if done.value.connector.scope == "none":
        err.print(f"[dim]`mayak connectors bind {connector}` says what of it belongs here.[/]")
    else:
        tell_if_idle(done.workers)


@app.command("disconnect")
def disconnect(connector: ConnectorArgument, *, project: ProjectOption, json: Json = False) -> None:
    """Forget the project's own credential: back to the installation's. The copy stays."""

    async def forget(parts: Parts, found: Project) -> ConnectorView:
        async with parts.database.transaction(found.id) as conn:
            await connecting.disconnect(conn, parts.registry, found.id, connector)
        return await _view(parts, found, connector)

    done = beside_project(project, forget)
    _tell(done.value, json=json)


@app.command("pause")
def pause(connector: ConnectorArgument, *, project: ProjectOption, json: Json = False) -> None:
    """Read it no more until it is enabled. The copy stays as it is."""
    _switch(connector, project, "paused", json=json)


@app.command("enable")
def enable(connector: ConnectorArgument, *, project: ProjectOption, json: Json = False) -> None:
    """Read it again, beginning with a sync at once."""
    _switch(connector, project, "enabled", json=json)


def _switch(connector: Connector, project: str, status: ConnectionStatus, *, json: bool) -> None:
    async def change(parts: Parts, found: Project) -> ConnectorView:
        async with parts.database.transaction(found.id) as conn:
            await connecting.switch(conn, parts.registry, found.id, connector, status, by=HERE)
        return await _view(parts, found, connector)

    done = beside_project(project, change)
    _tell(done.value, json=json)
    if status == "enabled":
        tell_if_idle(done.workers)


async def _view(parts: Parts, project: Project, connector: Connector) -> ConnectorView:
    async with parts.database.transaction(project.id) as conn:
        seen = await overview_of(conn, sources_of(parts), project.id, connector)
    return ConnectorView.of(seen)


def _tell(seen: ConnectorView, *, json: bool) -> None:
    if json:
        emit(seen)
    else:
        tables.tell_line(seen)
