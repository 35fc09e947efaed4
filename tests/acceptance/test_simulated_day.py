"""24 simulated hours of 200 projects on four workers: every slot is exactly one row.

The product's own job types with their own schedules and cascades; only what they do is made up:
most do nothing, some take a while, some fail and are tried again, some always fail. Time is a clock
that the test moves; for two of its hours no worker lives.
"""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import structlog

from mayak.automation.model import JobRun, Registry, Result, phase
from mayak.automation.service import Worker, ensure
from mayak.entry.wiring import job_types
from mayak.errors import Upstream, UpstreamRejected
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute, fetch_dicts, fetch_value

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance]

PROJECTS = 200 if os.environ.get("CI") else 50
"""A person who waits for the tests gets a quarter."""
WORKERS = 4
DAY = timedelta(hours=24)
STEP = timedelta(minutes=1)
OUTAGE = (timedelta(hours=10), timedelta(hours=12))
"""Nobody works between these."""
MANY = 400
"""The day goes on when fewer runs than this wait."""


class Day:
    """The clock, what the handlers saw, and the workers."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.began = datetime(2026, 3, 28, 12, tzinfo=UTC)
        self.now = self.began
        self.going: set[tuple[UUID, str]] = set()
        self.overlaps = 0
        self.calls = 0
        self.done = Counter[UUID]()
        self.random = random.Random(7)  # noqa: S311

    async def handle(self, run: JobRun, job_type: str) -> Result:
        lane = (run.project_id, job_type)
        self.overlaps += lane in self.going
        self.going.add(lane)
        self.calls += 1
        try:
            fate = self.random.random()
            if fate < 0.02:
                await asyncio.sleep(self.random.uniform(0, 0.2))
            if fate > 0.99:
                raise Upstream("Chatwoot", "busy", "server")
            if fate > 0.985:
                raise UpstreamRejected("Chatwoot", "no such account", "not_found")
            self.done[run.run_id] += 1
            return Result()
        finally:
            self.going.discard(lane)

    def registry(self) -> Registry:
        """The product's types, with a made-up handler."""
        types = []
        for one in job_types().values():

            async def handler(run: JobRun, name: str = one.name) -> Result:
                return await self.handle(run, name)

            types.append(replace(one, handler=handler, built=True))
        return Registry(types, lightrag_only=True)

    @asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Four of them, each with its own connections; gone after the block."""
        async with AsyncExitStack() as stack:
            working = []
            for _ in range(WORKERS):
                database = await stack.enter_async_context(Database(self.database.dsn))
                worker = Worker(
                    database,
                    self.registry(),
                    Resources({}),
                    slots={"io": 40, "cpu": 20, "derive": 40},
                    clock=lambda: self.now,
                    tick_every=0.05,
                )
                working.append((worker, asyncio.create_task(worker.run())))
            try:
                yield
            finally:
                await asyncio.gather(*(one.stop(timedelta(seconds=10)) for one, _ in working))
                await asyncio.gather(*(task for _, task in working))

    async def pass_until(self, end: datetime) -> None:
        """Let the clock run as fast as the workers keep up with it."""
        while self.now < end:
            self.now = min(end, self.now + STEP)
            await asyncio.sleep(0.02)
            while await self.waiting() > MANY:  # noqa: ASYNC110  # other connections
                await asyncio.sleep(0.02)

    async def waiting(self) -> int:
        async with self.database.system_transaction() as conn:
            count: int = await fetch_value(
                conn,
                "SELECT (SELECT count(*) FROM worker_runs WHERE status = 'running')"
                " + (SELECT count(*) FROM worker_runs WHERE status = 'queued'"
                "    AND (not_before IS NULL OR not_before <= %(at)s))",
                at=self.now,
            )
            return count

    async def settle(self) -> None:
        """Until nothing is due and nothing that could start waits."""
        async with asyncio.timeout(120):
            while await self.due() or await self.waiting():  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def due(self) -> int:
        async with self.database.system_transaction() as conn:
            count: int = await fetch_value(
                conn,
                "SELECT count(*) FROM scheduled_jobs"
                " WHERE status = 'active' AND next_run_at <= %(at)s",
                at=self.now,
            )
            return count


async def make_projects(database: Database) -> None:
    async with database.system_transaction() as conn:
        await execute(
            conn,
            """
            WITH home AS (INSERT INTO workspaces (name) VALUES ('Studio') RETURNING id)
            INSERT INTO projects (workspace_id, slug, name, time_zone)
            SELECT id, 'client-' || n, 'Client ' || n,
                   (ARRAY['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Sao_Paulo'])[1 + n %% 4]
              FROM home, generate_series(1, %(count)s) AS n
            """,
            count=PROJECTS,
        )


@pytest.fixture
def quiet() -> Iterator[None]:
    """Thousands of runs fail on purpose here, and each would be told."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield
    structlog.configure(**before)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("quiet")
