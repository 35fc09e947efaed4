"""mayak sync: bring the data in."""

import time
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from mayak.automation.api import RunView
from mayak.automation.model import SUCCESS, Run
from mayak.automation.queries import workers_alive
from mayak.entry.cli.output import Json, emit, err, out, progress_bar
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.serving import working
from mayak.entry.tracking import ask_for, follow, picked_up
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.projects import service as projects
from mayak.projects.model import Project
from mayak.sync import service as sync_service
from mayak.sync.model import CONNECTORS, STREAMS, Connector

app = typer.Typer()

ProjectOption = Annotated[str, typer.Option("--project", "-p", help="Slug, name or id.")]
JOBS: dict[str, str] = {name: f"{name}_sync" for name in CONNECTORS}
HURRY = timedelta(seconds=1)
"""What Ctrl-C leaves to a sync before it is handed back; every page read so far is kept."""


async def project_of(parts: Parts, name: str) -> Project:
    async with parts.database.system_transaction() as conn:
        return await projects.find(conn, name)


@app.command()
def sync(
    connector: Annotated[str, typer.Argument(help=", ".join(CONNECTORS))],
    *,
    project: ProjectOption,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again, deletions included.")
    ] = False,
    accept_deletions: Annotated[
        bool,
        typer.Option(
            "--accept-deletions",
            help="Delete here what the source does not show any more, however much it is.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Bring a project's copy up to date and wait for it."""
    if connector not in JOBS:
        raise InvalidInput("connector", f"{connector!r} is not built; there is {', '.join(JOBS)}")
    wish = {"full": full, "accept_deletions": accept_deletions}

    async def run(parts: Parts, _: Opened) -> dict[str, Any]:
        asked = {name: True for name, wanted in wish.items() if wanted}
        return await _sync(parts, connector, await project_of(parts, project), asked)  # type: ignore[arg-type]

    outcome = with_parts(settings(quiet=True), run)
    ended: RunView = outcome["run"]
    if json:
        emit(outcome)
    else:
        _tell(outcome)
    if not outcome["workers"]:
        err.print("[dim]No worker is running: `mayak up` makes new messages answerable.[/]")
    if ended.status not in SUCCESS:
        raise typer.Exit(1)


async def _sync(
    parts: Parts, connector: Connector, found: Project, wish: dict[str, Any]
) -> dict[str, Any]:
    """Ask for a run, do it here or let another worker do it, and say what is there after it."""
    began = time.monotonic()
    asked = await ask_for(parts, found.id, JOBS[connector], "mayak sync", wish)
    with progress_bar() as bar:
        task = bar.add_task(f"{connector} → {found.slug}", total=None)

        def look(seen: Run) -> None:
            note = seen.progress_note or seen.status
            bar.update(
                task,
                description=f"{connector} → {found.slug}: {note}",
                completed=seen.progress_done or 0,
                total=seen.progress_total,
            )

        async with AsyncExitStack() as stack:
            if not await picked_up(parts, found.id, asked.id):
                # Nobody took it: we do. Beside a worker we would take other projects' runs too.
                await stack.enter_async_context(
                    working(parts, only={JOBS[connector]}, patience=HURRY)
                )
            ended = await follow(parts, found.id, asked.id, look)
    async with parts.database.transaction(found.id) as conn:
        counts = await sync_service.mirror_counts(conn, found.id)
    async with parts.database.system_transaction() as conn:
        workers = await workers_alive(conn)
    return {
        "project": found.slug,
        "synced": {
            stream.name: counts[f"{connector} {stream.name}"] for stream in STREAMS[connector]
        },
        "run": RunView.of(ended),
        "seconds": round(time.monotonic() - began, 3),
        "workers": workers,
    }


def _tell(outcome: dict[str, Any]) -> None:
    ended: RunView = outcome["run"]
    have = ", ".join(f"{count} {stream}" for stream, count in outcome["synced"].items())
    out.print(
        f"{outcome['project']}: {ended.status} in {outcome['seconds']:.1f} s. Here now: {have}.",
        soft_wrap=True,
    )
    if ended.counters:
        counted = [f"{name} {count}" for name, count in ended.counters.items() if count]
        out.print("  " + ", ".join(counted or ["nothing changed"]), soft_wrap=True)
    if ended.status == "partial":
        err.print("Some of it could not be read; GET /connectors/errors lists what and why.")
        err.print("The next sync tries it again.")
    if ended.error:
        err.print(f"[bold red]{ended.error.kind}[/]: {escape(ended.error.message)}")
    if ended.not_before:
        err.print(f"It is tried again at {ended.not_before:%H:%M:%S} UTC by any worker.")
