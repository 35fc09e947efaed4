"""The time of a World: real time plus whatever was advanced, or standing still."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime


class Clock:
    """Starts at `start` (default: the real now) and flows with real time unless `frozen`."""

    def __init__(self, start: datetime | None = None, *, frozen: bool = False) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("the start of a clock needs a time zone")
        self._start = time.time() if start is None else start.timestamp()
        self._since = time.monotonic()
        self._advanced = 0.0
        self._frozen = frozen
        self._moved = asyncio.Event()

    @property
    def frozen(self) -> bool:
        return self._frozen

    def timestamp(self) -> float:
        """Seconds since the epoch, with fractions."""
        flowed = 0.0 if self._frozen else time.monotonic() - self._since
        return self._start + self._advanced + flowed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def advance(self, seconds: float) -> None:
        """Jump forward. Raises ValueError for a negative step: this clock never runs backwards."""
        if seconds < 0:
            raise ValueError("a clock cannot be advanced by a negative number of seconds")
        self._advanced += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        """Wait until this much of the World's time has passed, flowed or advanced."""
        due = self.timestamp() + seconds
        while (left := due - self.timestamp()) > 0:
            moved = self._moved
            with suppress(TimeoutError):
                await asyncio.wait_for(moved.wait(), None if self._frozen else left)
