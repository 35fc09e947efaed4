"""The job engine: empty jobs a second beside bare pgqueuer, the tick, and the cascade, as JSON.

- throughput: one worker and N runs that do nothing. Ours keeps a history row with lineage, leases,
  fencing and the schedule's counters for each; pgqueuer, on the same server and in turns with us,
  keeps what it keeps. `ratio` is ours to its.
- tick: 1,000 schedules that are due among 70,000.
- cascade: from the commit of an upstream run to the start of its downstream run on an idle worker,
  beside the 60 s that a scheduler of one tick a minute may take.
- dead letters: 5,000 of seven causes replayed by cause, beside a bare INSERT of as many runs.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first in the path, and this file is named as a module of Python.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import structlog
import uvloop
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.queries import Queries
from psycopg import sql

from mayak.automation.model import JobRun, JobType, Queue, Registry, Result, Rhythm
from mayak.automation.service import (
    Filter,
    Worker,
    dead_letters,
    ensure,
    replay_dead_letters,
    tick,
    trigger,
)
from mayak.kit.resources import Resources
from mayak.platform.db import Conn, Database
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.schema import migrate

SLOTS = 400
BATCH = 200
"""Of both engines alike."""
TICK_OF_THE_SEEDS_MS = 60_000


class Tally:
    """Counts calls of a handler that does nothing else."""

    def __init__(self, expected: int) -> None:
        self.begun = 0.0
        self.calls = 0
        self.all = asyncio.Event()
        self._expected = expected

    def count(self) -> None:
        self.begun = self.begun or time.perf_counter()
        self.calls += 1
        if self.calls == self._expected:
            self.all.set()


def kinds(count: int, tally: Tally | None = None, **more: Any) -> list[JobType]:
    async def nothing(_: JobRun) -> Result:
        if tally is not None:
            tally.count()
        return Result()

    return [JobType(name=f"job_{number:02}", handler=nothing, **more) for number in range(count)]


async def new_projects(conn: Conn, count: int) -> list[UUID]:
    cursor = await conn.execute(
        """
        WITH home AS (INSERT INTO workspaces (name) VALUES ('Studio') RETURNING id)
        INSERT INTO projects (workspace_id, slug, name)
        SELECT home.id, 'p-' || gen_random_uuid(), 'Client' FROM home, generate_series(1, %s)
        RETURNING id
        """,
        (count,),
    )
    return [row[0] for row in await cursor.fetchall()]


@asynccontextmanager
async def working(database: Database, registry: Registry) -> AsyncIterator[Worker]:
    slots: dict[Queue, int] = {"io": SLOTS, "cpu": 2, "derive": 4}
    worker = Worker(database, registry, Resources({}), slots=slots)
    task = asyncio.create_task(worker.run())
    await worker.ready.wait()
    try:
        yield worker
    finally:
        await worker.stop(timedelta(seconds=5))
        await task


FILL = """
INSERT INTO worker_runs (project_id, job_type, queue, lane, trigger)
SELECT project_id, job_type, 'io', job_type, 'manual' FROM scheduled_jobs
"""
LEFT = "SELECT count(*) FROM worker_runs WHERE status IN ('queued', 'running')"


async def ours(dsn: str, jobs: int) -> float:
    """Runs a second through the whole engine, from the first that starts to the last recorded."""
    tally = Tally(jobs)
    registry = Registry(kinds(10, tally))
    async with Database(dsn) as database:
        async with database.system_transaction() as conn:
            await conn.execute("DELETE FROM projects")
            await new_projects(conn, jobs // len(registry))
            while await ensure(conn, registry):
                pass
            await conn.execute(FILL)
        async with database.connection() as conn:
            await conn.execute("VACUUM ANALYZE worker_runs, scheduled_jobs")
        async with working(database, registry), database.system_transaction() as conn:
            await tally.all.wait()
            while (await (await conn.execute(LEFT)).fetchone() or (0,))[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            return jobs / (time.perf_counter() - tally.begun)


async def connected(dsn: str) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(dsn, autocommit=True)


class Listening(PsycopgDriver):
    """pgqueuer's driver with a second connection that listens.

    On one connection each question waits for the end of a listening turn. The baseline shall be as
    good as it can be; what it does with its driver as it is stands beside it.
    """

    def __init__(self, connection: psycopg.AsyncConnection, bell: psycopg.AsyncConnection) -> None:
        super().__init__(connection)
        self._bell = bell
        self._ear: asyncio.Task[None] | None = None

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._bell.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

        async def listen() -> None:
            async for note in self._bell.notifies():
                callback(note.payload)

        self._ear = asyncio.create_task(listen())

    async def __aexit__(self, *given: object) -> None:
        await super().__aexit__(*given)
        if self._ear is not None:
            self._ear.cancel()


async def bare(dsn: str, jobs: int, *, with_bell: bool = True) -> float:
    """Jobs a second through pgqueuer alone."""
    tally = Tally(jobs)
    async with await connected(dsn) as conn, await connected(dsn) as bell:
        queries = Queries(Listening(conn, bell) if with_bell else PsycopgDriver(conn))
        if not await queries.schema_is_installed():
            await queries.install()
        await conn.execute("TRUNCATE pgqueuer, pgqueuer_log")
        manager = QueueManager(queries)

        @manager.entrypoint("noop")
        async def noop(_: Job) -> None:
            tally.count()
            if tally.all.is_set():
                manager.shutdown.set()

        await queries.enqueue(["noop"] * jobs, [None] * jobs, [0] * jobs)
        await conn.execute("VACUUM ANALYZE pgqueuer")
        await manager.run(
            dequeue_timeout=timedelta(seconds=1), batch_size=BATCH, max_concurrent_tasks=SLOTS
        )
        return jobs / (time.perf_counter() - tally.begun)


async def throughput(server: str, jobs: int, rounds: int) -> dict[str, Any]:
    both: dict[str, list[float]] = {"mayak": [], "pgqueuer": [], "pgqueuer_own_driver": []}
    ours_dsn, bare_dsn = await databases(server, "ours", "bare")
    await migrate(ours_dsn)
    for _ in range(rounds):
        both["pgqueuer"].append(await bare(bare_dsn, jobs))
        both["mayak"].append(await ours(ours_dsn, jobs))
        own = await bare(bare_dsn, jobs // 2, with_bell=False)
        both["pgqueuer_own_driver"].append(own)
    medians = {name: round(statistics.median(values)) for name, values in both.items()}
    return {
        "jobs": jobs,
        "rounds": rounds,
        "jobs_per_second": medians,
        "all": {name: [round(value) for value in values] for name, values in both.items()},
        "ratio": round(medians["mayak"] / medians["pgqueuer"], 2),
        "ratio_to_own_driver": round(medians["mayak"] / medians["pgqueuer_own_driver"], 2),
    }


async def databases(server: str, *names: str) -> list[str]:
    """Fresh ones on the server; their addresses."""
    made = []
    async with await psycopg.AsyncConnection.connect(server, autocommit=True) as conn:
        for name in names:
            unique = f"{name}_{uuid4().hex[:8]}"
            await conn.execute(f"CREATE DATABASE {unique}")
            made.append(psycopg.conninfo.make_conninfo(server, dbname=unique))
    return made


DUE = """
UPDATE scheduled_jobs SET next_run_at = CASE WHEN number <= %(due)s THEN %(at)s::timestamptz
                                             ELSE %(at)s::timestamptz + interval '10 min' END
  FROM (SELECT project_id AS p, job_type AS t, row_number() OVER (ORDER BY random()) AS number
          FROM scheduled_jobs) AS dealt
 WHERE project_id = p AND job_type = t
