"""Tables and pages of jobs, for people."""

from collections.abc import Sequence
from datetime import datetime

import orjson
from rich.console import Console
from rich.table import Table

from mayak.automation.api import RunDetail, RunView
from mayak.automation.api.views import (
    DeadLettersPage,
    JobsStatusView,
    SchedulerView,
)
from mayak.automation.model import JobType
from mayak.entry.cli.jobs import words
from mayak.entry.cli.output import out, plain

WIDE = 200
"""Letters in a line of a table that no terminal bounds: who reads a pipe wants unbroken lines."""
LEAST = 110
"""On a narrower terminal a line goes on at the next one, with names and ids in one piece."""
LONG = {"State", "Last result", "Cadence", "After", "Jobs", "Error", "Runs in it"}
"""Columns that give way where room is short."""


def tell(page: Table) -> None:
    """Print a table."""
    width = max(out.width, LEAST) if out.is_terminal else WIDE
    Console(highlight=False, width=width).print(page)


def table(*headings: str) -> Table:
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold", no_wrap=heading not in LONG)
    return made


def types(found: Sequence[JobType]) -> Table:
    shown = table("Job", "Runs", "After", "Queue", "Built")
    for one in found:
        timed = words.cadence(one.rhythm.cadence_seconds, one.rhythm.cron) if one.rhythm else "-"
        built = "yes" if one.built else "[dim]no[/]"
        shown.add_row(one.name, timed, ", ".join(one.after) or "-", one.queue, built)
    return shown


def schedule(seen: SchedulerView, zone: str) -> Table:
    shown = table("Job", "State", "Last result", "Next run", "Cadence")
    for job in seen.items:
        slot = job.next_run_at
        shown.add_row(
            job.job_type,
            words.state(job),
            words.last_result(job, seen.at),
            words.next_run(slot, zone, seen.at) if slot else "-",
            words.timed(job, zone),
        )
    return shown


def runs(found: Sequence[RunView], at: datetime) -> Table:
    shown = table("Run", "Job", "Status", "Queued", "By", "Took", "Error")
    for run in found:
        took = run.finished_at - run.started_at if run.finished_at and run.started_at else None
        shown.add_row(
            str(run.id),
            words.safe(run.job_type),
            run.status,
            words.relative(run.queued_at, at),
            run.trigger,
            "-" if took is None else words.span(took),
            words.short(f"{run.error.kind}: {run.error.message}") if run.error else "-",
        )
    return shown


def tell_run(run: RunDetail, zone: str, at: datetime) -> None:
    """A run, the runs next to it, and the end of its traceback."""
    for line in words.ended(run):
        out.print(line, soft_wrap=True)
    tell(_facts(run, zone, at))
    for title, near in (("Caused by", run.up), ("Causes", run.down)):
        if near:
            out.print(f"{title}:")
        for one in near:
            out.print(f"  {one.id}  {words.safe(one.job_type)}  {one.status}", soft_wrap=True)
    if run.trace:
        out.print(plain(run.trace), markup=False, style="dim", soft_wrap=True)


def _facts(run: RunDetail, zone: str, at: datetime) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    said = f"{run.trigger}: {words.safe(run.because)}" if run.because else run.trigger
    for name, value in (("Run", str(run.id)), ("Asked for by", said), ("Queue", run.queue)):
        grid.add_row(name, value)
    moments = (
        ("Slot", run.slot_at),
        ("Queued", run.queued_at),
        ("Not before", run.not_before),
        ("Started", run.started_at),
        ("Ended", run.finished_at),
        ("Asked to stop", run.cancel_requested_at),
    )
    for name, moment in moments:
        if moment is not None:
            grid.add_row(name, words.both(moment, zone, at))
    grid.add_row("Attempt", str(run.attempt))
    if run.progress and (run.progress.done or run.progress.total):
        grid.add_row("Progress", f"{run.progress.done} of {run.progress.total or '?'}")
    if run.payload:
        grid.add_row("Payload", words.safe(orjson.dumps(run.payload).decode()))
    if run.error:
        grid.add_row("Fingerprint", words.safe(run.error.fingerprint or "-"))
    if run.resolution:
        became = f" as {run.replayed_as}" if run.replayed_as else ""
        grid.add_row("Since then", run.resolution.replace("_", " ") + became)
    return grid


def tell_status(seen: JobsStatusView) -> None:
    """Queues, workers, and what needs a person."""
    shown = table("Queue", "Waiting", "Running", "Slots")
    for one in seen.queues:
        shown.add_row(one.queue, str(one.waiting), str(one.running), str(one.slots))
    tell(shown)
    for worker in seen.workers:
        since = words.relative(worker.started_at, seen.at)
        out.print(f"Worker {worker.pid} on {worker.host}, started {since}", markup=False)
    facts = (
        (seen.waiting_for_retry, "waiting for another attempt"),
        (seen.dead_letters, "waiting as dead letters: see `mayak jobs dead-letters list`"),
        (seen.suspended, "jobs suspended after failures: `mayak jobs resume TYPE`"),
        (seen.late_slots, "slots of the last day missed, or left out while a run went on"),
    )
    for count, said in facts:
        if count:
            out.print(f"{count} {said}", markup=False)
    for seconds, said in (
        (seen.longest_wait_seconds, "is the longest that a run waits by now"),
        (seen.overdue_seconds, "is how late the latest schedule is"),
    ):
        if seconds >= 1:
            out.print(f"{seconds:.0f} s {said}", markup=False)
    day = table("Last day", "Runs in it")
    for job_type, counts in sorted(seen.last_day.items()):
        said = ", ".join(f"{status} {count}" for status, count in sorted(counts.items()))
        day.add_row(words.safe(job_type), said)
    if seen.last_day:
        tell(day)


def letters(page: DeadLettersPage, zone: str) -> Table:
    shown = table("Cause", "Letters", "Jobs", "Latest", "Error")
    for group in page.items:
        shown.add_row(
            words.safe(group.fingerprint),
            str(group.count),
            words.safe(", ".join(group.job_types)),
            words.both(group.last_at, zone, page.at),
            words.short(f"{group.kind}: {group.message}"),
        )
    return shown
