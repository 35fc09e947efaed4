"""HTTP face of runs and dead letters."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.access.model import may
from mayak.automation import queries, service
from mayak.automation.api.views import (
    DeadLettersPage,
    DeadLettersView,
    DiscardedView,
    ReplayedView,
    RestoredView,
    RunDetail,
    RunView,
)
from mayak.automation.model import Registry, Status, Trigger
from mayak.automation.service import Filter
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services

router = APIRouter(tags=["jobs"])

Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


@router.get("/jobs/runs", dependencies=[allow("jobs.read")])
async def list_runs(  # one argument per filter
    tx: Tx,
    job_type: Name | None = None,
    status: Annotated[list[Status] | None, Query()] = None,
    trigger: Trigger | None = None,
    fingerprint: Name | None = None,
    *,
    dead_letters: bool = False,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[RunView]:
    """Runs of the project, newest first. `status` may be given several times; `dead_letters` leaves
    failed runs that nothing took care of.
    """
    runs = await service.recent(
        tx,
        job_type=job_type,
        statuses=status,
        trigger=trigger,
        fingerprint=fingerprint,
        dead_letters=dead_letters,
        since=since,
        until=until,
        before=decode_moment(cursor),
        limit=limit + 1,
    )
    last = runs[limit - 1] if len(runs) > limit else None
    return Page(
        items=[RunView.of(run) for run in runs[:limit]],
        next_cursor=encode_moment(last.queued_at, last.id) if last else None,
    )


@router.get("/jobs/runs/{run_id}", dependencies=[allow("jobs.read")])
async def read_run(run_id: UUID, tx: Tx, project: CurrentProject) -> RunDetail:
    """One run: its progress, what it counted, its error, what caused it and what it caused."""
    run = await service.get(tx, run_id)
    near = await service.lineage(tx, run)
    return RunDetail.with_lineage(run, near.up, near.down, with_trace=may(project.role, "jobs.run"))


@router.post("/jobs/runs/{run_id}/cancel", status_code=202, dependencies=[allow("jobs.run")])
async def cancel(run_id: UUID, tx: Tx, project: CurrentProject) -> RunView:
    """End a run: at once if it waits; if it goes on, its worker is told and it ends soon."""
    return RunView.of(await service.cancel(tx, project.id, run_id))


@router.post("/jobs/runs/{run_id}/replay", status_code=202, dependencies=[allow("jobs.run")])
async def replay(
    run_id: UUID, tx: Tx, project: CurrentProject, user: CurrentUser, services: Services
) -> RunView:
    """Do the work of a run that ended again. Replaying a dead letter twice changes nothing."""
    registry = services.get(Registry)
    run = await service.replay(tx, registry, project.id, run_id, because=user.email)
    return RunView.of(run)


@router.get("/jobs/dead-letters", dependencies=[allow("jobs.read")])
async def list_dead_letters(
    tx: Tx, job_type: Name | None = None, fingerprint: Name | None = None, q: Text | None = None
) -> DeadLettersPage:
    """Failed runs that nothing took care of, grouped by their cause. `q` looks into messages and
    payloads. The letters of one cause: `GET /jobs/runs?dead_letters=true&fingerprint=`.
    """
    at = await queries.schedules.present(tx)
    which = Filter(job_type=job_type, fingerprint=fingerprint, text=q or None)
    groups = await service.dead_letters(tx, which)
    return DeadLettersPage(
        items=[DeadLettersView.of(group) for group in groups],
        total=await service.count_dead_letters(tx, which),
        at=at,
    )


class WhichLetters(BaseModel):
    """Everything that is given has to fit. To mean all of them, say so with `all`."""

    model_config = ConfigDict(extra="forbid")

    fingerprint: Name | None = None
    job_type: Name | None = None
    q: Text | None = None
    before: AwareDatetime | None = None
    """Only what failed until then."""
    all: bool = False
    dry_run: bool = False
    """Only count."""

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if not (self.all or self.fingerprint or self.job_type or self.q):
            raise ValueError("give fingerprint, job_type or q, or say all: true")
        return self

    def filter(self) -> Filter:
        return Filter(
            job_type=self.job_type,
            fingerprint=self.fingerprint,
            text=self.q,
            before=self.before,
        )


@router.post("/jobs/dead-letters/replay", dependencies=[allow("jobs.run")])
async def replay_letters(
    which: WhichLetters, tx: Tx, user: CurrentUser, services: Services
) -> ReplayedView:
    """Queue the work of dead letters again, each with its own payload, and be done with them."""
    registry = services.get(Registry)
    if which.dry_run:
        count = await service.count_replayable(tx, registry, which.filter())
        return ReplayedView(dry_run=True, letters=count, runs=None)
    done = await service.replay_dead_letters(tx, registry, which.filter(), because=user.email)
    return ReplayedView(dry_run=False, letters=done.letters, runs=done.runs)


@router.post("/jobs/dead-letters/discard", dependencies=[allow("jobs.manage")])
async def discard_letters(which: WhichLetters, tx: Tx) -> DiscardedView:
    """Be done with dead letters without doing their work. Their runs stay in the history."""
    if which.dry_run:
        count = await service.count_dead_letters(tx, which.filter())
        return DiscardedView(dry_run=True, letters=count, at=None)
    done = await service.discard_dead_letters(tx, which.filter())
    return DiscardedView(dry_run=False, letters=done.letters, at=done.at)


class WhichDiscarded(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fingerprint: Name | None = None
    since: AwareDatetime


@router.post("/jobs/dead-letters/restore", dependencies=[allow("jobs.manage")])
async def restore_letters(which: WhichDiscarded, tx: Tx) -> RestoredView:
    """Take back what was discarded since then."""
    since: datetime = which.since
    return RestoredView(
        letters=await service.restore_dead_letters(tx, fingerprint=which.fingerprint, since=since)
    )
