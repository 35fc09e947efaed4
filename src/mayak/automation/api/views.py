"""What the HTTP face of jobs shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from mayak.automation.model import (
    Catchup,
    DeadLetters,
    Overlap,
    PauseReason,
    Queue,
    Reason,
    Resolution,
    Run,
    ScheduleStatus,
    Status,
    Trigger,
)
from mayak.automation.service import Job


class ProgressView(BaseModel):
    done: int
    total: int | None
    note: str | None


class RunErrorView(BaseModel):
    kind: str
    message: str
    fingerprint: str | None


class RunView(BaseModel):
    """One run of a job."""

    id: UUID
    job_type: str
    queue: Queue
    trigger: Trigger
    because: str | None
    status: Status
    reason: Reason | None
    """Why it did not run, or not to its end."""
    slot_at: datetime | None
    """The slot of the schedule that this row accounts for."""
    progress: ProgressView | None
    counters: dict[str, Any]
    error: RunErrorView | None
    resolution: Resolution | None
    """What became of a failed run; a failed one without is a dead letter."""
    replayed_as: UUID | None
    upstream: list[UUID]
    attempt: int
    queued_at: datetime
    not_before: datetime | None
    """A run that failed and will start again is queued until then."""
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> "RunView":
        return cls(**_fields(run))


def _fields(run: Run) -> dict[str, Any]:
    progress = error = None
    if run.progress_done is not None or run.progress_note is not None:
        progress = ProgressView(
            done=run.progress_done or 0, total=run.progress_total, note=run.progress_note
        )
    if run.error_kind is not None:
        error = RunErrorView(
            kind=run.error_kind, message=run.error_message or "", fingerprint=run.error_fingerprint
        )
    plain = {
        name: getattr(run, name)
        for name in RunView.model_fields
        if name not in {"progress", "error"}
    }
    return {**plain, "progress": progress, "error": error}


class RunDetail(RunView):
    """A run, its payload, and the runs next to it."""

    payload: dict[str, Any]
    trace: str | None
    """The end of a traceback, for those who may run jobs."""
    up: list[RunView]
    """The runs that caused it; at most 200."""
    down: list[RunView]
    """The runs that it caused; at most 200."""

    @classmethod
    def with_lineage(
        cls, run: Run, up: list[Run], down: list[Run], *, with_trace: bool
    ) -> "RunDetail":
        return cls(
            **_fields(run),
            payload=run.payload,
            trace=run.error_trace if with_trace else None,
            up=[RunView.of(one) for one in up],
            down=[RunView.of(one) for one in down],
        )


class LastRunView(BaseModel):
    id: UUID
    status: Status
    finished_at: datetime
    error: str | None


class JobView(BaseModel):
    """A job type as it stands in the project."""

    job_type: str
    built: bool
    """False when its domain is not part of this release: its runs report `skipped`."""
    queue: Queue
    after: list[str]
    """Job types whose success starts it."""
    timeout_seconds: float
    max_attempts: int
    legacy: bool
    status: ScheduleStatus
    pause_reason: PauseReason | None
    paused_at: datetime | None
    paused_by: str | None
    cadence_seconds: int | None
    cron: str | None
    time_zone: str
    """Of the cron."""
    custom: bool
    """The cadence was chosen by a person, not by the release."""
    overlap: Overlap
    catchup: Catchup
    next_run_at: datetime | None
    """The next slot; None when it has no schedule of its own, or rests."""
    last_run: LastRunView | None
    last_success_at: datetime | None
    consecutive_failures: int
    running: RunView | None
    queued: RunView | None

    @classmethod
    def of(cls, job: Job) -> "JobView":
        kind, schedule = job.type, job.schedule
        last = None
        if schedule.last_run_id and schedule.last_run_at and schedule.last_status:
            last = LastRunView.model_validate(
                {
                    "id": schedule.last_run_id,
                    "status": schedule.last_status,
                    "finished_at": schedule.last_run_at,
                    "error": schedule.last_error,
                }
            )
        return cls(
            job_type=kind.name,
            built=kind.built,
            queue=kind.queue,
            after=list(kind.after),
            timeout_seconds=kind.timeout.total_seconds(),
            max_attempts=kind.max_attempts,
            legacy=kind.legacy,
            status=schedule.status,
            pause_reason=schedule.pause_reason,
            paused_at=schedule.paused_at,
            paused_by=schedule.paused_by,
            cadence_seconds=schedule.cadence_seconds,
            cron=schedule.cron,
            time_zone=schedule.time_zone,
            custom=schedule.custom,
            overlap=schedule.overlap,
            catchup=schedule.catchup,
            next_run_at=schedule.next_run_at if schedule.status == "active" else None,
            last_run=last,
            last_success_at=schedule.last_success_at,
            consecutive_failures=schedule.consecutive_failures,
            running=RunView.of(job.running) if job.running else None,
            queued=RunView.of(job.queued) if job.queued else None,
        )


class SchedulerView(BaseModel):
    """Every job of the project."""

    items: list[JobView]
    at: datetime
    """The server's present, to count from."""
    workers: int
    """Workers alive now; none means that nothing runs and no slot is kept."""
    overdue_seconds: float
    """How late the schedule is that waits longest for its slot."""
    lightrag_only: bool


class TickView(BaseModel):
    """What a tick did for the project."""

    queued: list[RunView]
    skipped: int
    """Slots left out because a run went on or waited already."""
    missed: int
    """Slots that passed while no worker lived."""


class QueueView(BaseModel):
    queue: Queue
    waiting: int
    running: int
    slots: int
    """Over all workers, for all projects."""


class WorkerView(BaseModel):
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    slots: dict[str, int]


class JobsStatusView(BaseModel):
    """How the jobs of the project are doing."""

    at: datetime
    workers: list[WorkerView]
    queues: list[QueueView]
    waiting_for_retry: int
    longest_wait_seconds: float
    """Of the run that could have started first."""
    overdue_seconds: float
    suspended: int
    dead_letters: int
    late_slots: int
    """Slots of the last day that were missed, or left out because a run took too long."""
    last_day: dict[str, dict[str, int]]
    """Runs by job type and status: those asked for within a day, and open ones."""


class ChangedView(BaseModel):
    changed: list[str]
    """Job types."""


class DeadLettersView(BaseModel):
    """Failed runs with one cause."""

    fingerprint: str
    kind: str
    message: str
    """Of the newest."""
    job_types: list[str]
    count: int
    first_at: datetime
    last_at: datetime
    newest: UUID

    @classmethod
    def of(cls, group: DeadLetters) -> "DeadLettersView":
        return cls.model_validate(group, from_attributes=True)


class DeadLettersPage(BaseModel):
    items: list[DeadLettersView]
    """By cause, the most frequent first; at most 200."""
    total: int
    """Letters, over all causes."""
    at: datetime
    """When this was read: send it as `before`, and nothing newer is caught."""


class ReplayedView(BaseModel):
    dry_run: bool
    letters: int
    """That match, and are done with unless it was a dry run."""
    runs: int | None
    """That wait for them; letters about the same work share one. None for a dry run."""


class DiscardedView(BaseModel):
    dry_run: bool
    letters: int
    at: datetime | None
    """Send it as `since` to take it back. None for a dry run."""


class RestoredView(BaseModel):
    letters: int