"""


async def ticks(server: str, rows: int, due: int, rounds: int) -> dict[str, Any]:
    registry = Registry(kinds(20, rhythm=Rhythm(every=timedelta(minutes=15))))
    [dsn] = await databases(server, "tick")
    await migrate(dsn)
    laps, idle = [], []
    async with Database(dsn) as database:
        async with database.system_transaction() as conn:
            await new_projects(conn, rows // len(registry))
            while await ensure(conn, registry):
                pass
        for number in range(rounds):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
            async with database.system_transaction() as conn:
                await conn.execute(DUE, {"due": due, "at": at})
                await conn.execute("DELETE FROM worker_runs")
            async with database.connection() as conn:
                await conn.execute("VACUUM ANALYZE scheduled_jobs, worker_runs")
            begun = time.perf_counter()
            done = await tick(database, registry, at=at)
            laps.append((time.perf_counter() - begun) * 1000)
            assert len(done.run_ids) == due
            begun = time.perf_counter()
            await tick(database, registry, at=at)
            idle.append((time.perf_counter() - begun) * 1000)
    return {"schedules": rows, "due": due, "ms": spread(laps), "ms_idle": spread(idle)}


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(last, 1)}


async def cascades(server: str, rounds: int) -> dict[str, Any]:
    """Upstream end, as its handler returns, to downstream start, as its handler begins."""
    ended: list[float] = []
    began: asyncio.Queue[float] = asyncio.Queue()

    async def above(_: JobRun) -> Result:
        ended.append(time.perf_counter())
        return Result()

    async def below(_: JobRun) -> Result:
        began.put_nowait(time.perf_counter())
        return Result()

    up = JobType(name="above", handler=above)
    registry = Registry(
        [up, JobType(name="below", handler=below, after=("above",), queue="derive")]
    )
    [dsn] = await databases(server, "cascade")
    await migrate(dsn)
    laps = []
    async with Database(dsn) as database:
        async with database.system_transaction() as conn:
            [project] = await new_projects(conn, 1)
            await ensure(conn, registry)
        async with working(database, registry):
            for _ in range(rounds):
                async with database.transaction(project) as conn:
                    await trigger(conn, registry, project, "above")
                started = await asyncio.wait_for(began.get(), 30)
                laps.append((started - ended.pop()) * 1000)
                await asyncio.sleep(0.05)
    measured = spread(laps)
    return {
        "runs": rounds,
        "ms": measured,
        "tick_of_the_seeds_ms": TICK_OF_THE_SEEDS_MS,
        "ratio_to_that_tick": round(measured["p50"] / TICK_OF_THE_SEEDS_MS, 6),
    }


LETTERS = """
INSERT INTO worker_runs (project_id, job_type, queue, lane, key, trigger, payload, status,
                         error_kind, error_message, error_fingerprint, finished_at)
