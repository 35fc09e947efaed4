"""HTTP face of schedules: every job of the project, and what a person may do with it."""

from datetime import timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.automation import queries, service
from mayak.automation.api.views import (
    ChangedView,
    JobsStatusView,
    JobView,
    QueueView,
    RunView,
    SchedulerView,
    TickView,
    WorkerView,
)
from mayak.automation.model import QUEUES, Catchup, Overlap, Registry, Rhythm
from mayak.http.services import Services
from mayak.kit import clock
from mayak.kit.resources import Resources
from mayak.platform.db import Conn, Database

router = APIRouter(tags=["jobs"])


@router.get("/jobs/scheduler", dependencies=[allow("jobs.read")])
async def read_scheduler(tx: Tx, services: Services) -> SchedulerView:
    """Every job of the project: when it runs next, how it is doing, what it is waiting for."""
    registry = services.get(Registry)
    jobs = await service.overview(tx, registry)
    load = await queries.load(tx, registry)
    async with services.get(Database).system_transaction() as conn:
        workers = await queries.workers_alive(conn)
    return SchedulerView(
        items=[JobView.of(job) for job in jobs],
        at=clock.now(),
        workers=workers,
        overdue_seconds=load.overdue.total_seconds(),
        lightrag_only=registry.lightrag_only,
    )


@router.post("/jobs/scheduler/tick", dependencies=[allow("jobs.run")])
async def tick(tx: Tx, services: Services) -> TickView:
    """Look at the project's schedules now, as workers do every second. No slot runs twice."""
    done = await service.tick_project(tx, services.get(Registry))
    runs = await queries.some(tx, done.run_ids, limit=max(1, len(done.run_ids)))
    return TickView(
        queued=[RunView.of(run) for run in runs], skipped=done.skipped, missed=done.missed
    )


@router.get("/jobs/status", dependencies=[allow("jobs.read")])
async def read_status(tx: Tx, services: Services) -> JobsStatusView:
    """How much waits and runs, what failed, and which workers live."""
    load = await queries.load(tx, services.get(Registry))
    last_day: dict[str, dict[str, int]] = {}
    for row in await queries.counts(tx):
        last_day.setdefault(row["job_type"], {})[row["status"]] = row["runs"]
    async with services.get(Database).system_transaction() as conn:
        workers = await queries.workers(conn)
    return JobsStatusView(
        at=clock.now(),
        workers=[WorkerView.model_validate(one, from_attributes=True) for one in workers],
        queues=[
            QueueView(
                queue=queue,
                waiting=load.queued.get(queue, 0),
                running=load.running.get(queue, 0),
                slots=sum(one.slots.get(queue, 0) for one in workers),
            )
            for queue in QUEUES
        ],
        waiting_for_retry=load.waiting_for_retry,
        longest_wait_seconds=load.longest_wait.total_seconds(),
        overdue_seconds=load.overdue.total_seconds(),
        suspended=load.suspended,
        dead_letters=load.dead_letters,
        late_slots=load.late_slots,
        last_day=last_day,
    )


@router.post("/jobs/pause", dependencies=[allow("jobs.manage")])
async def pause_all(
    tx: Tx, project: CurrentProject, user: CurrentUser, services: Services
) -> ChangedView:
    """Let every active job of the project rest. Runs that go on go on."""
    registry = services.get(Registry)
    return ChangedView(changed=await service.pause_all(tx, registry, project.id, by=user.email))


@router.post("/jobs/resume", dependencies=[allow("jobs.manage")])
async def resume_all(tx: Tx, project: CurrentProject, services: Services) -> ChangedView:
    """Wake what was paused all at once; what rested before goes on resting."""
    return ChangedView(changed=await service.resume_all(tx, services.get(Registry), project.id))


class RunOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any] = Field(default_factory=dict, max_length=50)
    """What the handler is given. Runs with different payloads are different work."""


@router.post("/jobs/{job_type}/run", status_code=202, dependencies=[allow("jobs.run")])
async def run_now(
    job_type: str,
    tx: Tx,
    project: CurrentProject,
    user: CurrentUser,
    services: Services,
    order: Annotated[RunOrder | None, Body()] = None,
) -> RunView:
    """Ask for a run now, also of a paused job. When one waits already, that one is returned."""
    run = await service.run_now(
        tx,
        services.get(Registry),
        project.id,
        job_type,
        because=user.email,
        payload=order.payload if order else None,
    )
    return RunView.of(run)


async def _job(tx: Conn, services: Resources, job_type: str) -> JobView:
    job = await service.one_job(
        tx,
        services.get(Registry),
        job_type,
    )
    return JobView.of(job)


@router.post("/jobs/{job_type}/pause", dependencies=[allow("jobs.run")])
async def pause(
    job_type: str, tx: Tx, project: CurrentProject, user: CurrentUser, services: Services
) -> JobView:
    """Let a job rest. A run that goes on goes on; one that waits is withdrawn."""
    await service.pause(tx, services.get(Registry), project.id, job_type, by=user.email)
    return await _job(tx, services, job_type)


@router.post("/jobs/{job_type}/resume", dependencies=[allow("jobs.run")])
async def resume(job_type: str, tx: Tx, project: CurrentProject, services: Services) -> JobView:
    """Wake a paused or suspended job; it runs at its next slot."""
    await service.resume(tx, services.get(Registry), project.id, job_type)
    return await _job(tx, services, job_type)


class ScheduleChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    cadence_seconds: Annotated[int, Field(ge=60, le=31 * 86400)] | None = None
    cron: Annotated[str, Field(max_length=100)] | None = None
    """Five fields; happens in `time_zone`."""
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    """Of the cron; the project's own when nobody chose one."""
    overlap: Overlap | None = None
    catchup: Catchup | None = None
    reset: bool = False
    """Back to what the release declares."""

    @model_validator(mode="after")
    def _resets_or_changes(self) -> Self:
        if self.reset and self.model_fields_set - {"reset"}:
            raise ValueError("reset goes alone")
        if self.cadence_seconds is not None and self.cron is not None:
            raise ValueError("give cadence_seconds or cron, not both")
        return self

    def change(self) -> service.Change:
        rhythm = None
        if self.cadence_seconds is not None or self.cron is not None:
            every = self.cadence_seconds and timedelta(seconds=self.cadence_seconds)
            rhythm = Rhythm(every=every or None, cron=self.cron)
        return service.Change(
            rhythm=rhythm,
            time_zone=self.time_zone,
            overlap=self.overlap,
            catchup=self.catchup,
            reset=self.reset,
        )


@router.patch("/jobs/{job_type}", dependencies=[allow("jobs.manage")])
async def change(
    job_type: str, wanted: ScheduleChange, tx: Tx, project: CurrentProject, services: Services
) -> JobView:
    """Change when a job runs by itself, and what it does when it is late."""
    await service.change(tx, services.get(Registry), project.id, job_type, wanted.change())
    return await _job(tx, services, job_type)
