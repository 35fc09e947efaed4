"""Asking for a run, and reading what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from mayak.automation import queries
from mayak.automation.model import Registry, Run, RunNotFound, Status, Trigger
from mayak.platform import queue
from mayak.platform.db import Conn


def wake_payload(project_id: UUID, run_id: UUID) -> bytes:
    """What the queue carries: where to look, never what to do."""
    return orjson.dumps({"project_id": project_id, "run_id": run_id})


async def trigger(
    conn: Conn,
    registry: Registry,
    project_id: UUID,
    job_type: str,
    *,
    trigger: Trigger = "manual",
    upstream: Sequence[UUID] = (),
    because: str | None = None,
    payload: Mapping[str, object] | None = None,
) -> Run:
    """Ask for a run in the scope of `conn`; a worker starts it when the transaction commits.

    Of one type, a project has at most one run waiting and one going on: when one waits already,
    that one is returned, caused by `upstream` too; a person's wish ends its backoff, a cascade
    does not. Raises UnknownJobType.
    """
    registry.need(job_type)
    await queries.take_turn(conn, project_id, job_type)
    run = await queries.join_queued(conn, job_type, upstream=upstream, now=trigger == "manual")
    if run is None:
        run = await queries.add(
            conn,
            project_id,
            job_type,
            trigger=trigger,
            upstream=upstream,
            because=because,
            payload=payload or {},
        )
    await queue.wake(conn, job_type, wake_payload(project_id, run.id))
    return run


async def get(conn: Conn, run_id: UUID) -> Run:
    """One run. Raises RunNotFound."""
    run = await queries.one(conn, run_id)
    if run is None:
        raise RunNotFound(run_id)
    return run


async def recent(
    conn: Conn,
    *,
    job_type: str | None = None,
    status: Status | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Run]:
    """Runs of the project, newest first."""
    return await queries.page(conn, job_type=job_type, status=status, before=before, limit=limit)
