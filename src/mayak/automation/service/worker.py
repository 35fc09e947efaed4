"""A worker: ticks, takes runs off the line, says that it lives, and takes over from the dead."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import psycopg
import structlog

from mayak.automation import queries
from mayak.automation.model import QUEUES, Failure, Queue, Registry
from mayak.automation.queries import Ending, Stray
from mayak.automation.service import schedules
from mayak.automation.service.execution import (
    GRACE,
    Execution,
    House,
    good_ending,
    settle,
    words_of,
)
from mayak.automation.service.recording import Clock, Recorder
from mayak.automation.service.ticking import tick
from mayak.errors import AppError
from mayak.kit.resources import Resources
from mayak.kit.tasks import ended
from mayak.platform.bell import Bell
from mayak.platform.db import Database

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
"""Silence after which a worker counts as dead and its runs are given to others."""
SLOTS: Mapping[Queue, int] = {"io": 16, "cpu": 2, "derive": 4}
"""How many runs of each queue one worker does at once."""
LOOK = 1.0
"""Seconds after which the line is looked at although no bell rang: retries come due silently."""
TICK = 1.0
GATHER = 0.002
"""Seconds that a busy queue waits for more slots to become free, to claim for all at once."""
BATCH = 200
"""The most runs that one claim takes, and never more than half of the slots: while some are claimed
and some recorded, others run."""
MOST_STARTS = 5
"""A run whose worker died this often is not started again: it is probably what kills them."""
STRAYS = 200
SCHEDULES_EVERY = 60.0
PAUSE = 0.5
LEAST = 1.0
"""Seconds that a stop has at least to record what it interrupted."""


class Worker:
    """Executes runs of the registry's types until it is told to stop."""

    def __init__(  # each part of a worker, most of them with a default
        self,
        database: Database,
        registry: Registry,
        resources: Resources,
        *,
        only: Collection[str] | None = None,
        slots: Mapping[Queue, int] = SLOTS,
        lease: timedelta = LEASE,
        clock: Clock = lambda: None,
        tick_every: float = TICK,
    ) -> None:
        """`only` restricts the worker to these job types; then it does not tick either.

        `lease` is the silence after which its work is given to another.
        """
        self._database = database
        self._registry = registry
        self._types = [name for name in registry if only is None or name in only]
        self._serves_all = only is None
        self._slots: dict[Queue, int] = {
            queue: slots[queue] for queue in QUEUES if slots.get(queue)
        }
        self._lease = lease
        self._clock = clock
        self._tick_every = tick_every
        self._id = uuid4()
        self._stopping = asyncio.Event()
        self._too_late = asyncio.Event()
        self._hurry = False
        self._line: list[asyncio.Task[None]] = []
        self._looks = {queue: asyncio.Event() for queue in self._slots}
        self._busy = dict.fromkeys(self._slots, 0)
        self._going: dict[UUID, Execution] = {}
        """By lease token: a run may come again before its last attempt is put away."""
        self._settling: set[asyncio.Task[None]] = set()
        self._unknown: set[UUID] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._recorder = Recorder(database, registry, clock)
        self._house = House(database=database, resources=resources, recorder=self._recorder)
        self._bell = Bell(
            database.dsn,
            {"mayak_runs": self._look, "mayak_cancel": self._cancel},
            connected=self._look,
        )

    @property
    def ready(self) -> asyncio.Event:
        """Set while the worker listens."""
        return self._bell.ready

    async def run(self) -> None:
        """Work until `stop`."""
        if not await self._until_it_works(self._say_alive):
            return
        parts = [
            self._bell.run(),
            self._recorder.run(),
            self._often(self._say_alive, self._beat_every),
            self._often(self._care, self._beat_every),
        ]
        if self._serves_all:
            await self._until_it_works(self._obey_flag)
            parts.append(self._often(self._tick, self._tick_every))
            parts.append(self._often(self._keep_schedules, SCHEDULES_EVERY))
        machinery = [asyncio.create_task(part) for part in parts]
        self._line = line = [asyncio.create_task(self._serve(queue)) for queue in self._slots]
        try:
            await self._until_all_ended(machinery, line)
        finally:
            await ended((*line, *machinery, *self._settling))
            with suppress(psycopg.Error, AppError, TimeoutError, OSError):
                async with asyncio.timeout(3), self._database.engine() as conn:
                    await queries.forget(conn, self._id)

    async def _until_all_ended(
        self, machinery: list[asyncio.Task[None]], line: list[asyncio.Task[None]]
    ) -> None:
        """Until all that was taken has ended after `stop`, its time is over, or a part broke."""
        work = asyncio.create_task(self._all_ended(line))
        late = asyncio.create_task(self._too_late.wait())
        await asyncio.wait({work, late, *machinery}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, late):
            task.cancel()
        for task in machinery:
            if task.done():
                task.result()
        if work.done() and not work.cancelled():
            work.result()

    async def _all_ended(self, line: list[asyncio.Task[None]]) -> None:
        await asyncio.gather(*line)
        await self._idle.wait()

    async def stop(self, patience: timedelta) -> None:
        """Take nothing new, let what goes on end, and hand back the rest, all within `patience`.

        What cannot be handed back in time, because the database is away or a handler does not
        stop, is taken up by others when the lease is over.
        """
        seconds = patience.total_seconds()
        grace = min(GRACE, seconds / 4)
        self._stopping.set()
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds - grace):
                if self._line:  # a claim may be on its way
                    await asyncio.wait(self._line)
                await self._idle.wait()
        self._hurry = True
        for execution in list(self._going.values()):
            execution.stop("stopping", grace / 2)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), grace + LEAST)
        self._too_late.set()

    def _look(self, queue: str = "") -> None:
        """Somebody may wait in this queue; in any, without a name."""
        for name, event in self._looks.items():
            if not queue or name == queue:
                event.set()

    def _cancel(self, run_id: str) -> None:
        for execution in list(self._going.values()):
            if str(execution.claim.id) == run_id:
                execution.stop("cancelled")

    async def _serve(self, queue: Queue) -> None:
        """Take runs of one queue as long as there are slots for them."""
        look = self._looks[queue]
        while not self._stopping.is_set():
            if self._slots[queue] - self._busy[queue] < self._slots[queue] // 4:
                await asyncio.sleep(GATHER)
            look.clear()
            free = self._slots[queue] - self._busy[queue]
            taken = 0
            if free:
                try:
                    taken = await self._claim(queue, min(free, BATCH, -(-self._slots[queue] // 2)))
                except psycopg.errors.UniqueViolation:
                    continue
                except (psycopg.Error, AppError, OSError, TimeoutError) as error:
                    log.warning("cannot look for work", error=str(error).strip())
                    await asyncio.sleep(PAUSE)
            if not taken:
                with suppress(TimeoutError):
                    await asyncio.wait_for(look.wait(), LOOK)

    async def _claim(self, queue: Queue, limit: int) -> int:
        async with self._database.engine() as conn:
            claims = await queries.claim(
                conn, self._id, queue, self._types, limit=limit, at=self._clock()
            )
        for claim in claims:
            self._idle.clear()
            self._busy[queue] += 1
            execution = Execution(
                self._house, self._registry[claim.job_type], claim, partial(self._ended, queue)
            )
            self._going[claim.lease_token] = execution
            if self._hurry:  # it was on its way when the time to stop was over
                execution.stop("stopping")
        return len(claims)

    def _ended(self, queue: Queue, execution: Execution) -> None:
        over = partial(self._over, queue, execution)
        if execution.concluded:
            if isinstance(after := execution.outcome(), BaseException):
                log.warning("a handler failed after its run had ended", error=words_of(after))
            over()
        elif ending := good_ending(execution):
            self._recorder.add(ending, over)
        else:
            task = asyncio.create_task(self._settle(execution, over))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _settle(self, execution: Execution, over: Callable[[], None]) -> None:
        try:
            await settle(execution, self._recorder)
        except Exception:  # edge: a bug of the engine must not stop the worker; the lease ends it
            log.exception("a run could not be settled", run=str(execution.claim.id))
        finally:
            over()

    def _over(self, queue: Queue, execution: Execution) -> None:
        """A run is recorded, or not ours any more: its slot is free."""
        del self._going[execution.claim.lease_token]
        self._busy[queue] -= 1
        self._looks[queue].set()
        if not self._going:
            self._idle.set()

    @property
    def _beat_every(self) -> float:
        return self._lease.total_seconds() / 5

    async def _often(self, act: Callable[[], Awaitable[None]], every: float) -> None:
        """Act every so many seconds; a failure is told, and the next turn tries again."""
        while True:
            try:
                await act()
            except (psycopg.Error, AppError, OSError, TimeoutError) as error:
                log.warning("the worker cannot reach the database", error=str(error).strip())
            except Exception:  # edge: a bug here must not make a working worker look dead
                log.exception("a part of the worker failed and goes on", part=act.__name__)
            await asyncio.sleep(every)

    async def _until_it_works(self, act: Callable[[], Awaitable[None]]) -> bool:
        """False when the worker was stopped before."""
        while not self._stopping.is_set():
            try:
                await act()
            except (psycopg.Error, AppError, OSError, TimeoutError) as error:
                log.warning("the worker waits for the database", error=str(error).strip())
                await asyncio.sleep(PAUSE)
            else:
                return True
        return False

    async def _say_alive(self) -> None:
        async with self._database.engine() as conn:
            await queries.seen(
                conn,
                self._id,
                socket.gethostname(),
                os.getpid(),
                lease=self._lease,
                serves_all=self._serves_all,
                slots=self._slots,
            )

    async def _care(self) -> None:
        """Let go of what is not ours any more, take over from the dead."""
        before = dict(self._going)
        async with self._database.engine() as conn:
            held = {one.lease_token: one for one in await queries.held_by(conn, self._id)}
        for token, execution in before.items():
            if token not in held:
                execution.stop("lost")
            elif held[token].cancel_requested:
                execution.stop("cancelled")
        await self._disown(set(held) - set(before))
        if await take_over(self._database, self._recorder):
            self._look()

    async def _disown(self, unknown: set[UUID]) -> None:
        """Give up runs that stand under our name although we know nothing of them: the connection
        broke between a claim and its answer. One look is no proof, a claim may be on its way.
        """
        lost, self._unknown = unknown & self._unknown, unknown
        if lost:
            async with self._database.engine() as conn:
                await queries.disown(conn, self._id, sorted(lost))
            self._unknown -= lost

    async def _obey_flag(self) -> None:
        await schedules.obey_flag(self._database, self._registry)

    async def _tick(self) -> None:
        done = await tick(self._database, self._registry, at=self._clock())
        for queue in done.queues:
            self._look(queue)

    async def _keep_schedules(self) -> None:
        await schedules.keep(self._database, self._registry, at=self._clock())


async def take_over(database: Database, recorder: Recorder) -> int:
    """Let runs whose worker went silent wait again. Returns how many were found.

    One that was to be cancelled is; one whose workers died again and again is dead; one whose
    place is taken by a newer run that waits leaves it to that.
    """
    async with database.engine() as conn, conn.transaction():
        strays = await queries.strays(conn, limit=STRAYS)
        left: list[Ending] = []
        for stray in strays:
            ending = _ending_of(stray)
            if ending is None and await queries.revive(conn, stray.claim) is None:
                failure = Failure.of(
                    "crashed", "Its worker died; a newer run was waiting and took its place."
                )
                ending = Ending(claim=stray.claim, status="failed", failure=failure, passed_on=True)
            if ending is not None:
                left.append(ending)
        if strays:
            await queries.wake(conn, "")
    for stray in strays:
        log.warning(
            "took a run over from a silent worker",
            run=str(stray.claim.id),
            job=stray.claim.job_type,
        )
    for ending in left:
        recorder.add(ending, lambda: None)
    return len(strays)


def _ending_of(stray: Stray) -> Ending | None:
    """How it ends; None when it shall start again."""
    claim = stray.claim
    if stray.cancel_requested:
        return Ending(claim=claim, status="cancelled", reason="cancelled")
    if claim.starts >= MOST_STARTS:
        message = f"Its worker died {claim.starts} times while running it."
        return Ending(claim=claim, status="dead", failure=Failure.of("crashed", message))
    return None
