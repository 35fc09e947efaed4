"""What others hold, and what the database refuses for a while: nobody else pays for it."""

import asyncio
from contextlib import suppress

import psycopg
import pytest

from mayak.automation.model import JobRun, Result, job
from mayak.platform.db import Database, execute
from tests.automation.conftest import WorkOn

pytestmark = pytest.mark.anyio


@job("holds")
async def holds(run: JobRun) -> Result:
    return Result()


@job("plain")
async def plain(run: JobRun) -> Result:
    return Result(counters={"done": 1})


async def test_a_lock_that_somebody_holds_delays_its_own_run_only(
    work_on: WorkOn, database: Database
) -> None:
    async with work_on(holds, plain) as tower:
        await tower.trigger("holds")
        await tower.settle()
        async with database.transaction(tower.project) as conn:
            await execute(conn, "SELECT 1 FROM scheduled_jobs WHERE job_type = 'holds' FOR UPDATE")
            held = await tower.trigger("holds")
            free = await tower.trigger("plain")
            async with asyncio.timeout(10):
                while (await tower.run(free.id)).status != "ok":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert (await tower.run(held.id)).status == "running"
        runs = await tower.settle()

    assert {run.status for run in runs} == {"ok"}


async def test_a_database_that_is_read_only_for_a_while_fails_no_run(
    work_on: WorkOn, database: Database
) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    @job("meanwhile")
    async def meanwhile(run: JobRun) -> Result:
        began.set()
        await go_on.wait()
        return Result(counters={"done": 1})

    async with work_on(meanwhile) as tower:
        await tower.trigger("meanwhile")
        await began.wait()
        await read_only(database, on=True)
        go_on.set()
        await asyncio.sleep(1.5)
        await read_only(database, on=False)
        (run,) = await tower.settle()

    assert (run.status, run.counters, run.attempt) == ("ok", {"done": 1}, 1)


async def read_only(database: Database, *, on: bool) -> None:
    """As after a failover: what is connected is cut off, and who comes may only read."""
    state = "on" if on else "off"
    async with database.connection() as conn:
        await conn.execute("SET default_transaction_read_only = off")
        await conn.execute(
            f"ALTER ROLE CURRENT_USER IN DATABASE {conn.info.dbname}"
            f" SET default_transaction_read_only = {state}".encode()
        )
    async with database.connection() as conn:
        with suppress(psycopg.Error):
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await conn.execute("SET default_transaction_read_only = off")
