"""mayak jobs run, runs, show, cancel, replay: one run at a time."""

from contextlib import AsyncExitStack
from typing import Annotated, get_args
from uuid import UUID

import orjson
import typer
from pydantic import ValidationError

from mayak.automation import service
from mayak.automation.api import RunDetail, RunView
from mayak.automation.api import runs as http
from mayak.automation.api.schedule import RunOrder
from mayak.automation.model import SUCCESS, Run, Status, Trigger
from mayak.entry.cli.data import HURRY
from mayak.entry.cli.jobs import tables, words
from mayak.entry.cli.jobs.scope import (
    Done,
    ProjectOption,
    Scope,
    TypeArgument,
    in_project,
    project_of,
    tell_if_idle,
    workers_of,
)
from mayak.entry.cli.output import Json, emit, err, out, progress_bar
from mayak.entry.cli.running import settings, with_parts
from mayak.entry.postgres import Opened
from mayak.entry.serving import working
from mayak.entry.tracking import follow, picked_up
from mayak.entry.wiring import Parts
from mayak.errors import InvalidInput
from mayak.http.paging import Page
from mayak.kit import clock
from mayak.kit.text import without_nul
from mayak.projects.model import Project

app = typer.Typer()

RunId = Annotated[UUID, typer.Argument(help="See `mayak jobs runs`.", metavar="RUN_ID")]


@app.command("run")
def run(
    job_type: TypeArgument,
    *,
    project: ProjectOption,
    payload: Annotated[
        str | None, typer.Option(help="What the job is given: a JSON object.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow it to its end; do it here if nobody does.")
    ] = False,
    json: Json = False,
) -> None:
    """Ask for a run now, also of a paused job. When one waits already, it is that one."""
    given = _payload(payload)

    async def ask(parts: Parts, _: Opened) -> Done[RunView]:
        found = await project_of(parts, project)
        async with parts.database.transaction(found.id) as conn:
            asked = await service.run_now(
                conn,
                parts.registry,
                found.id,
                job_type,
                because="mayak jobs run",
                payload=given,
            )
        if wait:
            asked = await end_of(parts, found, asked)
        return Done(value=RunView.of(asked), project=found, workers=await workers_of(parts))

    done = with_parts(settings(quiet=True), ask)
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


def _payload(text: str | None) -> dict[str, object]:
    """What the handler is given. Raises InvalidInput."""
    if text is None:
        return {}
    try:
        given = RunOrder(payload=orjson.loads(text)).payload
    except orjson.JSONDecodeError as error:
        raise InvalidInput("payload", f"this is no JSON: {error}") from error
    except ValidationError as error:
        raise InvalidInput("payload", "give a JSON object of at most 50 fields") from error
    if without_nul(given) != given:
        raise InvalidInput("payload", "a text in it has a zero byte, which PostgreSQL cannot keep")
    return given


async def end_of(parts: Parts, project: Project, asked: Run) -> Run:
    """Let a worker do it, or do it here when none takes it, with a bar; the run as it ended."""
    title = f"{asked.job_type} → {project.slug}"
    with progress_bar() as bar:
        task = bar.add_task(title, total=None)

        def look(seen: Run) -> None:
            bar.update(
                task,
                description=f"{title}: {words.short(seen.progress_note or seen.status)}",
                completed=seen.progress_done or 0,
                total=seen.progress_total,
            )

        async with AsyncExitStack() as stack:
            if not await picked_up(parts, project.id, asked.id):
                await stack.enter_async_context(
                    working(parts, only={asked.job_type}, patience=HURRY)
                )
            return await follow(parts, project.id, asked.id, look)


def tell_end(done: Done[RunView]) -> None:
    ended, slug = done.value, done.project.slug
    for line in words.ended(ended):
        out.print(line, soft_wrap=True)
    if ended.not_before and ended.finished_at is None:
        when = words.both(ended.not_before, done.project.time_zone, clock.now())
        err.print(f"It is tried again {when} by any worker.")
        tell_if_idle(done.workers)
    elif ended.status not in SUCCESS:
        err.print(f"[dim]`mayak jobs show {ended.id} -p {slug}` says more.[/]", soft_wrap=True)


@app.command("runs")
def list_runs(
    *,
    project: ProjectOption,
    job: Annotated[str | None, typer.Option("--job", help="Only of this job type.")] = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only in this state; repeatable.")
    ] = None,
    trigger: Annotated[Trigger | None, typer.Option(help="Only those started by this.")] = None,
    fingerprint: Annotated[str | None, typer.Option(help="Only failures of this cause.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    states = [_status(one) for one in status or ()]

    async def read(scope: Scope) -> Page[RunView]:
        return await http.list_runs(
            scope.conn,
            job_type=job,
            status=states or None,
            trigger=trigger,
            fingerprint=fingerprint,
            limit=limit,
            cursor=cursor,
        )

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    if not done.value.items:
        err.print("No such run. `mayak jobs run TYPE` asks for one.")
        return
    tables.tell(tables.runs(done.value.items, clock.now()))
    if done.value.next_cursor:
        err.print(f"[dim]There are more: --cursor {done.value.next_cursor}[/]", soft_wrap=True)


def _status(text: str) -> Status:
    known: tuple[Status, ...] = get_args(Status)
    for one in known:
        if one == text:
            return one
    raise InvalidInput("status", f"there is no {text!r}; use {', '.join(known)}")


@app.command("show")
def show(run_id: RunId, *, project: ProjectOption, json: Json = False) -> None:
    """Show one run: what it did, its error, what caused it and what it caused."""

    async def read(scope: Scope) -> RunDetail:
        found = await service.get(scope.conn, run_id)
        near = await service.lineage(scope.conn, found)
        return RunDetail.with_lineage(found, near.up, near.down, with_trace=True)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    tables.tell_run(done.value, done.project.time_zone, clock.now())
    if done.value.status in {"failed", "dead"} and done.value.resolution is None:
        again = f"mayak jobs replay {run_id} -p {done.project.slug}"
        err.print(f"[dim]`{again}` does its work again.[/]", soft_wrap=True)


@app.command("cancel")
def cancel(run_id: RunId, *, project: ProjectOption, json: Json = False) -> None:
    """End a run: at once if it waits, within seconds if it goes on."""

    async def stop(scope: Scope) -> RunView:
        return RunView.of(await service.cancel(scope.conn, scope.project.id, run_id))

    done = in_project(project, stop)
    if json:
        emit(done.value)
    elif done.value.status == "running":
        out.print("Its worker is told; it ends soon.")
    else:
        out.print(f"The run is {done.value.status}.")


@app.command("replay")
def replay(run_id: RunId, *, project: ProjectOption, json: Json = False) -> None:
    """Do the work of a run that ended again. Replaying a dead letter twice changes nothing."""

    async def again(scope: Scope) -> RunView:
        new = await service.replay(
            scope.conn,
            scope.parts.registry,
            scope.project.id,
            run_id,
            because="mayak jobs replay",
        )
        return RunView.of(new)

    done = in_project(project, again)
    if json:
        emit(done.value)
    else:
        out.print(f"Run {done.value.id} does it again: {done.value.status}", soft_wrap=True)
    if done.value.status == "queued":
        tell_if_idle(done.workers)
