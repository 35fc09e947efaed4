"""The result transaction: how a run ended, what its schedule learns, and what comes after it.

Runs that end at about the same time are recorded together, by one statement for all of them, so
that short runs do not cost a transaction each.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import psycopg
import structlog

from mayak.automation import queries
from mayak.automation.model import Failure, Reason, Registry
from mayak.automation.queries import Claim, Edge, Ending
from mayak.kit.tasks import ended
from mayak.platform.db import Conn, Database

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime | None]
"""The present for slots and waits. None means the database's own time, which all workers share;
a simulation gives its own."""
MOST = 200
"""Endings of one commit."""
PAUSE = 0.5
"""Seconds between two tries while the database is away."""
FEW = 3
"""Connections that what waits for locks may take at once, so that the rest goes on."""
UNSTORABLE = (psycopg.DataError, TypeError, ValueError, OverflowError, RecursionError)
"""What says that a result is to blame, and not the database."""

Item = tuple[Ending, Callable[[], None]]


def edges_of(registry: Registry) -> str:
    """The cascade, as the result transaction reads it."""
    return queries.as_json(
        [
            Edge(above=above, below=below.name, queue=below.queue, lane=below.lane)
            for above in registry
            for below in registry.downstream(above)
            if not registry.rests(below.name)
        ]
    )


class Recorder:
    """Records endings until its task is cancelled; owns those that are not recorded yet."""

    def __init__(self, database: Database, registry: Registry, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._edges = edges_of(registry)
        self._waiting: list[Item] = []
        self._alone: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(FEW)
        self._work = asyncio.Event()

    def add(self, ending: Ending, done: Callable[[], None]) -> None:
        """Record it; `done` is called when it is committed, or turned out to be somebody else's."""
        self._waiting.append((ending, done))
        self._work.set()

    async def record(self, ending: Ending) -> None:
        """The same, for somebody who waits."""
        settled = asyncio.Event()
        self.add(ending, settled.set)
        await settled.wait()

    async def conclude(self, conn: Conn, ending: Ending) -> bool:
        """Record it inside somebody's transaction. False when the run is no longer ours."""
        told = await queries.record(conn, [ending], self._edges, at=self._clock())
        return told.ended == 1

    async def run(self) -> None:
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                while self._waiting:
                    batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                    await self._settle(batch)
        finally:
            # Sooner than the worker cancels this very wait again, which would leave them behind.
            await ended(self._alone, again_after=0.2)

    async def _settle(self, batch: list[Item]) -> None:
        """Commit, however long the database is away. What cannot be stored fails its own run; what
        somebody else holds a lock on waits by itself, so that the others do not wait with it.
        """
        while True:
            try:
                await self._commit([ending for ending, _ in batch])
            except psycopg.errors.LockNotAvailable:
                await self._apart(batch)
                return
            except UNSTORABLE as error:
                if len(batch) > 1:
                    for one in batch:
                        await self._settle([one])
                    return
                [(ending, done)] = batch
                batch = [(_unstorable(ending, error), done)]
                await asyncio.sleep(PAUSE if ending.failure else 0)
            except Exception as error:  # noqa: BLE001  # edge: whatever ails the database, it may pass
                log.warning("runs wait to be recorded", runs=len(batch), error=str(error).strip())
                await asyncio.sleep(PAUSE)
            else:
                for _, done in batch:
                    done()
                return

    async def _commit(self, endings: list[Ending]) -> None:
        async with self._database.engine() as conn:
            told = await queries.record(conn, endings, self._edges, at=self._clock())
        for job_type in told.suspended:
            log.error("a job failed too often in a row and is suspended", job=job_type)

    async def _apart(self, batch: list[Item]) -> None:
        """Halve what waits for a lock until it is found; that one is tried again by itself."""
        if len(batch) > 1:
            middle = len(batch) // 2
            await self._settle(batch[:middle])
            await self._settle(batch[middle:])
            return
        task = asyncio.create_task(self._again_alone(batch))
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)

    async def _again_alone(self, batch: list[Item]) -> None:
        await asyncio.sleep(PAUSE)
        async with self._few:
            await self._settle(batch)

    async def retry(self, claim: Claim, failure: Failure, wait: timedelta, *, free: bool) -> None:
        """Start again after `wait`. When a newer run waits, that one does, in this one's place."""

        async def write(conn: Conn) -> Ending | None:
            at = self._clock()
            if await queries.again(conn, claim, failure, wait, free=free, at=at):
                return None
            state = await queries.state_of(conn, claim)
            if state is None:
                return None
            if state.cancel_requested:
                return Ending(claim=claim, status="cancelled", reason="cancelled", failure=failure)
            heir = await queries.pass_on(conn, claim, failure, wait, free=free, at=at)
            if heir is None and not state.rests:
                raise psycopg.errors.LockNotAvailable("its heir went away; look again")
            # Without an heir its job rests: what it wanted to do waits as a dead letter.
            return Ending(claim=claim, status="failed", failure=failure, passed_on=heir is not None)

        await self._leave(claim, write)

    async def hand_back(
        self, claim: Claim, *, delay: timedelta | None = None, counts: bool = False
    ) -> None:
        """Put a run that was interrupted back in line; `counts` leaves the start counted."""

        async def write(conn: Conn) -> Ending | None:
            at = self._clock()
            if await queries.hand_back(conn, claim, delay=delay, counts=counts, at=at):
                return None
            state = await queries.state_of(conn, claim)
            if state is None:
                return None
            reason: Reason = "cancelled" if state.cancel_requested else "taken_over"
            return Ending(claim=claim, status="cancelled", reason=reason)

        await self._leave(claim, write)

    async def _leave(self, claim: Claim, write: Callable[[Conn], Awaitable[Ending | None]]) -> None:
        while True:
            try:
                async with self._few, self._database.engine() as conn, conn.transaction():
                    ending = await write(conn)
                    await queries.wake(conn, "")
            except psycopg.errors.UniqueViolation:
                continue  # another one came to wait in this very moment
            except UNSTORABLE as error:
                ending = _unstorable(Ending(claim=claim, status="failed"), error)
            except Exception as error:  # noqa: BLE001  # edge: whatever ails the database, it may pass
                log.warning("a run waits to be put back", error=str(error).strip())
                await asyncio.sleep(PAUSE)
                continue
            if ending is not None:
                await self.record(ending)
            return


def _unstorable(ending: Ending, error: Exception) -> Ending:
    log.error("the result of a run cannot be stored", run=str(ending.claim.id), error=str(error))
    message = f"Its result cannot be stored: {type(error).__name__}"
    return Ending(claim=ending.claim, status="failed", failure=Failure.of("bug", message))
