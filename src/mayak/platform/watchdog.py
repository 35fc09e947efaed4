"""Guards of a process that runs code it did not write: its event loop, and its memory."""

import asyncio
import resource
import signal
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

LIMIT = timedelta(seconds=10)
"""Less than a worker's lease: what blocks it is ended before its runs are given to others."""


class BlockedTheLoop(Exception):
    """Raised inside the code that blocks, wherever it is."""


class Watchdog:
    """A thread that sees the loop stand still, and interrupts what runs on the main thread.

    A signal does it: its handler runs in the blocking code's own frame and raises there, also out
    of `time.sleep`. A call into C that looks at no signals goes on to its end first.
    """

    def __init__(self, limit: timedelta = LIMIT) -> None:
        self._limit = limit.total_seconds()
        self._turn = self._limit / 10
        self._beat = time.monotonic()
        self._over = threading.Event()

    @asynccontextmanager
    async def guarding(self) -> AsyncIterator[None]:
        """Guard this loop, which has to be the main thread's, while the block lasts."""
        before = signal.signal(signal.SIGUSR2, self._interrupt)
        beating = asyncio.create_task(self._keep_beating())
        thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            beating.cancel()
            signal.signal(signal.SIGUSR2, before)

    async def _keep_beating(self) -> None:
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(self._turn)

    def _watch(self) -> None:
        looked = time.monotonic()
        while not self._over.wait(self._turn):
            now, looked_before = time.monotonic(), looked
            looked = now
            if now - looked_before > 3 * self._turn:
                self._beat = now  # the whole process stood still: it was stopped, or starved
            elif self._is_late():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)

    def _is_late(self) -> bool:
        return time.monotonic() - self._beat > self._limit

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        if self._is_late():
            self._beat = time.monotonic()
            log.error("a job blocks the worker and is interrupted", seconds=self._limit)
            raise BlockedTheLoop(f"It blocked the whole worker for {self._limit:g} s.")


def limit_memory(megabytes: int) -> None:
    """Let this process take no more than that for its data; what wants more gets a MemoryError.

    Processes that it starts inherit the limit. 0 sets none.
    """
    if megabytes:
        most = megabytes * 2**20
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
