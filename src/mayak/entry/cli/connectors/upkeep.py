"""mayak connectors errors, retry, reconcile, repair, records: when something is wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated
from uuid import UUID

import typer

from mayak.automation.api import RunView
from mayak.automation.model import SUCCESS, Run
from mayak.automation.service import run_now
from mayak.entry.cli.connectors import tables
from mayak.entry.cli.connectors.scope import ConnectorArgument, MaybeConnector, beside_project
from mayak.entry.cli.jobs.runs import end_of, tell_end
from mayak.entry.cli.jobs.scope import Done, ProjectOption, Scope, in_project, tell_if_idle
from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.http.paging import Page
from mayak.platform.db import Conn
from mayak.projects.model import Project
from mayak.sync.api import records as http
from mayak.sync.api.errors import OPEN, ConnectorErrorView
from mayak.sync.api.errors import page_of as errors_of
from mayak.sync.api.records import RecordView
from mayak.sync.model import ErrorFilter, ErrorStatus
from mayak.sync.service import asking

app = typer.Typer()

OfStream = Annotated[str | None, typer.Option("--stream", help="Only of this stream.")]
Wait = Annotated[
    bool, typer.Option("--wait", help="Follow it to its end; do it here if nobody does.")
]
Asking = Callable[[Conn, Parts, Project], Awaitable[Run]]
HERE = "mayak connectors"


@app.command("errors")
def list_errors(
    connector: MaybeConnector = None,
    *,
    project: ProjectOption,
    stream: OfStream = None,
    status: Annotated[
        ErrorStatus | None, typer.Option(help="Only in this state; without, all that are open.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    json: Json = False,
) -> None:
    """List what could not be copied, the latest first, and what to do about it."""
    which = ErrorFilter(statuses=(status,) if status else OPEN, connector=connector, stream=stream)

    async def read(scope: Scope) -> Page[ConnectorErrorView]:
        return await errors_of(scope.conn, scope.project.id, which, limit=limit, cursor=cursor)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    if not done.value.items:
        out.print("Nothing failed that is not mended.")
        return
    tables.tell_errors(done.value.items)
    if done.value.next_cursor:
        err.print(f"[dim]There are more: --cursor {done.value.next_cursor}[/]", soft_wrap=True)


@app.command("retry")
def retry(
    connector: MaybeConnector = None,
    *,
    project: ProjectOption,
    error: Annotated[
        list[UUID] | None, typer.Option("--error", help="Only this one; repeatable.")
    ] = None,
    dead_too: Annotated[
        bool, typer.Option("--dead-too", help="Also what waits for a person.")
    ] = False,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Try again what could not be copied: each failed thing by itself, not all of a service."""

    async def ask(conn: Conn, parts: Parts, found: Project) -> Run:
        return await asking.retry_soon(
            conn,
            parts.registry,
            found.id,
            ids=error or None,
            connector=connector,
            dead_too=dead_too,
        )

    _ask_for(project, ask, wait=wait, json=json)


@app.command("reconcile")
def reconcile(
    connector: MaybeConnector = None,
    *,
    project: ProjectOption,
    stream: OfStream = None,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Compare the copy with the source, id by id. Changes nothing."""
    payload = _payload(connector=connector, stream=stream)
    _ask_for_job(
        project, "connectors_reconciliation_run", f"{HERE} reconcile", payload, wait=wait, json=json
    )


@app.command("repair")
def repair(
    connector: MaybeConnector = None,
    *,
    project: ProjectOption,
    stream: OfStream = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Only missing, extra, duplicate or stale; repeatable."),
    ] = None,
    finding: Annotated[
        list[UUID] | None, typer.Option("--finding", help="Only this one; repeatable.")
    ] = None,
    accept_deletions: Annotated[
        bool,
        typer.Option("--accept-deletions", help="Delete here what the source has no more."),
    ] = False,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Read again exactly what reconciliation found to be missing or different."""
    strange = set(kind or ()) - {"missing", "extra", "duplicate", "stale"}
    if strange:
        raise InvalidInput("kind", "use missing, extra, duplicate or stale")
    payload = _payload(
        connector=connector,
        stream=stream,
        kinds=kind or None,
        finding_ids=[str(one) for one in finding] if finding else None,
        accept_deletions=accept_deletions or None,
    )
    _ask_for_job(
        project, "connectors_reconciliation_repair", f"{HERE} repair", payload, wait=wait, json=json
    )


def _payload(**asked: object) -> dict[str, object]:
    return {name: value for name, value in asked.items() if value is not None}


def _ask_for_job(  # what a run is asked for with
    project: str, job_type: str, because: str, payload: Mapping[str, object], *, wait: bool,
    json: bool,
) -> None:  # fmt: skip
    async def ask(conn: Conn, parts: Parts, found: Project) -> Run:
        return await run_now(
            conn, parts.registry, found.id, job_type, because=because, payload=dict(payload)
        )

    _ask_for(project, ask, wait=wait, json=json)


def _ask_for(project: str, ask: Asking, *, wait: bool, json: bool) -> None:
    """Ask for a run, follow it if that is wished, and say what became of it."""

    async def act(parts: Parts, found: Project) -> RunView:
        async with parts.database.transaction(found.id) as conn:
            asked = await ask(conn, parts, found)
        return RunView.of(await end_of(parts, found, asked) if wait else asked)

    done: Done[RunView] = beside_project(project, act)
    if json:
        emit(done.value)
    elif wait:
        tell_end(done)
    else:
        out.print(f"Asked for {done.value.job_type}: run {done.value.id}", soft_wrap=True)
    if not wait:
        tell_if_idle(done.workers)
    elif done.value.status not in SUCCESS:
        raise typer.Exit(1)


@app.command("records")
def list_records(
    connector: ConnectorArgument,
    stream: Annotated[str, typer.Argument(help="Such as issues, companies or messages.")],
    *,
    project: ProjectOption,
    external_id: Annotated[
        str | None, typer.Option("--id", help="The one of this id at the service.")
    ] = None,
    q: Annotated[str | None, typer.Option("--q", help="Part of the id or of what it says.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Tombstones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    json: Json = False,
) -> None:
    """Show stored records as they are, by id."""

    async def read(scope: Scope) -> Page[RecordView]:
        return await http.page_of(
            scope.conn, scope.project.id, connector, stream,
            external_id=external_id, words=q, deleted=deleted, limit=limit, cursor=cursor,
        )  # fmt: skip

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    if not done.value.items:
        err.print("No such record is stored.")
        return
    tables.tell_records(done.value.items)
    if done.value.next_cursor:
        err.print(f"[dim]There are more: --cursor {done.value.next_cursor}[/]", soft_wrap=True)
