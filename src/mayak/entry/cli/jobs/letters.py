"""mayak jobs dead-letters ...: failed runs that nothing took care of, many at a time."""

import sys
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

import typer

from mayak.automation import service
from mayak.automation.api import runs as http
from mayak.automation.api.views import (
    DeadLettersPage,
    DiscardedView,
    ReplayedView,
    RestoredView,
)
from mayak.automation.service import Filter
from mayak.entry.cli.jobs import tables
from mayak.entry.cli.jobs.schedules import length
from mayak.entry.cli.jobs.scope import ProjectOption, Scope, in_project, tell_if_idle
from mayak.entry.cli.output import Json, emit, err, out
from mayak.errors import InvalidInput
from mayak.kit import clock

app = typer.Typer(no_args_is_help=True, help="Failed runs that nothing took care of.")

Cause = Annotated[
    str | None, typer.Option("--fingerprint", help="Of this cause, as `list` names it.")
]
OfJob = Annotated[str | None, typer.Option("--job", help="Of this job type.")]
Text = Annotated[str | None, typer.Option("--q", help="Part of the message or the payload.")]
All = Annotated[bool, typer.Option("--all", help="All of the project.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only count.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_letters(
    *,
    project: ProjectOption,
    fingerprint: Cause = None,
    job: OfJob = None,
    q: Text = None,
    json: Json = False,
) -> None:
    """List dead letters by their cause, the most frequent first."""

    async def read(scope: Scope) -> DeadLettersPage:
        return await http.list_dead_letters(scope.conn, job, fingerprint, q)

    done = in_project(project, read)
    if json:
        emit(done.value)
        return
    if not done.value.total:
        out.print("No dead letters.")
        return
    tables.tell(tables.letters(done.value, done.project.time_zone))
    err.print(
        "[dim]`mayak jobs dead-letters replay` does their work again, `discard` forgets it; "
        "`mayak jobs runs --fingerprint CAUSE` lists them one by one.[/]",
        soft_wrap=True,
    )


@app.command("replay")
def replay_letters(
    *,
    project: ProjectOption,
    fingerprint: Cause = None,
    job: OfJob = None,
    q: Text = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Do the work of dead letters again, each with its own payload."""
    which = _which(fingerprint, job, q, everything=everything)
    if not dry_run:
        which = _agreed("Replay", project, which, yes=yes, json=json)

    async def again(scope: Scope) -> ReplayedView:
        if dry_run:
            count = await service.count_replayable(scope.conn, scope.parts.registry, which)
            return ReplayedView(dry_run=True, letters=count, runs=None)
        done = await service.replay_dead_letters(
            scope.conn, scope.parts.registry, which, because="mayak jobs dead-letters replay"
        )
        return ReplayedView(dry_run=False, letters=done.letters, runs=done.runs)

    done = in_project(project, again)
    if json:
        emit(done.value)
    elif dry_run:
        out.print(f"{done.value.letters} dead letters would be replayed.")
    else:
        out.print(f"{done.value.letters} dead letters replayed; {done.value.runs} runs wait.")
    if done.value.runs:
        tell_if_idle(done.workers)


@app.command("discard")
def discard_letters(
    *,
    project: ProjectOption,
    fingerprint: Cause = None,
    job: OfJob = None,
    q: Text = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Be done with dead letters without doing their work. Their runs stay in the history."""
    which = _which(fingerprint, job, q, everything=everything)
    if not dry_run:
        which = _agreed("Discard", project, which, yes=yes, json=json)

    async def forget(scope: Scope) -> DiscardedView:
        if dry_run:
            count = await service.count_dead_letters(scope.conn, which)
            return DiscardedView(dry_run=True, letters=count, at=None)
        done = await service.discard_dead_letters(scope.conn, which)
        return DiscardedView(dry_run=False, letters=done.letters, at=done.at)

    done = in_project(project, forget)
    if json:
        emit(done.value)
    elif dry_run:
        out.print(f"{done.value.letters} dead letters would be discarded.")
    else:
        out.print(f"{done.value.letters} dead letters discarded.")
        if not done.value.letters or done.value.at is None:
            return
        since = done.value.at.isoformat()
        back = f"mayak jobs dead-letters restore -p {done.project.slug} --since {since}"
        err.print(f"[dim]`{back}` takes it back.[/]", soft_wrap=True)


@app.command("restore")
def restore_letters(
    *,
    project: ProjectOption,
    since: Annotated[
        str, typer.Option(help="What was discarded since: 10m, 2h, or an instant with its offset.")
    ],
    fingerprint: Cause = None,
    json: Json = False,
) -> None:
    """Take back what was discarded."""
    moment = _moment(since)

    async def take_back(scope: Scope) -> RestoredView:
        letters = await service.restore_dead_letters(
            scope.conn, fingerprint=fingerprint or None, since=moment
        )
        return RestoredView(letters=letters)

    done = in_project(project, take_back)
    if json:
        emit(done.value)
    else:
        out.print(f"{done.value.letters} dead letters are back.")


def _which(fingerprint: str | None, job: str | None, q: str | None, *, everything: bool) -> Filter:
    """Which letters. Raises InvalidInput when nothing says so."""
    if not (fingerprint or job or q or everything):
        raise InvalidInput("options", "say which: --fingerprint, --job or --q, or --all of them")
    return Filter(job_type=job or None, fingerprint=fingerprint or None, text=q or None)


def _agreed(
    verb: Literal["Replay", "Discard"], project: str, which: Filter, *, yes: bool, json: bool
) -> Filter:
    """The letters that a person saw counted and agreed to. Raises InvalidInput or Abort.

    The question is put between two transactions: nobody waits for an answer with locks held.
    """
    if yes:
        return which
    if json or not sys.stdin.isatty():
        reason = "with --json or without a terminal nothing is asked: add --yes, or --dry-run"
        raise InvalidInput("options", reason)
    which = replace(which, before=clock.now())

    async def count(scope: Scope) -> int:
        return await service.count_dead_letters(scope.conn, which)

    counted = in_project(project, count)
    if not counted.value:
        err.print("No dead letter matches.")
        raise typer.Exit(0)
    question = f"{verb} {counted.value} dead letters of {counted.project.slug}?"
    if not typer.confirm(question, err=True):
        err.print("Nothing was changed.")
        raise typer.Exit(1)
    return which


def _moment(text: str) -> datetime:
    """An instant, or how long ago it was. Raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return clock.now() - length(text, "since")
    if moment.tzinfo is None:
        raise InvalidInput("since", "write its offset too, such as 2026-01-31T08:00+01:00")
    return moment
