"""A worker: takes runs off the queue, says that it lives, and picks up what went astray."""

import asyncio
import os
import socket
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import structlog

from mayak.automation import queries
from mayak.automation.model import Registry
from mayak.automation.service.execution import Engine
from mayak.automation.service.triggers import wake_payload
from mayak.errors import AppError
from mayak.kit.resources import Resources
from mayak.platform import queue
from mayak.platform.db import Database, OperationalError

log = structlog.get_logger(__name__)

CARE_EVERY = timedelta(seconds=5)


class Worker:
    """Executes runs of the registry's types until it is told to stop."""

    def __init__(
        self,
        database: Database,
        registry: Registry,
        resources: Resources,
        *,
        only: Collection[str] | None = None,
        concurrency: int = 20,
        lease: timedelta = queue.LEASE,
    ) -> None:
        """`only` restricts the worker to these job types; None takes all.

        `lease` is the silence after which its work is given to another.
        """
        engine = Engine(database=database, registry=registry, resources=resources)
        names = [name for name in registry if only is None or name in only]
        self._database = database
        self._queue = queue.QueueWorker(
            database.dsn,
            dict.fromkeys(names, engine.execute),
            concurrency=concurrency,
            lease=lease,
        )
        self._id = uuid4()
        self._serves_all = only is None

    @property
    def ready(self) -> asyncio.Event:
        """Set while the worker listens."""
        return self._queue.ready

    async def run(self) -> None:
        """Work until `stop`."""
        care = asyncio.create_task(self._care())
        try:
            await self._queue.run()
        finally:
            care.cancel()
            with suppress(OperationalError, AppError, TimeoutError):
                async with asyncio.timeout(3), self._database.system_transaction() as conn:
                    await queries.forget(conn, self._id)

    async def stop(self, patience: timedelta) -> None:
        """Finish what runs, or hand it back after `patience`."""
        await self._queue.stop(patience)

    async def _care(self) -> None:
        """Say that we live, and wake what lost its wake-up. Only a worker of all types counts."""
        while self._serves_all:
            try:
                async with self._database.system_transaction() as conn:
                    await queries.seen(conn, self._id, socket.gethostname(), os.getpid())
                await pick_up_strays(self._database)
            except (OperationalError, AppError) as error:
                log.warning("the worker cannot reach the database", error=str(error).strip())
            except Exception:  # edge: a bug here must not make a working worker look dead
                log.exception("the worker could not look after its runs")
            await asyncio.sleep(CARE_EVERY.total_seconds())


async def pick_up_strays(database: Database) -> int:
    """Wake runs whose delivery is gone from the queue. Returns how many.

    It should find none. It is here because a run that waits for ever looks like a green light.
    """
    async with database.system_transaction() as conn:
        strays = await queries.strays(conn)
        if not strays:
            return 0
        known = await queue.deliveries(conn)
    found = 0
    for stray in strays:
        if stray.status == "running" and stray.queue_job_id in known.job_ids:
            continue
        if stray.status == "queued" and wake_payload(stray.project_id, stray.id) in known.payloads:
            continue
        async with database.transaction(stray.project_id) as conn:
            await queries.take_turn(conn, stray.project_id, stray.job_type)
            if stray.status == "running" and not await queries.revive(conn, stray):
                continue
            payload = wake_payload(stray.project_id, stray.id)
            await queue.wake(conn, stray.job_type, payload)
        log.warning("woke a run that had lost its wake-up", run=str(stray.id), job=stray.job_type)
        found += 1
    return found
