"""Nobody's thousand jobs starve another's one."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from mayak.automation.model import JobRun, JobType, Registry, Result
from mayak.automation.service import Worker, trigger
from mayak.kit.clock import now
from mayak.kit.resources import Resources
from mayak.platform.db import Database, fetch_value
from tests.runs import end_of

pytestmark = pytest.mark.anyio

PILED = 1000
LANES = 8
SLOTS = 4


async def a_moment(_: JobRun) -> Result:
    await asyncio.sleep(0.005)
    return Result()


REGISTRY = Registry(
    JobType(name=f"job_{number}", handler=a_moment, queue="derive") for number in range(LANES)
)


async def pile_up(database: Database, project: UUID, *, at: datetime) -> None:
    """A thousand pieces of work of one project, all asked for at one moment."""
    async with database.transaction(project) as conn:
        for number in range(PILED):
            await trigger(
                conn, REGISTRY, project, f"job_{number % LANES}", payload={"piece": number}, at=at
            )


async def test_one_job_of_another_project_starts_before_a_thousand_that_wait(
    database: Database, project: UUID, other_project: UUID
) -> None:
    at = now()  # of both: a slow machine takes longer to pile up than others wait for their turn
    await pile_up(database, project, at=at)
    async with database.transaction(other_project) as conn:
        asked = await trigger(conn, REGISTRY, other_project, "job_0", at=at)
    worker = Worker(database, REGISTRY, Resources({}), slots={"derive": SLOTS})
    working = asyncio.create_task(worker.run())
    try:
        ended = await end_of(database, other_project, asked.id)
    finally:
        await worker.stop(timedelta(seconds=4))
        await working

    async with database.transaction(project) as conn:
        before = await fetch_value(
            conn,
            "SELECT count(*) FROM worker_runs WHERE started_at < %(at)s",
            at=ended.started_at,
        )
    assert before <= 3 * SLOTS
