"""The queue: wakes workers up. What is true about a run stands in `worker_runs`, not here.

pgqueuer on our own database. Around it stand the things it leaves to its user: a LISTEN
connection that is made again after PostgreSQL restarts (without that the worker would poll
for ever, silently), bounded concurrency, retention of its log, and a way to stop that
either waits for running work or takes it back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import structlog
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.tm import cancel_and_wait
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Job
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.queries import Queries
from psycopg import AsyncConnection, sql

from mayak.platform.db import Conn

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
"""Silence after which a worker counts as dead and its work is given to another."""
POLL = timedelta(seconds=2)
"""How often the queue is looked at when no notification came."""
RECONNECT = timedelta(seconds=0.5)
LOG_KEPT = timedelta(days=7)

GRANTS: LiteralString = """
GRANT SELECT, INSERT ON pgqueuer, pgqueuer_log TO mayak_app, mayak_system;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO mayak_app, mayak_system
"""
TAKE_BACK: LiteralString = """
UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, execute_after = now()
 WHERE queue_manager_id = ANY(%(managers)s) AND status = 'picked'
"""
"""What our own earlier listening had picked when its connection was lost. It has ended by now,
so nobody needs to wait until its lease is over."""
KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Seconds, and milliseconds: a link that died without a word is noticed within half a minute."""
DROP_OLD_LOG: LiteralString = "DELETE FROM pgqueuer_log WHERE created < now() - %(kept)s"


@dataclass(frozen=True, slots=True)
class Wake:
    """A message from the queue: `job_id` names this delivery, also when it is delivered again."""

    job_id: int
    payload: bytes


WakeHandler = Callable[[Wake], Awaitable[None]]


async def install(conn: Conn) -> None:
    """Make or upgrade the engine's tables. `conn` is in autocommit, and the only one doing so."""
    queries = Queries(PsycopgDriver(conn))
    if await queries.schema_is_installed():
        await queries.apply_upgrade()
    else:
        await queries.install()
    await conn.execute(GRANTS)


