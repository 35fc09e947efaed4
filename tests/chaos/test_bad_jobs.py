"""Jobs that block the loop or eat memory: the run says so, and the worker lives and works on."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from mayak.automation.model import Run
from mayak.automation.service import trigger
from mayak.platform.db import Database
from tests.chaos.bad_worker import JOBS
from tests.chaos.processes import killed, started
from tests.runs import end_of

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

MEGABYTES = 1024


@pytest.fixture
async def worker(dsn: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await started("bad_worker.py", dsn, MEGABYTES)
    yield process
    assert process.returncode is None, "the worker did not survive"
    await killed(process)


async def outcome(database: Database, project: UUID, job_type: str) -> Run:
    """Ask for a run, and wait for its end."""
    async with database.transaction(project) as conn:
        asked = await trigger(conn, JOBS, project, job_type)
    return await end_of(database, project, asked.id)


@pytest.mark.parametrize("job_type", ["sleeps", "spins"])
async def test_a_job_that_blocks_the_worker_is_interrupted(
    worker: asyncio.subprocess.Process, database: Database, project: UUID, job_type: str
) -> None:
    blocked = await outcome(database, project, job_type)
    after = await outcome(database, project, "works")

    assert (blocked.status, blocked.error_kind) == ("dead", "bug")
    assert blocked.error_message == "BlockedTheLoop: It blocked the whole worker for 2 s."
    assert (after.status, after.counters) == ("ok", {"done": 1})


async def test_a_job_that_eats_memory_fails_at_the_limit(
    worker: asyncio.subprocess.Process, database: Database, project: UUID
) -> None:
    ate = await outcome(database, project, "eats")
    after = await outcome(database, project, "works")

    assert (ate.status, ate.error_kind) == ("failed", "memory")
    assert after.status == "ok"
