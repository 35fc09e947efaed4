"""Asking for a run and watching it from outside of the worker."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import UUID

from mayak.automation import service as automation
from mayak.automation.model import FINAL, Run
from mayak.automation.queries import workers_alive
from mayak.entry.wiring import Parts

LOOK_EVERY = 0.1
PATIENCE = 5.0
"""Seconds in which a living worker takes a run; it may have died since it last said so."""


async def ask_for(
    parts: Parts,
    project_id: UUID,
    job_type: str,
    because: str,
    payload: Mapping[str, object] | None = None,
) -> Run:
    """A run of this type in the project, new or already waiting."""
    async with parts.database.transaction(project_id) as conn:
        return await automation.trigger(
            conn, parts.registry, project_id, job_type, because=because, payload=payload or None
        )


async def read(parts: Parts, project_id: UUID, run_id: UUID) -> Run:
    async with parts.database.transaction(project_id) as conn:
        return await automation.get(conn, run_id)


async def follow(parts: Parts, project_id: UUID, run_id: UUID, look: Callable[[Run], None]) -> Run:
    """Wait until the run ends, or failed and waits for its next attempt; `look` sees it pass by."""
    while True:
        run = await read(parts, project_id, run_id)
        look(run)
        if run.status in FINAL or (run.not_before is not None and run.error_kind is not None):
            return run
        await asyncio.sleep(LOOK_EVERY)


async def latest(parts: Parts, project_id: UUID, job_type: str) -> Run | None:
    """The newest run of this type, if there was any."""
    async with parts.database.transaction(project_id) as conn:
        runs = await automation.recent(conn, job_type=job_type, limit=1)
    return runs[0] if runs else None


async def picked_up(parts: Parts, project_id: UUID, run_id: UUID) -> bool:
    """Whether some worker takes the run within a few seconds; False at once when there is none."""
    async with parts.database.system_transaction() as conn:
        if not await workers_alive(conn):
            return False
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while (await read(parts, project_id, run_id)).status == "queued":  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY)
            return True
    return False
