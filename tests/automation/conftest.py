"""A worker around job types that a test makes up, and the same jobs without one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from mayak.automation import queries, service
from mayak.automation.model import (
    FINAL,
    Failure,
    JobRun,
    JobType,
    Registry,
    Result,
    Run,
    Schedule,
    Status,
    Trigger,
    job,
)
from mayak.automation.queries import Claim, Ending, Ticked
from mayak.automation.service import Worker, trigger
from mayak.automation.service.recording import Recorder
from mayak.automation.service.ticking import tick
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute
from tests.conftest import fresh_database, new_project
from tests.house import House, opened_house
from tests.runs import the_database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""


class Desk:
    """The jobs of one project, and what can be asked of them. Nobody works here."""

    def __init__(self, database: Database, registry: Registry, project: UUID) -> None:
        self.database = database
        self.registry = registry
        self.project = project

    def of(self, project: UUID) -> "Desk":
        """The same jobs in another project."""
        return Desk(self.database, self.registry, project)

    def under(self, *jobs: JobType, lightrag_only: bool = False) -> "Desk":
        """The same project under another release."""
        return Desk(self.database, Registry(jobs, lightrag_only=lightrag_only), self.project)

    async def trigger(
        self, name: str, *, by: Trigger = "manual", payload: Mapping[str, object] | None = None
    ) -> Run:
        async with self.database.transaction(self.project) as conn:
            return await trigger(
                conn, self.registry, self.project, name, trigger=by, payload=payload
            )

    async def runs(self, name: str | None = None) -> list[Run]:
        """Every run of the project, or of one job, oldest first."""
        async with self.database.transaction(self.project) as conn:
            found = await queries.page(conn, job_type=name, limit=10_000)
        return found[::-1]

    async def run(self, run_id: UUID) -> Run:
        async with self.database.transaction(self.project) as conn:
            return await service.get(conn, run_id)

    async def by_slot(self, name: str) -> list[Run]:
        """What accounts for the slots of a job, in their order."""
        return sorted(
            (run for run in await self.runs(name) if run.slot_at), key=lambda run: str(run.slot_at)
        )

    async def schedules(self) -> dict[str, Schedule]:
        async with self.database.transaction(self.project) as conn:
            return {one.job_type: one for one in await queries.schedules.every(conn)}

    async def schedule(self, name: str) -> Schedule:
        return (await self.schedules())[name]

    async def ensure(self, *, at: datetime | None = None) -> int:
        """Write the schedules that the project lacks."""
        async with self.database.transaction(self.project) as conn:
            return await service.ensure(conn, self.registry, at=at)

    async def due(self, name: str, at: datetime) -> None:
        """Let the next slot of a job be this one."""
        await self.sql(
            "UPDATE scheduled_jobs SET next_run_at = %(at)s WHERE job_type = %(name)s",
            at=at,
            name=name,
        )

    async def tick(self, at: datetime | None = None) -> Ticked:
        return await tick(self.database, self.registry, at=at)

    async def sql(self, statement: str, **values: object) -> int:
        """A statement in the scope of the project; the rows it touched."""
        async with self.database.transaction(self.project) as conn:
            return await execute(conn, statement, **values)

    async def pause(self, name: str, *, by: str = "ann@studio.example") -> None:
        async with self.database.transaction(self.project) as conn:
            await service.pause(conn, self.registry, self.project, name, by=by)

    async def resume(self, name: str) -> None:
        async with self.database.transaction(self.project) as conn:
            await service.resume(conn, self.registry, self.project, name)

    async def pause_all(self) -> list[str]:
        async with self.database.transaction(self.project) as conn:
            return await service.pause_all(conn, self.registry, self.project, by="ann")

    async def resume_all(self) -> list[str]:
        async with self.database.transaction(self.project) as conn:
            return await service.resume_all(conn, self.registry, self.project)

    async def change(self, name: str, wanted: service.Change) -> Schedule:
        async with self.database.transaction(self.project) as conn:
            await service.change(conn, self.registry, self.project, name, wanted)
        return await self.schedule(name)

    async def start(
        self, name: str, *, by: Trigger = "manual", payload: Mapping[str, object] | None = None
    ) -> Claim:
        """A run that was asked for and goes on."""
        asked = await self.trigger(name, by=by, payload=payload)
        return await self.claim(asked)

    async def claim(self, run: Run) -> Claim:
        """A run that waits goes on now, whoever else waits."""
        job_type = self.registry[run.job_type]
        first = "UPDATE worker_runs SET turn_at = '-infinity' WHERE id = %(id)s"
        assert await self.sql(first, id=run.id) == 1
        async with self.database.engine() as conn:
            claims = await queries.claim(
                conn, uuid4(), job_type.queue, [job_type.name], limit=1, at=None
            )
        assert [claim.id for claim in claims] == [run.id]
        return claims[0]

    async def end(
        self, claims: Claim | Sequence[Claim], status: Status = "ok", message: str = "It broke."
    ) -> None:
        """These runs end, all in one commit."""
        failure = Failure.of("bug", message) if status in {"failed", "dead"} else None
        many = [claims] if isinstance(claims, Claim) else list(claims)
        endings = [Ending(claim=one, status=status, failure=failure) for one in many]
        recorder = Recorder(self.database, self.registry, the_database)
        recording = asyncio.create_task(recorder.run())
        await asyncio.gather(*(recorder.record(one) for one in endings))
        recording.cancel()

    async def did(
        self,
        name: str,
        status: Status = "ok",
        *,
        payload: Mapping[str, object] | None = None,
        message: str = "It broke.",
    ) -> UUID:
        """A whole run that ended like this."""
        claim = await self.start(name, payload=payload)
        await self.end(claim, status, message)
        return claim.id


class Tower(Desk):
    """A worker at work on one project."""

    async def settle(self, *, within: float = 30) -> list[Run]:
        """Wait until nothing is queued or running; the runs, oldest first."""
        async with asyncio.timeout(within):
            while any(run.status not in FINAL for run in await self.runs()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return await self.runs()

    async def ended(self, run: Run, *, within: float = 30) -> Run:
        """Wait for the end of one run."""
        async with asyncio.timeout(within):
            while (now := await self.run(run.id)).status not in FINAL:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return now


@job("sound")
async def sound(_: JobRun) -> Result:
    """A job that does nothing wrong."""
    return Result()


DeskOf = Callable[..., Desk]
WorkOn = Callable[..., AbstractAsyncContextManager[Tower]]


@pytest.fixture
def desk_of(database: Database, project: UUID) -> DeskOf:
    def make(*jobs: JobType, lightrag_only: bool = False) -> Desk:
        return Desk(database, Registry(jobs, lightrag_only=lightrag_only), project)

    return make


@pytest.fixture
def work_on(database: Database, project: UUID) -> WorkOn:
    @asynccontextmanager
    async def start(*jobs: JobType, lightrag_only: bool = False) -> AsyncIterator[Tower]:
        registry = Registry(jobs, lightrag_only=lightrag_only)
        worker = Worker(database, registry, Resources({}))
        task = asyncio.create_task(worker.run())
        await asyncio.wait_for(worker.ready.wait(), 10)
        try:
            yield Tower(database, registry, project)
        finally:
            await worker.stop(timedelta(seconds=2))
            await asyncio.wait_for(task, 10)

    return start


def good(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture(scope="module")
async def house(server: str, template: str) -> AsyncIterator[House]:
    with fresh_database(server, template) as dsn:
        async with opened_house(dsn) as opened:
            await opened.add("root@studio.example", "owner")
            yield opened


@pytest.fixture
async def desk(house: House) -> Desk:
    """A project of this test alone."""
    parts = house.parts
    project = await new_project(parts.database, f"P{uuid4().hex}")
    return Desk(parts.database, parts.resources.get(Registry), project)


@pytest.fixture
async def owner(house: House, desk: Desk) -> httpx.AsyncClient:
    return await house.browser("root@studio.example", desk.project)


@pytest.fixture
async def viewer(house: House, desk: Desk) -> httpx.AsyncClient:
    return await member(house, desk, "viewer")


@pytest.fixture
async def operator(house: House, desk: Desk) -> httpx.AsyncClient:
    return await member(house, desk, "operator")


async def member(house: House, desk: Desk, role: str) -> httpx.AsyncClient:
    email = f"{role}-{uuid4().hex}@studio.example"
    await house.add(email, projects={desk.project: role})  # type: ignore[dict-item]
    return await house.browser(email, desk.project)
