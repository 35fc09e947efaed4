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
from mayak.automation.model import Failure, Registry
from mayak.automation.queries import Claim, Edge, Ending
from mayak.errors import AppError
from mayak.platform.db import Conn, Database, OperationalError

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime | None]
"""The present for slots and waits. None means the database's own time, which all workers share;
a simulation gives its own."""
MOST = 200
"""Endings of one commit."""
PAUSE = 0.5
"""Seconds between two tries while the database is away."""


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
        self._waiting: list[tuple[Ending, Callable[[], None]]] = []
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
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._settle([ending for ending, _ in batch])
                for _, done in batch:
                    done()

    async def _settle(self, endings: list[Ending]) -> None:
        """Commit, however long the database is away. What cannot be stored fails its own run."""
        while True:
            try:
                async with self._database.engine() as conn:
                    told = await queries.record(conn, endings, self._edges, at=self._clock())
            except (OperationalError, AppError, OSError) as error:
                log.warning("runs wait to be recorded", runs=len(endings), error=str(error).strip())
                await asyncio.sleep(PAUSE)
            except Exception as error:  # noqa: BLE001  # edge: one odd result must not take others along
                if len(endings) == 1:
                    endings = [_unstorable(endings[0], error)]
                    continue
                for one in endings:
                    await self._settle([one])
                return
            else:
                for job_type in told.suspended:
                    log.error("a job failed too often in a row and is suspended", job=job_type)
                return

    async def retry(self, claim: Claim, failure: Failure, wait: timedelta, *, free: bool) -> None:
        """Start again after `wait`. When a newer run waits, that one does, in this one's place."""

        async def write(conn: Conn) -> Ending | None:
            at = self._clock()
            if await queries.again(conn, claim, failure, wait, free=free, at=at):
                return None
            if not await queries.hold_lease(conn, claim.id, claim.lease_token):
                return None
            heir = await queries.pass_on(conn, claim, failure, wait, free=free, at=at)
            if heir is None:  # nobody waits in its place, so it was to be cancelled
                return Ending(claim=claim, status="cancelled", reason="cancelled", failure=failure)
            return Ending(claim=claim, status="failed", failure=failure, passed_on=True)

        await self._leave(claim, write)

    async def hand_back(
        self, claim: Claim, *, delay: timedelta | None = None, counts: bool = False
    ) -> None:
        """Put a run that was interrupted back in line; `counts` leaves the start counted."""

        async def write(conn: Conn) -> Ending | None:
            at = self._clock()
            if await queries.hand_back(conn, claim, delay=delay, counts=counts, at=at):
                return None
            if not await queries.hold_lease(conn, claim.id, claim.lease_token):
                return None
            return Ending(claim=claim, status="cancelled", reason="taken_over")

        await self._leave(claim, write)

    async def _leave(self, claim: Claim, write: Callable[[Conn], Awaitable[Ending | None]]) -> None:
        while True:
            try:
                async with self._database.engine() as conn, conn.transaction():
                    ending = await write(conn)
                    await queries.wake(conn, "")
            except (OperationalError, AppError, OSError) as error:
                log.warning("a run waits to be put back", error=str(error).strip())
                await asyncio.sleep(PAUSE)
            except psycopg.errors.UniqueViolation:
                continue  # another one came to wait in this very moment
            except Exception as error:  # noqa: BLE001  # edge: it has to end somehow
                await self.record(_unstorable(Ending(claim=claim, status="failed"), error))
                return
            else:
                if ending is not None:
                    await self.record(ending)
                return


def _unstorable(ending: Ending, error: Exception) -> Ending:
    log.error("the result of a run cannot be stored", run=str(ending.claim.id), error=str(error))
    message = f"Its result cannot be stored: {type(error).__name__}"
    return Ending(claim=ending.claim, status="failed", failure=Failure.of("bug", message))