async def test_every_slot_of_a_day_is_exactly_one_row(database: Database) -> None:
    day = Day(database)
    registry = day.registry()
    await make_projects(database)
    async with database.system_transaction() as conn:
        while await ensure(conn, registry, at=day.began):
            pass
        before = {
            (row["project_id"], row["job_type"]): row
            for row in await fetch_dicts(conn, "SELECT * FROM scheduled_jobs")
        }

    async with day.workers():
        await day.pass_until(day.began + OUTAGE[0])
        await day.settle()
    day.now = day.began + OUTAGE[1]
    async with day.workers():
        await day.pass_until(day.began + DAY)
        await day.settle()

    await check(day, registry, before)


async def check(
    day: Day, registry: Registry, before: dict[tuple[UUID, str], dict[str, object]]
) -> None:
    async with day.database.system_transaction() as conn:
        rows = await fetch_dicts(conn, "SELECT * FROM worker_runs")
        after = await fetch_dicts(conn, "SELECT * FROM scheduled_jobs")
    slots: dict[tuple[UUID, str], list[datetime]] = {key: [] for key in before}
    for row in rows:
        if row["slot_at"] is not None:
            slots[row["project_id"], row["job_type"]].append(row["slot_at"])

    expected = 0
    for schedule in after:
        key = (schedule["project_id"], schedule["job_type"])
        first, nxt = before[key]["next_run_at"], schedule["next_run_at"]
        wanted: list[datetime] = []
        if schedule["status"] == "active" and schedule["cadence_seconds"]:
            every = timedelta(seconds=schedule["cadence_seconds"])
            assert isinstance(first, datetime)
            span = day.began + DAY - first
            wanted = [first + every * n for n in range(span // every + 1)]
            assert nxt == first + every * len(wanted)
            assert (first - datetime.fromtimestamp(0, UTC)) % every == phase(*key, every)
        elif schedule["status"] == "active" and schedule["cron"] and nxt != first:
            wanted = [first] if isinstance(first, datetime) else []
        assert sorted(slots[key]) == wanted, key
        expected += len(wanted)

    by_status = Counter(row["status"] for row in rows if row["slot_at"])
    missed = [row for row in rows if row["status"] in {"missed", "skipped"}]
    assert sum(by_status.values()) == expected
    assert by_status["missed"] > 0
    assert all(row["reason"] for row in missed)
    assert {row["reason"] for row in missed if row["status"] == "missed"} == {"outage"}
    assert day.overlaps == 0
    ran = [row for row in rows if row["started_at"]]
    assert all(row["finished_at"] for row in ran if row["status"] != "queued")
    assert not [row["id"] for row in rows if row["status"] == "running"]
    assert set(day.done.values()) == {1}
    assert set(day.done) == {row["id"] for row in rows if row["status"] == "ok"}
    print(f"\n{expected} slots: {dict(by_status)}; {len(rows)} rows, {day.calls} calls")  # noqa: T201
