"""mayak jobs types, list, status, pause, resume, schedule, tick: when jobs run by themselves."""

import re
from datetime import timedelta
from typing import Annotated

import typer

from mayak.automation import service
from mayak.automation.api import schedule as http
from mayak.automation.api.views import ChangedView, JobsStatusView, JobView, SchedulerView, TickView
from mayak.automation.model import Catchup, JobType, Overlap, Rhythm
from mayak.entry.cli.jobs import tables, words
from mayak.entry.cli.jobs.scope import (
    Done,
    EveryJob,
    MaybeType,
    ProjectOption,
    Scope,
    TypeArgument,
    in_project,
    one_or_all,
    tell_if_idle,
)
from mayak.entry.cli.output import Json, emit, err, out
from mayak.entry.wiring import job_types
from mayak.errors import InvalidInput
from mayak.kit import clock
from mayak.projects.model import Project

app = typer.Typer()

HERE = "the command line"
_LENGTH = re.compile(r"([0-9]{1,9})\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def length(text: str, option: str) -> timedelta:
    """A length of time such as 900, 10m, 2h or 1d. Raises InvalidInput that names the option."""
    read = _LENGTH.fullmatch(text.strip())
    if read is None:
        raise InvalidInput(option, "write seconds, or a length such as 10m, 2h or 1d")
    return timedelta(seconds=int(read[1]) * _SECONDS[read[2]])


@app.command("types")
def list_types(*, json: Json = False) -> None:
    """List the job types of this release. Needs no database."""
    found = list(job_types().values())
    if json:
        emit([_described(one) for one in found])
        return
    tables.tell(tables.types(found))


def _described(one: JobType) -> dict[str, object]:
    return {
        "job_type": one.name,
        "cadence_seconds": one.rhythm and one.rhythm.cadence_seconds,
        "cron": one.rhythm and one.rhythm.cron,
        "queue": one.queue,
        "after": list(one.after),
        "built": one.built,
    }


@app.command("list")
def list_jobs(*, project: ProjectOption, json: Json = False) -> None:
    """Show every job of a project: its state, its last result, and when it runs next."""

    async def read(scope: Scope) -> SchedulerView:
        return await http.read_scheduler(scope.conn, scope.parts.resources)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    zone = done.project.time_zone
    tables.tell(tables.schedule(done.value, zone))
    err.print(f"[dim]Times of {zone}.[/]")
    tell_if_idle(done.workers)


@app.command("status")
def status(*, project: ProjectOption, json: Json = False) -> None:
    """Show how much waits and runs, what failed, and which workers live."""

    async def read(scope: Scope) -> JobsStatusView:
        return await http.read_status(scope.conn, scope.parts.resources)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    tables.tell_status(done.value)
    tell_if_idle(done.workers)


@app.command("pause")
def pause(
    job_type: MaybeType = None,
    *,
    project: ProjectOption,
    everything: EveryJob = False,
    json: Json = False,
) -> None:
    """Let a job rest. A run that goes on goes on; one that waits is withdrawn."""
    one_or_all(job_type, everything=everything)

    async def rest(scope: Scope) -> JobView | ChangedView:
        registry, home = scope.parts.registry, scope.project.id
        if job_type is None:
            changed = await service.pause_all(scope.conn, registry, home, by=HERE)
            return ChangedView(changed=changed)
        await service.pause(scope.conn, registry, home, job_type, by=HERE)
        return await _job(scope, job_type)

    done = in_project(project, rest)
    _tell_rest(done, "Paused", "every job rested already", json=json)
    if not json and isinstance(done.value, ChangedView) and done.value.changed:
        err.print("[dim]`mayak jobs resume --all` wakes exactly these.[/]")


@app.command("resume")
def resume(
    job_type: MaybeType = None,
    *,
    project: ProjectOption,
    everything: EveryJob = False,
    json: Json = False,
) -> None:
    """Wake a paused or suspended job. With --all: what was paused with --all, nothing else."""
    one_or_all(job_type, everything=everything)

    async def wake(scope: Scope) -> JobView | ChangedView:
        registry, home = scope.parts.registry, scope.project.id
        if job_type is None:
            return ChangedView(changed=await service.resume_all(scope.conn, registry, home))
        await service.resume(scope.conn, registry, home, job_type)
        return await _job(scope, job_type)

    done = in_project(project, wake)
    _tell_rest(done, "Resumed", "nothing was paused with --all", json=json)
    if not json:
        tell_if_idle(done.workers)


@app.command("schedule")
def schedule(
    job_type: TypeArgument,
    *,
    project: ProjectOption,
    every: Annotated[
        str | None, typer.Option(help="A minute to 31 days: seconds, or such as 10m, 2h, 1d.")
    ] = None,
    cron: Annotated[
        str | None, typer.Option(help='Five fields, such as "0 8 * * *", in the time zone.')
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of the cron, such as Europe/Berlin; the project's own.")
    ] = None,
    overlap: Annotated[
        Overlap | None, typer.Option(help="When a run goes on at a slot: one more, or none.")
    ] = None,
    catchup: Annotated[
        Catchup | None, typer.Option(help="Of slots that passed without a worker: which run.")
    ] = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Back to what the release declares.")
    ] = False,
    json: Json = False,
) -> None:
    """Change when a job runs by itself, and what it does when it is late."""
    wanted = service.Change(
        rhythm=_rhythm(every, cron),
        time_zone=time_zone,
        overlap=overlap,
        catchup=catchup,
        reset=reset,
    )
    if reset and wanted != service.Change(reset=True):
        raise InvalidInput("reset", "goes alone: it takes every change back")
    if wanted == service.Change():
        raise InvalidInput(
            "options", "say what to change: --every, --cron, --time-zone, --overlap, --catchup"
        )

    async def change(scope: Scope) -> JobView:
        registry, home = scope.parts.registry, scope.project.id
        await service.change(scope.conn, registry, home, job_type, wanted)
        return await _job(scope, job_type)

    done = in_project(project, change)
    if json:
        emit(done.value)
    else:
        _tell_job(done.value, done.project)


