"""mayak connectors webhooks ...: have services call us, so that nobody waits for the next sync."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from mayak.entry.cli.jobs.scope import ProjectOption, project_of
from mayak.entry.cli.output import Json, emit, err, out, plain
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.projects.model import Project
from mayak.sync.api.webhooks import WebhookView
from mayak.sync.model import CONNECTORS, TITLES, Connector
from mayak.sync.service import Sources, subscribing
from mayak.sync.service.subscribing import PublicAddress

app = typer.Typer(no_args_is_help=True, help="Services that call us when something changes.")

Value = TypeVar("Value")
Service = Annotated[str, typer.Argument(help="chatwoot, linear or attio.", metavar="CONNECTOR")]
AT_SERVICE = {
    "on": "the service calls it",
    "off": "switched off at the service",
    "gone": "the service does not know it any more",
    "unknown": "the service cannot be asked",
}


@app.command("install")
def install(
    connector: Service,
    *,
    project: ProjectOption,
    url: Annotated[
        str | None, typer.Option(help="Where the service reaches us; else MAYAK_PUBLIC_URL.")
    ] = None,
    unsigned: Annotated[
        bool,
        typer.Option(
            "--unsigned",
            help="Of Chatwoot up to 4.11.1, which signs nothing: believe whoever knows a secret "
            "address. Weaker: proxies write addresses to their logs.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Have a service call us; again is fine, and mends what the service lost."""
    named = _connector(connector)

    async def act(parts: Parts, where: Project) -> WebhookView:
        address = parts.resources.get(PublicAddress).need(url)
        made = await subscribing.install(
            parts.database,
            parts.resources.get(Sources),
            where.id,
            named,
            address=address,
            unsigned=unsigned,
        )
        return WebhookView.of(made)

    view = _in_project(project, act)
    if json:
        emit(view)
        return
    out.print(f"{TITLES[named]} calls {view.url} now.", markup=False, soft_wrap=True)
    if view.mode == "path":
        err.print("[yellow]Unsigned: keep the address secret, in logs of proxies too.[/]")


@app.command("list")
def list_(*, project: ProjectOption, json: Json = False) -> None:
    """List where services call us, and whether they still do."""

    async def act(parts: Parts, where: Project) -> list[WebhookView]:
        sources = parts.resources.get(Sources)
        found = [
            await subscribing.installed(parts.database, sources, where.id, one)
            for one in CONNECTORS
        ]
        return [WebhookView.of(one) for one in found if one is not None]

    views = _in_project(project, act)
    if json:
        emit({"items": views})
        return
    if not views:
        out.print("No service calls us. `mayak connectors webhooks install` changes that.")
        return
    table = Table("service", "state", "at the service", "last heard", "last 24 hours", box=None)
    for view in views:
        heard = view.last_delivery_at
        table.add_row(
            TITLES[view.connector],
            view.status + (" (unsigned)" if view.mode == "path" else ""),
            AT_SERVICE[view.at_service],
            "never" if heard is None else heard.strftime("%Y-%m-%d %H:%M UTC"),
            ", ".join(f"{count} {name}" for name, count in sorted(view.deliveries.items())),
        )
    out.print(table)
    for view in views:
        if view.last_error:
            said = plain(f"{TITLES[view.connector]}: {view.last_error}")
            err.print(said, markup=False, soft_wrap=True)


@app.command("remove")
def remove(
    connector: Service,
    *,
    project: ProjectOption,
    here_only: Annotated[
        bool,
        typer.Option("--here-only", help="Do not tell the service, when it cannot be reached."),
    ] = False,
    json: Json = False,
) -> None:
    """Have a service call us no more."""
    named = _connector(connector)

    async def act(parts: Parts, where: Project) -> str:
        sources = parts.resources.get(Sources)
        gone = await subscribing.uninstall(
            parts.database, sources, where.id, named, here_only=here_only
        )
        return str(gone.id)

    removed = _in_project(project, act)
    if json:
        emit({"removed": removed})
    else:
        out.print(f"{TITLES[named]} calls us no more.", markup=False)


def _connector(name: str) -> Connector:
    found = next((one for one in CONNECTORS if one == name.lower()), None)
    if found is None:
        raise InvalidInput("connector", f"there are {', '.join(CONNECTORS)}")
    return found


def _in_project(name: str, act: Callable[[Parts, Project], Awaitable[Value]]) -> Value:
    """What `act` gives in the project of this name. Raises ProjectNotFound."""

    async def run(parts: Parts, _: Opened) -> Value:
        return await act(parts, await project_of(parts, name))

    return with_parts(settings(quiet=True), run)
