"""Workers that are killed, paused, stopped and cut off: every effect happens exactly once."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from mayak.automation.model import Run
from mayak.automation.service import get, trigger
from mayak.platform.db import Database
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.schema import migrate
from tests.chaos.processes import Process, killed, started
from tests.chaos.work_on_effects import JOBS
from tests.conftest import FAST, new_project
from tests.runs import end_of

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

LEASE = 15.0
"""Seconds, as the product has it."""
SHORT = 2.0


class Yard:
    """A database with the table that jobs write to, and workers on it."""

    def __init__(self, dsn: str, database: Database, project: UUID, stack: AsyncExitStack) -> None:
        self.dsn = dsn
        self.database = database
        self.project = project
        self.stack = stack

    async def prepare(self) -> None:
        async with self.database.connection() as conn:
            await conn.execute("CREATE TABLE effects (run_id uuid, pid int, note text)")
            await conn.execute("CREATE TABLE gate AS SELECT false AS is_open")
            await conn.execute("GRANT ALL ON effects, gate TO mayak_app")

    async def worker(self, *, lease: float = LEASE, patience: float = 0) -> Process:
        """A worker that listens, in a process of its own; killed with the test."""
        process = await started("work_on_effects.py", self.dsn, lease, patience)
        self.stack.push_async_callback(killed, process)
        return process

    async def ask(self, job: str, project: UUID | None = None) -> UUID:
        scope = project or self.project
        async with self.database.transaction(scope) as conn:
            return (await trigger(conn, JOBS, scope, job)).id

    async def run(self, run_id: UUID) -> Run:
        async with self.database.transaction(self.project) as conn:
            return await get(conn, run_id)

    async def effects(self, note: str) -> list[int]:
        """The processes that had this effect, one entry per time."""
        async with self.database.connection() as conn:
            rows = await conn.execute("SELECT pid FROM effects WHERE note = %s", (note,))
            return [row[0] for row in await rows.fetchall()]

    async def open_gate(self) -> None:
        async with self.database.connection() as conn:
            await conn.execute("UPDATE gate SET is_open = true")

    async def began(self, times: int = 1) -> None:
        """Wait until a slow job began that often."""
        async with asyncio.timeout(60):
            while len(await self.effects("began")) < times:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.1)

    async def ended(self, run_id: UUID, *, within: float = 60) -> Run:
        return await end_of(self.database, self.project, run_id, within=within)


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Yard]:
    async with Database(dsn) as database, AsyncExitStack() as stack:
        yard = Yard(dsn, database, await new_project(database, "Northwind"), stack)
        await yard.prepare()
        yield yard


@pytest.fixture
async def yard(dsn: str) -> AsyncIterator[Yard]:
    async with opened(dsn) as one:
        yield one


async def test_another_worker_finishes_the_job_of_a_killed_one_within_40_s(yard: Yard) -> None:
    first = await yard.worker()
    run = await yard.ask("slow")
    await yard.began()
    second = await yard.worker()
    first.kill()
    killed = time.monotonic()
    await yard.open_gate()

    assert (await yard.ended(run)).status == "ok"
    assert time.monotonic() - killed < 40
    assert await yard.effects("done") == [second.pid]


async def test_a_worker_that_was_paused_past_its_lease_commits_nothing(yard: Yard) -> None:
    paused = await yard.worker(lease=SHORT)
    run = await yard.ask("slow")
    await yard.began()
    await asyncio.sleep(
        0.1
    )  # let it leave its transaction: it looks at the gate five times a second
    paused.send_signal(signal.SIGSTOP)
    other = await yard.worker(lease=SHORT)
    await yard.began(times=2)

    paused.send_signal(signal.SIGCONT)
    await asyncio.sleep(1)
    await yard.open_gate()

    ended = await yard.ended(run)
    await asyncio.sleep(1)
    assert (ended.status, ended.attempt) == ("ok", 1)
    assert await yard.effects("done") == [other.pid]
    assert paused.returncode is None


async def test_a_worker_that_is_told_to_stop_hands_its_job_back_at_once(yard: Yard) -> None:
    first = await yard.worker(patience=0.2)
    run = await yard.ask("slow")
    await yard.began()
    first.terminate()

    assert await asyncio.wait_for(first.wait(), 20) == 0
    assert (await yard.run(run)).status == "queued"
    second = await yard.worker()
    await yard.open_gate()
    ended = await yard.ended(run, within=10)  # sooner than a lease could run out

    assert (ended.status, ended.attempt) == ("ok", 1)
    assert await yard.effects("done") == [second.pid]


async def test_a_worker_that_is_told_to_stop_lets_a_job_end_within_its_patience(
    yard: Yard,
) -> None:
    worker = await yard.worker(patience=30)
    run = await yard.ask("slow")
    await yard.began()
    worker.terminate()
    await asyncio.sleep(0.5)
    await yard.open_gate()

    assert await asyncio.wait_for(worker.wait(), 20) == 0
    assert (await yard.run(run)).status == "ok"
    assert await yard.effects("done") == [worker.pid]


async def test_two_workers_that_race_for_200_runs_have_each_effect_once(yard: Yard) -> None:
    workers = [await yard.worker(), await yard.worker()]
    projects = [await new_project(yard.database, f"Client-{number}") for number in range(200)]

    await asyncio.gather(*(yard.ask("quick", project) for project in projects))
    async with asyncio.timeout(60):
        while len(await yard.effects("done")) < 200:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.2)
    await asyncio.sleep(1)

    async with yard.database.connection() as conn:
        rows = await conn.execute("SELECT run_id, count(*) FROM effects GROUP BY run_id")
        times = Counter(row[1] for row in await rows.fetchall())
        states = await conn.execute("SELECT DISTINCT status FROM worker_runs")
        assert await states.fetchall() == [("ok",)]
    assert times == {1: 200}
    assert set(await yard.effects("done")) <= {worker.pid for worker in workers}


async def test_workers_idle_and_busy_go_on_within_10_s_of_a_restart_of_postgresql(
    tmp_path: Path,
) -> None:
    postgres = EmbeddedPostgres(tmp_path / "pg", FAST)
    dsn = postgres.start().dsn
    try:
        await migrate(dsn)
        async with opened(dsn) as yard:
            worker = await yard.worker()
            await goes_on_after_a_restart(yard, postgres, done=1)
            busy = await yard.ask("slow")
            await yard.began()
            await goes_on_after_a_restart(yard, postgres, done=2)
            await yard.open_gate()
            assert (await yard.ended(busy)).status == "ok"
            assert await yard.effects("done") == [worker.pid] * 3
    finally:
        postgres.release()


async def goes_on_after_a_restart(yard: Yard, postgres: EmbeddedPostgres, *, done: int) -> None:
    """A run that is asked for after the restart has its effect, the `done`-th, within 10 s."""
    postgres.stop()
    await asyncio.sleep(3)
    postgres.launch()
    restarted = time.monotonic()
    await ask_when_up(yard)
    async with asyncio.timeout(20):
        while len(await yard.effects("done")) < done:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.1)
    assert time.monotonic() - restarted < 10


async def ask_when_up(yard: Yard) -> UUID:
    """Connections that were open before the restart have to be noticed as broken first."""
    while True:
        try:
            return await yard.ask("quick")
        except psycopg.OperationalError:
            await asyncio.sleep(0.1)