SELECT %(project)s, 'job_' || lpad((n %% 10)::text, 2, '0'), 'io', 'job', 'k' || n, 'manual',
       jsonb_build_object('piece', n), 'failed', 'server', 'cause ' || n %% 7, 'cause' || n %% 7,
       now()
  FROM generate_series(1, %(count)s) AS n
"""
PLAIN = """
INSERT INTO worker_runs (project_id, job_type, queue, lane, key, trigger, payload)
SELECT project_id, job_type, queue, lane, 'again ' || key, 'retry', payload
  FROM worker_runs WHERE status = 'failed' AND project_id = %(project)s
"""


async def letters(server: str, count: int, rounds: int) -> dict[str, Any]:
    """Dead letters over seven causes: shown as groups, replayed group by group, then once more;
    beside a bare INSERT of as many waiting runs.
    """
    registry = Registry(kinds(10))
    [dsn] = await databases(server, "letters")
    await migrate(dsn)
    both: dict[str, list[float]] = {"replay": [], "insert": []}
    async with Database(dsn) as database:
        for _ in range(rounds):
            async with database.system_transaction() as conn:
                await conn.execute("DELETE FROM projects")
                [project] = await new_projects(conn, 1)
                await conn.execute(LETTERS, {"project": project, "count": count})
            async with database.transaction(project) as conn:
                groups = await dead_letters(conn, Filter())
            begun = time.perf_counter()
            done = [await replayed(database, registry, project, one.fingerprint) for one in groups]
            both["replay"].append((time.perf_counter() - begun) * 1000)
            again = [await replayed(database, registry, project, one.fingerprint) for one in groups]
            begun = time.perf_counter()
            async with database.transaction(project) as conn:
                await conn.execute(PLAIN, {"project": project})
            both["insert"].append((time.perf_counter() - begun) * 1000)
            assert (sum(done), sum(again)) == (count, 0)
    medians = {name: round(statistics.median(values), 1) for name, values in both.items()}
    ratio = round(medians["replay"] / medians["insert"], 1)
    return {"letters": count, "groups": len(groups), "ms": medians, "ratio": ratio}


async def replayed(database: Database, registry: Registry, project: UUID, cause: str) -> int:
    async with database.transaction(project) as conn:
        which = Filter(fingerprint=cause)
        return (await replay_dead_letters(conn, registry, which, because="bench")).letters


async def measure(server: str, chosen: argparse.Namespace) -> dict[str, Any]:
    return {
        "throughput": await throughput(server, chosen.jobs, chosen.rounds),
        "tick": await ticks(server, chosen.schedules, 1000, 4 * chosen.rounds),
        "cascade": await cascades(server, 40 * chosen.rounds),
        "dead_letters": await letters(server, 5000, chosen.rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--schedules", type=int, default=70_000)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        postgres = EmbeddedPostgres(Path(folder) / "pg")
        try:
            measured = uvloop.run(measure(postgres.start().dsn, chosen))
        finally:
            postgres.release()
        json.dump(measured, sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