async def wake(
    conn: Conn, entrypoint: str, payload: bytes, *, after: timedelta | None = None
) -> None:
    """Wake a worker when the transaction of `conn` commits, or `after` that long."""
    await Queries(PsycopgDriver(conn)).enqueue(entrypoint, payload, execute_after=after)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What is on the queue now, waiting or being worked on."""

    job_ids: frozenset[int]
    payloads: frozenset[bytes]


DELIVERIES: LiteralString = "SELECT id, payload FROM pgqueuer"


async def deliveries(conn: Conn) -> Deliveries:
    """Every message on the queue; the queue is short, runs are its only content."""
    cursor = await conn.execute(DELIVERIES)
    rows = await cursor.fetchall()
    return Deliveries(
        frozenset(row[0] for row in rows), frozenset(bytes(row[1] or b"") for row in rows)
    )


class ListeningDriver(PsycopgDriver):
    """The engine's driver with an ear of its own.

    The engine listens and asks on one connection, and psycopg lets nobody ask while it listens:
    every question would wait for the end of a listening turn (up to a second, measured). Here
    a second connection does nothing but listen.
    """

    def __init__(self, connection: AsyncConnection, bell: AsyncConnection) -> None:
        super().__init__(connection)
        self._bell = bell
        self._hearers: dict[str, list[NotifyCallback]] = {}
        self._ear: asyncio.Task[None] | None = None

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        if channel not in self._hearers:
            if self._ear is not None:
                await cancel_and_wait(self._ear)
            await self._bell.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self._ear = asyncio.create_task(self._listen())
        self._hearers.setdefault(channel, []).append(callback)

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        hearers = self._hearers.get(channel, [])
        if callback in hearers:
            hearers.remove(callback)

    async def _listen(self) -> None:
        async for note in self._bell.notifies():
            for callback in list(self._hearers.get(note.channel, ())):
                callback(note.payload)

    async def __aexit__(self, *_: object) -> None:
        await super().__aexit__(*_)
        if self._entered == 0 and self._ear is not None:
            await cancel_and_wait(self._ear)
            self._ear = None


class QueueWorker:
    """Takes messages of the given entrypoints off the queue until it is told to stop."""

    def __init__(
        self,
        dsn: str,
        handlers: Mapping[str, WakeHandler],
        *,
        concurrency: int = 20,
        lease: timedelta = LEASE,
    ) -> None:
        self._dsn = dsn
        self._handlers = handlers
        self._concurrency = max(concurrency, 2)
        self._lease = lease
        self._stopping = asyncio.Event()
        self._manager: QueueManager | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._earlier: list[UUID] = []
        self.ready = asyncio.Event()
        """Set while the worker listens."""

    async def run(self) -> None:
        """Work until `stop`. A lost database is waited for, as long as it takes."""
        while not self._stopping.is_set():
            try:
                async with await self._connect() as conn, await self._connect() as bell:
                    await self._listen(conn, bell)
            except (psycopg.Error, OSError) as error:
                log.warning("the worker lost the database and tries again", error=str(error))
            finally:
                self.ready.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RECONNECT.total_seconds())

    async def stop(self, patience: timedelta) -> None:
        """Take nothing new; after `patience` cancel what still runs (its handler hands it back)."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()
        if self._running:
            await asyncio.wait(self._running, timeout=patience.total_seconds())
        self._cancel_running()

    async def _connect(self) -> AsyncConnection:
        return await AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=10,
            application_name="mayak worker",
            **KEEPALIVE,
        )

    async def _listen(self, conn: AsyncConnection, bell: AsyncConnection) -> None:
        manager = QueueManager(Queries(ListeningDriver(conn, bell)))
        for entrypoint, handler in self._handlers.items():
            manager.entrypoint(entrypoint)(self._tracked(handler))
        self._manager = manager
        if self._stopping.is_set():
            return
        await conn.execute(DROP_OLD_LOG, {"kept": LOG_KEPT})
        await conn.execute(TAKE_BACK, {"managers": self._earlier})
        self._earlier.append(manager.queue_manager_id)
        watch = asyncio.create_task(self._end_when_lost((conn, bell), manager))
        self.ready.set()
        try:
            await manager.run(
                dequeue_timeout=POLL,
                batch_size=max(1, self._concurrency // 2),
                max_concurrent_tasks=self._concurrency,
                heartbeat_timeout=self._lease,
            )
        finally:
            watch.cancel()

    async def _end_when_lost(
        self, connections: Sequence[AsyncConnection], manager: QueueManager
    ) -> None:
        # Work in flight is cancelled with the connection: its lease can no longer be kept,
        # and the engine would wait for it before it lets go of the dead connection.
        while not any(one.closed or one.broken for one in connections):  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.25)
        manager.shutdown.set()
        self._cancel_running()

    def _cancel_running(self) -> None:
        for task in list(self._running):
            task.cancel()

    def _tracked(self, handler: WakeHandler) -> Callable[[Job], Awaitable[None]]:
        async def take(job: Job) -> None:
            task = asyncio.create_task(_settled(handler, Wake(int(job.id), job.payload or b"")))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            await asyncio.wait({task})
            if task.cancelled() or task.exception() is not None:
                # The same delivery comes again, to us or to another worker.
                raise RetryRequested(timedelta(seconds=0 if self._stopping.is_set() else 2))

        return take


async def _settled(handler: WakeHandler, wake: Wake) -> None:
    """Run a handler to its end. It records its own failures; what escapes is a lost database."""
    try:
        await handler(wake)
    except asyncio.CancelledError:
        log.info("a run was interrupted", queue_job=wake.job_id)
        raise
    except Exception:  # edge: a message must never stop the worker
        log.exception("a run could not be settled; it will be taken up again", job=wake.job_id)
        raise
