"""When a job runs by itself: slots without drift, cron in a time zone, what to do when late.

A schedule is a row of `scheduled_jobs`. Its slots are instants; each becomes exactly one row of
`worker_runs`: a run, or why there was none.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from mayak.errors import Conflict, InvalidInput

ScheduleStatus = Literal["active", "paused", "suspended"]
PauseReason = Literal["person", "project", "lightrag_only", "failures"]
Overlap = Literal["queue", "skip"]
"""A slot comes while a run of the job goes on: run once more after it, or leave the slot out."""
Catchup = Literal["latest", "all", "skip"]
"""Slots passed while no worker lived: run the latest, run all, or wait for the next one."""
Reason = Literal[
    "still_running", "already_waiting", "outage", "not_built", "cancelled", "paused", "taken_over"
]

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=31)
SPREAD = timedelta(minutes=1)
"""Runs of one wall-clock time start within this span, so that projects do not start at once."""
MOST_FAILURES = 10
"""After so many failed runs in a row a job is suspended."""
CRON_FIELDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A cadence or a cron, exactly one of them. Raises InvalidInput when it cannot be kept."""

    every: timedelta | None = None
    cron: str | None = None

    def __post_init__(self) -> None:
        if (self.every is None) == (self.cron is None):
            raise InvalidInput("cadence", "give cadence_seconds or cron, not both")
        if self.every is not None and not SHORTEST <= self.every <= LONGEST:
            raise InvalidInput("cadence_seconds", "use 60 (a minute) to 2678400 (31 days)")
        if self.every is not None and self.every.microseconds:
            raise InvalidInput("cadence_seconds", "use whole seconds")
        if self.cron is not None:
            next_slot(self.cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC))

    @property
    def cadence_seconds(self) -> int | None:
        return None if self.every is None else int(self.every.total_seconds())


def next_slot(cron: str, time_zone: str, after: datetime) -> datetime:
    """The first instant later than `after` that a cron names in a time zone, in UTC.

    As Debian's cron has it: a wall-clock time that a change to summer time leaves out happens
    right after the change, and one that comes twice happens once. Raises InvalidInput.
    """
    if len(cron.split()) != CRON_FIELDS:
        raise InvalidInput("cron", "write five fields: minute hour day month weekday")
    try:
        local = after.astimezone(ZoneInfo(time_zone))
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput("time_zone", f"{time_zone!r} is not a time zone") from error
    try:
        slot = next(CronSim(cron, local))
    except (CronSimError, StopIteration) as error:
        reason = f"{cron!r} cannot be read or never happens"
        raise InvalidInput("cron", reason) from error
    return slot.astimezone(UTC)


def phase(project_id: UUID, job_type: str, span: timedelta) -> timedelta:
    """Where within `span` a job of a project has its place: spread evenly, always the same."""
    digest = hashlib.sha256(f"{project_id}:{job_type}".encode()).digest()
    seconds = int(span.total_seconds())
    return timedelta(seconds=int.from_bytes(digest[:8], "big") % max(seconds, 1))


def first_slot(
    rhythm: Rhythm, project_id: UUID, job_type: str, *, time_zone: str, at: datetime
) -> datetime:
    """The first slot later than `at`.

    Slots of a cadence lie on a grid of their own, counted from 1970, so that every server finds
    the same ones and changing a cadence there and back changes nothing.
    """
    if rhythm.cron is not None:
        return next_slot(rhythm.cron, time_zone, at)
    assert rhythm.every is not None
    shift = phase(project_id, job_type, rhythm.every)
    epoch = datetime.fromtimestamp(0, UTC)
    passed = (at - epoch - shift) // rhythm.every
    return epoch + shift + (passed + 1) * rhythm.every


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A row of `scheduled_jobs`."""

    job_type: str
    status: ScheduleStatus
    pause_reason: PauseReason | None
    paused_at: datetime | None
    paused_by: str | None
    cadence_seconds: int | None
    cron: str | None
    time_zone: str
    custom: bool
    overlap: Overlap
    catchup: Catchup
    next_run_at: datetime | None
    last_run_id: UUID | None
    last_run_at: datetime | None
    last_status: str | None
    last_error: str | None
    last_success_at: datetime | None
    consecutive_failures: int

    @property
    def rhythm(self) -> Rhythm | None:
        if self.cadence_seconds is not None:
            return Rhythm(every=timedelta(seconds=self.cadence_seconds))
        return None if self.cron is None else Rhythm(cron=self.cron)


@dataclass(eq=False)
class HeldByFlag(Conflict):
    code = "paused_by_lightrag_only"
    message = "{job_type} rests while LIGHTRAG_ONLY is 1; set it to 0 and restart to use it."

    job_type: str


@dataclass(eq=False)
class NoRhythm(Conflict):
    code = "job_has_no_schedule"
    message = "{job_type} has no schedule of its own; give it a cadence_seconds or a cron."

    job_type: str
