"""Asking for a run and watching it from outside of the worker."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from mayak.automation import service as automation
from mayak.automation.model import FINAL, Run
from mayak.entry.wiring import Parts

LOOK_EVERY = 0.1


async def ask_for(parts: Parts, project_id: UUID, job_type: str, because: str) -> Run:
    """A run of this type in the project, new or already waiting."""
    async with parts.database.transaction(project_id) as conn:
        return await automation.trigger(conn, parts.registry, project_id, job_type, because=because)


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
