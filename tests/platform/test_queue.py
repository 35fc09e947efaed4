"""Waking workers: with the transaction that says so, and through lost connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from mayak.platform import queue
from mayak.platform.db import Database, fetch_value
from mayak.platform.queue import QueueWorker, Wake

pytestmark = pytest.mark.anyio

WORKERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
WORKERS += "application_name = 'mayak worker' AND datname = current_database()"


class Heard:
    """What a worker was woken with."""

    def __init__(self) -> None:
        self.payloads: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(self, wake: Wake) -> None:
        self.payloads.put_nowait(wake.payload)

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.payloads.get(), 30)


@asynccontextmanager
async def listening(database: Database, heard: Heard) -> AsyncIterator[QueueWorker]:
    worker = QueueWorker(database.dsn, {"bell": heard.take})
    task = asyncio.create_task(worker.run())
    await asyncio.wait_for(worker.ready.wait(), 30)
    try:
        yield worker
    finally:
        await worker.stop(timedelta(seconds=5))
        await task


async def ring(database: Database, project: UUID, payload: bytes) -> None:
    async with database.transaction(project) as conn:
        await queue.wake(conn, "bell", payload)


async def test_nobody_is_woken_by_a_transaction_that_was_rolled_back(
    database: Database, project: UUID
) -> None:
    heard = Heard()
    async with listening(database, heard):
        with pytest.raises(ZeroDivisionError):
            async with database.transaction(project) as conn:
                await queue.wake(conn, "bell", b"never said")
                raise ZeroDivisionError
        await ring(database, project, b"said")

        assert await heard.next() == b"said"
    assert heard.payloads.empty()
    async with database.connection() as conn:
        assert await fetch_value(conn, "SELECT count(*) FROM pgqueuer") == 0


async def test_a_message_that_was_left_while_no_worker_lived_is_taken_by_the_next(
    database: Database, project: UUID
) -> None:
    heard = Heard()
    await ring(database, project, b"waiting")

    async with listening(database, heard):
        assert await heard.next() == b"waiting"


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(" AND query LIKE 'LISTEN%'", id="the listening one"),
        pytest.param(" AND query NOT LIKE 'LISTEN%'", id="the asking one"),
        pytest.param("", id="both"),
    ],
)
async def test_a_worker_whose_connection_was_cut_comes_back(
    database: Database, project: UUID, which: str
) -> None:
    heard = Heard()
    async with listening(database, heard) as worker:
        async with database.connection() as conn:
            while not (await conn.execute((WORKERS + which).encode())).rowcount:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        while worker.ready.is_set():  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.05)
        await asyncio.wait_for(worker.ready.wait(), 30)
        await ring(database, project, b"after the cut")

        assert await heard.next() == b"after the cut"


async def test_a_handler_that_breaks_is_given_its_message_again(
    database: Database, project: UUID
) -> None:
    heard = Heard()
    refusals = iter([True, False])

    async def take(wake: Wake) -> None:
        await heard.take(wake)
        if next(refusals):
            raise psycopg.OperationalError("the connection is gone")

    worker = QueueWorker(database.dsn, {"bell": take})
    task = asyncio.create_task(worker.run())
    await ring(database, project, b"twice")

    assert [await heard.next(), await heard.next()] == [b"twice", b"twice"]
    await worker.stop(timedelta(seconds=5))
    await task


async def test_a_worker_that_finds_no_database_waits_and_can_be_stopped() -> None:
    worker = QueueWorker("postgresql://127.0.0.1:1/nowhere", {"bell": Heard().take})
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(0.2)
    assert not task.done()

    await worker.stop(timedelta(seconds=1))
    await task
    assert not worker.ready.is_set()
