"""Jobs that block the loop or eat memory: the run says so, and the worker lives and works on."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from mayak.automation.model import FINAL, Run
from mayak.automation.service import get, trigger
from mayak.platform.db import Database
from tests.chaos.bad_worker import JOBS

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

MEGABYTES = 1024


@pytest.fixture
async def worker(dsn: str) -> AsyncIterator[asyncio.subprocess.Process]:
    script = Path(__file__).with_name("bad_worker.py")
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, dsn, str(MEGABYTES),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    yield process
    assert process.returncode is None, "the worker did not survive"
    process.kill()
    await process.wait()


async def end_of(database: Database, project: UUID, job_type: str) -> Run:
    """Ask for a run, and wait for its end."""
    async with database.transaction(project) as conn:
        asked = await trigger(conn, JOBS, project, job_type)
    async with asyncio.timeout(60):
        while True:
            async with database.transaction(project) as conn:
                run = await get(conn, asked.id)
            if run.status in FINAL:
                return run
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("job_type", ["sleeps", "spins"])
async def test_a_job_that_blocks_the_worker_is_interrupted(
    worker: asyncio.subprocess.Process, database: Database, project: UUID, job_type: str
) -> None:
    blocked = await end_of(database, project, job_type)
    after = await end_of(database, project, "works")

    assert (blocked.status, blocked.error_kind) == ("dead", "bug")
    assert blocked.error_message == "BlockedTheLoop: It blocked the whole worker for 2 s."
    assert (after.status, after.counters) == ("ok", {"done": 1})


async def test_a_job_that_eats_memory_fails_at_the_limit(
    worker: asyncio.subprocess.Process, database: Database, project: UUID
) -> None:
    ate = await end_of(database, project, "eats")
    after = await end_of(database, project, "works")

    assert (ate.status, ate.error_kind) == ("failed", "memory")
    assert after.status == "ok"
