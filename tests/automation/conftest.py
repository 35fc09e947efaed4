"""A worker around job types that a test makes up."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from mayak.automation import queries
from mayak.automation.model import FINAL, JobType, Registry, Run
from mayak.automation.service import Worker, trigger
from mayak.kit.resources import Resources
from mayak.platform.db import Database


class Tower:
    """A worker at work on one project, and what can be asked of it."""

    def __init__(self, database: Database, registry: Registry, project: UUID) -> None:
        self.database = database
        self.registry = registry
        self.project = project

    async def trigger(self, name: str) -> Run:
        async with self.database.transaction(self.project) as conn:
            return await trigger(conn, self.registry, self.project, name)

    async def runs(self) -> list[Run]:
        """Every run of the project, oldest first."""
        async with self.database.transaction(self.project) as conn:
            found = await queries.page(conn, limit=1000)
        return found[::-1]

    async def settle(self, *, within: float = 30) -> list[Run]:
        """Wait until nothing is queued or running; the runs, oldest first."""
        async with asyncio.timeout(within):
            while any(run.status not in FINAL for run in await self.runs()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return await self.runs()


WorkOn = Callable[..., AbstractAsyncContextManager[Tower]]


@pytest.fixture
def work_on(database: Database, project: UUID) -> WorkOn:
    @asynccontextmanager
    async def start(*jobs: JobType) -> AsyncIterator[Tower]:
        registry = Registry(jobs)
        worker = Worker(database, registry, Resources({}))
        task = asyncio.create_task(worker.run())
        await asyncio.wait_for(worker.ready.wait(), 10)
        try:
            yield Tower(database, registry, project)
        finally:
            await worker.stop(timedelta(seconds=2))
            await task

    return start
