"""Jobs in words: when, how often, in what state, how it ended."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.markup import escape

from mayak.automation.api import RunView
from mayak.automation.api.views import JobView
from mayak.entry.cli.output import plain

DAY = timedelta(days=1)
UNITS = ((86400, "d"), (3600, "h"), (60, "min"))
WEEKDAYS = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
AFTER = "after others"
CELL = 90
"""Letters of somebody else's text that a cell of a table holds."""


def safe(text: str) -> str:
    """Text from data, as it is: neither markup nor a command to the terminal."""
    return escape(plain(text))


def short(text: str) -> str:
    """The same on one line, cut where a cell ends."""
    line = " ".join(text.split())
    return safe(line if len(line) <= CELL else line[: CELL - 1] + "…")


def span(length: timedelta) -> str:
    """A length of time in one unit: 12 min, 3 h, 0.4 s."""
    seconds = abs(length.total_seconds())
    for size, unit in UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 or not seconds else f"{seconds:.1f} s"


def relative(moment: datetime, at: datetime) -> str:
    """Such as: in 5 min, 3 h ago, now."""
    if abs(moment - at) < timedelta(seconds=1):
        return "now"
    return f"in {span(moment - at)}" if moment > at else f"{span(at - moment)} ago"


def absolute(moment: datetime, zone: str, at: datetime) -> str:
    """The clock on the wall, with the day when it is another one than `at`."""
    local, present = (one.astimezone(ZoneInfo(zone)) for one in (moment, at))
    if local.date() == present.date():
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}" if local.year == present.year else f"{local:%d %b %Y %H:%M}"


def both(moment: datetime, zone: str, at: datetime) -> str:
    """Such as: in 5 min (14:05)."""
    return f"{relative(moment, at)} ({absolute(moment, zone, at)})"


def next_run(slot: datetime, zone: str, at: datetime) -> str:
    """The same; a slot that passed waits for a worker."""
    return both(slot, zone, at) if slot > at else f"due since {absolute(slot, zone, at)}"


def every(seconds: int) -> str:
    """Such as: every 10 min, every 2 h, every 90 s: nothing is rounded away."""
    for size, unit in UNITS:
        if seconds % size == 0:
            return f"every {seconds // size} {unit}"
    return f"every {seconds} s"


def cron_in_words(cron: str) -> str:
    """Such as: daily at 08:00, Mondays at 08:00; what is less plain stays a cron."""
    minute, hour, day, month, weekday = cron.split()
    if not (minute.isdecimal() and hour.isdecimal()) or (day, month) != ("*", "*"):
        return f"cron {cron}"
    clock = f"{int(hour):02}:{int(minute):02}"
    if weekday == "*":
        return f"daily at {clock}"
    if weekday.isdecimal():
        return f"{WEEKDAYS[int(weekday) % 7]} at {clock}"
    return f"cron {cron}"


def cadence(seconds: int | None, cron: str | None) -> str:
    """When a job runs by itself; a dash when it does not."""
    if seconds is not None:
        return every(seconds)
    return safe(cron_in_words(cron)) if cron is not None else "-"


def rhythm(job: JobView, zone: str) -> str:
    """The cadence of a job of a project that lives in `zone`, and what else starts it."""
    said = timed(job, zone)
    if not job.after:
        return said
    after = "after " + ", ".join(job.after)
    return after if said == AFTER else f"{said}; {after}"


def timed(job: JobView, zone: str) -> str:
    """The same without the names of what else starts it."""
    if job.cron is None and job.cadence_seconds is None:
        return AFTER if job.after else "when asked"
    said = cadence(job.cadence_seconds, job.cron)
    return f"{said} {job.time_zone}" if job.cron is not None and job.time_zone != zone else said


def state(job: JobView) -> str:
    """Such as: active, paused by whom, suspended, not built; running or waiting now."""
    match job.pause_reason:
        case None:
            said = ["active" if job.built else "not built"]
        case "person":
            said = [f"paused by {short(job.paused_by or 'somebody')}"]
        case "project":
            said = ["paused with all jobs"]
        case "lightrag_only":
            said = ["paused by LIGHTRAG_ONLY"]
        case "failures":
            said = [f"suspended after {job.consecutive_failures} failures"]
    if job.running:
        said.append("running")
    if job.queued:
        said.append("waiting")
    return ", ".join(said)


def last_result(job: JobView, at: datetime) -> str:
    if job.last_run is None:
        return "-"
    said = f"{job.last_run.status} {relative(job.last_run.finished_at, at)}"
    return f"{said}: {short(job.last_run.error)}" if job.last_run.error else said


def ended(run: RunView) -> list[str]:
    """How a run ended or stands, on as many lines as that takes."""
    reason = (run.reason or "").replace("_", " ")
    note = run.progress.note if run.progress else None
    head = f"{safe(run.job_type)}: {run.status}"
    if run.started_at and run.finished_at:
        head += f" in {span(run.finished_at - run.started_at)}"
    lines = [f"{head} ({reason})" if reason else head]
    if note and note != reason:
        lines.append("  " + short(note))
    if counted := [f"{name} {count}" for name, count in run.counters.items() if count]:
        lines.append("  " + safe(", ".join(counted)))
    if run.error:
        lines.append(f"  [bold red]{safe(run.error.kind)}[/]: {safe(run.error.message)}")
    return lines
