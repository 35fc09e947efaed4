"""One run of a job in this process, in the engine's own JobRun, without a worker around it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from mayak.automation import queries
from mayak.automation.model import FINAL, JobType, Registry, Result, Run, Status, Trigger
from mayak.automation.queries import Claim, Ending
from mayak.automation.service import get, trigger
from mayak.automation.service.execution import House, RunningJob
from mayak.automation.service.recording import Recorder
from mayak.kit.resources import Resources
from mayak.platform.db import Database


def the_database() -> None:
    """The clock of the product: none of its own."""
    return


async def started(
    database: Database,
    registry: Registry,
    things: Mapping[type[Any], Any],
    project: UUID,
    job: JobType,
    *,
    by: Trigger = "manual",
    payload: Mapping[str, object] | None = None,
) -> tuple[RunningJob, Claim]:
    """A run that was asked for and claimed; its handler may be called, also twice."""
    async with database.transaction(project) as conn:
        run = await trigger(conn, registry, project, job.name, trigger=by, payload=payload)
    async with database.engine() as conn:
        [claim] = await queries.claim(conn, uuid4(), job.queue, [job.name], limit=1, at=None)
    assert claim.id == run.id
    recorder = Recorder(database, registry, the_database)
    house = House(database=database, resources=Resources(things), recorder=recorder)
    return RunningJob(house, job, claim), claim


async def run_once(  # what a run is made of
    database: Database,
    registry: Registry,
    things: Mapping[type[Any], Any],
    project: UUID,
    job: JobType,
    *,
    by: Trigger = "manual",
    payload: Mapping[str, object] | None = None,
    within: float | None = None,
) -> Result:
    """One run from its start to its recorded end. Raises what the handler raises, and TimeoutError
    when it is stopped because it takes longer than `within` seconds.
    """
    running, claim = await started(database, registry, things, project, job, by=by, payload=payload)
    status: Status = "failed"
    try:
        async with asyncio.timeout(within):
            result = await job.handler(running)
        status = result.status
    finally:
        await ended(database, registry, claim, status)
    return result


async def ended(database: Database, registry: Registry, claim: Claim, status: Status) -> None:
    """Record the end of a run as the engine does."""
    recorder = Recorder(database, registry, the_database)
    async with database.engine() as conn:
        await recorder.conclude(conn, Ending(claim=claim, status=status))


async def end_of(database: Database, project: UUID, run_id: UUID, *, within: float = 60) -> Run:
    """Wait until a run has ended, whoever does it."""
    async with asyncio.timeout(within):
        while True:
            async with database.transaction(project) as conn:
                run = await get(conn, run_id)
            if run.status in FINAL:
                return run
            await asyncio.sleep(0.05)
