"""Workers under load, one of four killed every two seconds: every run ends, each effect once.

The counter of a project is raised in the transaction that ends a run, so it has to equal the runs
that ended well, exactly.
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import pytest

from mayak.automation.service import trigger
from mayak.platform.db import Database, fetch_dicts, fetch_value
from tests.chaos.processes import Process, killed, started
from tests.chaos.storm_worker import JOBS
from tests.conftest import new_project

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

SECONDS = float(os.environ.get("MAYAK_STORM_SECONDS") or (120 if os.environ.get("CI") else 40))
"""Two minutes in CI; a person who waits for the tests gets a third of that."""
EVERY = 2.0
PROJECTS = 40
RECOVERY = 30.0
"""Seconds, at the 95th percentile: from the kill of a worker to the next start of what it did, of
the run itself or of the one that waited behind it."""


class Storm:
    """Four workers, and what their deaths interrupted."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.random = random.Random(11)  # noqa: S311
        self.workers: list[Process] = []
        self.kills = 0
        self.interrupted: list[tuple[UUID, datetime]] = []

    async def start(self) -> None:
        self.workers.append(await started("storm_worker.py", self.database.dsn))

    async def kill_one(self) -> None:
        victim = self.random.choice(self.workers)
        self.workers.remove(victim)
        await killed(victim)
        self.kills += 1
        async with self.database.system_transaction() as conn:
            rows = await fetch_dicts(
                conn,
                "SELECT run.project_id AS id, clock_timestamp() AS at FROM worker_runs AS run"
                "  JOIN workers ON workers.id = run.worker_id"
                " WHERE run.status = 'running' AND run.job_type = 'count'"
                "   AND workers.pid = %(pid)s",
                pid=victim.pid,
            )
        self.interrupted += [(row["id"], row["at"]) for row in rows]

    async def blow(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(EVERY)
            await self.kill_one()
            await self.start()


@asynccontextmanager
async def load(database: Database, projects: list[UUID]) -> AsyncIterator[None]:
    """Runs are asked for all the time, more than once while one waits."""

    async def ask() -> None:
        while True:
            for project in projects:
                async with database.transaction(project) as conn:
                    await trigger(conn, JOBS, project, "count")
            await asyncio.sleep(0.2)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


@pytest.mark.timeout(600)
async def test_every_run_ends_and_counts_once_while_workers_are_killed(database: Database) -> None:
    projects = [await new_project(database, f"Client-{number}") for number in range(PROJECTS)]
    await prepare(database, projects)
    storm = Storm(database)
    try:
        for _ in range(4):
            await storm.start()
        async with load(database, projects):
            await storm.blow(SECONDS)
        await settle(database)
        await check(database, storm)
    finally:
        for worker in storm.workers:
            await killed(worker)


async def prepare(database: Database, projects: list[UUID]) -> None:
    async with database.connection() as conn:
        await conn.execute("CREATE TABLE began (project_id uuid, at timestamptz)")
        await conn.execute(
            "CREATE TABLE counter (project_id uuid PRIMARY KEY, value int, followed int)"
        )
        await conn.execute("GRANT ALL ON began, counter TO mayak_app")
        for project in projects:
            await conn.execute("INSERT INTO counter VALUES (%s, 0, 0)", (project,))


async def settle(database: Database) -> None:
    """Until every run has ended, by the workers that are left."""
    open_runs = "SELECT count(*) FROM worker_runs WHERE status IN ('queued', 'running')"
    async with asyncio.timeout(90):
        while True:
            async with database.system_transaction() as conn:
                if not await fetch_value(conn, open_runs):
                    return
            await asyncio.sleep(0.2)


WRONG = """
SELECT counter.project_id FROM counter
 WHERE value <> (SELECT count(*) FROM worker_runs AS run WHERE run.project_id = counter.project_id
                    AND job_type = 'count' AND status = 'ok')
    OR followed <> (SELECT count(*) FROM worker_runs AS run
                     WHERE run.project_id = counter.project_id AND job_type = 'follow'
                       AND status = 'ok')
"""
AGAIN = "SELECT min(at) FROM began WHERE project_id = %(project)s AND at > %(killed)s"


async def check(database: Database, storm: Storm) -> None:
    async with database.system_transaction() as conn:
        states = await fetch_dicts(
            conn, "SELECT job_type, status, count(*) FROM worker_runs GROUP BY 1, 2"
        )
    async with database.connection() as conn:
        wrong = await fetch_dicts(conn, WRONG)
        waits = []
        for project, killed in storm.interrupted:
            again = await fetch_value(conn, AGAIN, project=project, killed=killed)
            if again is not None:
                waits.append((again - killed).total_seconds())
    waits.sort()
    p95 = waits[min(len(waits) - 1, round(0.95 * len(waits)))]
    counted = {(row["job_type"], row["status"]): row["count"] for row in states}
    print(  # noqa: T201
        f"\n{storm.kills} kills, {counted}, {len(waits)} of {len(storm.interrupted)} interrupted"
        f" projects went on: p50 {statistics.median(waits):.1f} s, p95 {p95:.1f} s"
    )
    assert {status for _, status in counted} <= {"ok", "failed"}, counted
    assert wrong == []
    assert p95 <= RECOVERY