def _rhythm(every: str | None, cron: str | None) -> Rhythm | None:
    if every is None and cron is None:
        return None
    if every is not None and cron is not None:
        raise InvalidInput("options", "use one of --every and --cron")
    return Rhythm(every=None if every is None else length(every, "every"), cron=cron)


@app.command("tick")
def tick(*, project: ProjectOption, json: Json = False) -> None:
    """Look at the project's schedules now, as workers do every second. No slot runs twice."""

    async def look(scope: Scope) -> TickView:
        return await http.tick(scope.conn, scope.parts.resources)

    done = in_project(project, look)
    if json:
        emit(done.value)
        return
    seen = done.value
    out.print(
        f"{len(seen.queued)} runs queued, {seen.skipped} slots left out, {seen.missed} missed."
    )
    for run in seen.queued:
        out.print(f"  {run.id}  {run.job_type}", markup=False)
    if seen.queued:
        tell_if_idle(done.workers)


async def _job(scope: Scope, job_type: str) -> JobView:
    job = await service.one_job(scope.conn, scope.parts.registry, job_type)
    return JobView.of(job)


def _tell_job(job: JobView, project: Project) -> None:
    line = f"{job.job_type}: {words.state(job)}; {words.rhythm(job, project.time_zone)}"
    if job.next_run_at:
        line += f"; next run {words.next_run(job.next_run_at, project.time_zone, clock.now())}"
    out.print(line, soft_wrap=True)


def _tell_rest(done: Done[JobView | ChangedView], did: str, nothing: str, *, json: bool) -> None:
    """What pausing or resuming changed, of one job or of all."""
    seen = done.value
    if json:
        emit(seen)
    elif isinstance(seen, JobView):
        _tell_job(seen, done.project)
    elif seen.changed:
        out.print(f"{did}: {', '.join(seen.changed)}", soft_wrap=True)
    else:
        out.print(f"Nothing to do: {nothing}")
