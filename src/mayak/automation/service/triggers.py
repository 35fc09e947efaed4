"""Asking for a run."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from mayak.automation import queries
from mayak.automation.model import Registry, Run, Trigger
from mayak.automation.service.appearing import ensure
from mayak.platform.db import Conn


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
    at: datetime | None = None,
    not_before: datetime | None = None,
) -> Run:
    """Ask for a run in the scope of `conn`; a worker starts it when the transaction commits, or at
    `not_before`.

    Of one type and payload, a project has at most one run waiting: when one waits already, that
    one is returned, caused by `upstream` too; a person's wish ends its backoff, a cascade does
    not. Runs of one lane go on one after another. Raises UnknownJobType.
    """
    job = registry.need(job_type)
    if trigger == "manual":
        await ensure(conn, registry)
    run = await queries.join(
        conn,
        project_id,
        job,
        trigger=trigger,
        upstream=upstream,
        because=because,
        payload=payload or {},
        at=at,
        not_before=not_before,
    )
    await queries.wake(conn, job.queue)
    return run
