"""mayak lightrag ...: the vectors that answers are found by."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from mayak.automation.api import RunView
from mayak.automation.model import Run
from mayak.entry.cli.jobs.scope import ProjectOption, project_of
from mayak.entry.cli.output import Json, emit, err, out, progress_bar
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.serving import working
from mayak.entry.tracking import follow, picked_up
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.lightrag.api.sets import ReembedView, SetView, reembedded, shown
from mayak.lightrag.service import Embedders
from mayak.projects.model import Project

app = typer.Typer(no_args_is_help=True, help="The vectors that answers are found by.")
JOB = "embeddings_run"
HURRY = timedelta(seconds=1)
"""What a worker of our own may take to end."""


@app.callback()
def lightrag() -> None:
    """Keep `reembed` a verb of its own although it is the only one."""


@app.command()
def reembed(
    *,
    project: ProjectOption,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Answer from the former model again, at once.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Only say which vectors there are.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the vectors of the configured model, beside those that answer, and wait for it."""
    if rollback and status:
        raise InvalidInput("rollback", "say either --rollback or --status")

    async def run(parts: Parts, _: Opened) -> ReembedView:
        found = await project_of(parts, project)
        embedders = parts.resources.get(Embedders)
        async with parts.database.transaction(found.id) as conn:
            if status:
                return ReembedView(sets=await shown(conn, found.id, embedders), run=None)
            done = await reembedded(conn, found.id, embedders, parts.registry, rollback=rollback)
        if rollback or done.run is None:
            return done
        ended = await _watched(parts, found, done.run)
        async with parts.database.transaction(found.id) as conn:
            return ReembedView(sets=await shown(conn, found.id, embedders), run=RunView.of(ended))

    done = with_parts(settings(quiet=True), run)
    if json:
        emit(done)
        return
    _show(done.sets)
    progress = done.run.progress if done.run else None
    if progress is not None and progress.note:
        err.print(f"[dim]{progress.note}[/]", soft_wrap=True)


async def _watched(parts: Parts, project: Project, asked: RunView) -> Run:
    """The run as it ended, done by a worker, or here when there is none."""
    with progress_bar() as bar:
        task = bar.add_task(project.slug, total=None)

        def look(seen: Run) -> None:
            bar.update(
                task,
                description=f"{project.slug}: {seen.progress_note or seen.status}",
                completed=seen.progress_done or 0,
                total=seen.progress_total,
            )

        async with AsyncExitStack() as stack:
            if not await picked_up(parts, project.id, asked.id):
                await stack.enter_async_context(working(parts, only={JOB}, patience=HURRY))
            return await follow(parts, project.id, asked.id, look)


def _show(sets: list[SetView]) -> None:
    if not sets:
        out.print("No vectors yet.")
        return
    table = Table("set", "model", "vectors", "note", box=None)
    for one in sets:
        notes = [
            "left by a person" if one.rejected else "",
            "" if one.served else "nobody here can embed for it",
            f"fails: {one.failure}" if one.failure else "",
        ]
        table.add_row(
            one.status,
            f"{one.provider}/{one.model}",
            f"{one.vectors} of {one.texts}",
            ", ".join(note for note in notes if note),
        )
    out.print(table)
