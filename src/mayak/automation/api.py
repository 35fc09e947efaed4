"""HTTP face of jobs."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mayak.access.deps import Tx, allow
from mayak.automation import service
from mayak.automation.model import Run, Status, Trigger
from mayak.http.paging import Page, decode_moment, encode_moment

router = APIRouter(tags=["jobs"])


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
    trigger: Trigger
    because: str | None
    status: Status
    progress: ProgressView | None
    counters: dict[str, Any]
    error: RunErrorView | None
    upstream: list[UUID]
    attempt: int
    queued_at: datetime
    not_before: datetime | None
    """A run that failed and will start again is queued until then."""
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, run: Run) -> "RunView":
        progress = None
        if run.progress_done is not None:
            progress = ProgressView(
                done=run.progress_done, total=run.progress_total, note=run.progress_note
            )
        error = None
        if run.error_kind is not None:
            error = RunErrorView(
                kind=run.error_kind,
                message=run.error_message or "",
                fingerprint=run.error_fingerprint,
            )
        return cls(
            id=run.id,
            job_type=run.job_type,
            trigger=run.trigger,
            because=run.because,
            status=run.status,
            progress=progress,
            counters=run.counters,
            error=error,
            upstream=run.upstream,
            attempt=run.attempt,
            queued_at=run.queued_at,
            not_before=run.not_before,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )


@router.get("/jobs/runs", dependencies=[allow("jobs.read")])
async def list_runs(
    tx: Tx,
    job_type: Annotated[str | None, Query(max_length=100)] = None,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[RunView]:
    """Runs of the project, newest first."""
    runs = await service.recent(
        tx, job_type=job_type, status=status, before=decode_moment(cursor), limit=limit + 1
    )
    last = runs[limit - 1] if len(runs) > limit else None
    return Page(
        items=[RunView.of(run) for run in runs[:limit]],
        next_cursor=encode_moment(last.queued_at, last.id) if last else None,
    )


@router.get("/jobs/runs/{run_id}", dependencies=[allow("jobs.read")])
async def read_run(run_id: UUID, tx: Tx) -> RunView:
    """One run: its progress, what it counted, its error."""
    return RunView.of(await service.get(tx, run_id))
