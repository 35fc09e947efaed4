"""A set gets its vectors: several batches on their way at once, each saved as it comes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from mayak.errors import AppError
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import sets
from mayak.lightrag.service.embedding import ActiveLine, Batch, Line, embed
from mayak.platform.db import Conn, Database, OperationalError

Units = Callable[[], AbstractAsyncContextManager[Conn]]
"""Opens a unit of work in the project."""

HURRY = timedelta(seconds=3)
"""How long a drain that is being stopped may take to return what it holds."""

log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Drained:
    """How far a drain came; grows while it goes on."""

    embedded: int = 0
    failed: int = 0


@dataclass(kw_only=True)
class Drain:
    """One pass through a line.

    Each turn saves what came back and claims what goes out next in one unit of work, so that the
    embedder has `at_once` batches at all times and a death loses no more than those.
    """

    line: Line
    embedder: Embedder
    units: Units
    unfenced: Units
    """For returning what is held when the lease may be what was lost."""
    in_time: Callable[[], bool]
    """Whether more may be claimed."""
    tell: Callable[[Drained], Awaitable[None]]
    done: Drained = field(default_factory=Drained)
    _flight: dict[asyncio.Task[None], Batch] = field(default_factory=dict)
    _error: BaseException | None = None

    async def run(self) -> Drained:
        """Go on until nothing is left or the time is over.

        Raises what the embedder raises when no text is at fault, once the batches that were on
        their way have come back; and SetMoved.
        """
        held: list[Batch] = []
        try:
            while True:
                await self.tell(self.done)
                held = await self._landed()
                await self._turn(held)
                held = []
                if not self._flight:
                    break
        except BaseException:
            await self._give_back([*held, *self._flight.values()])
            raise
        await self.tell(self.done)
        if self._error is not None:
            raise self._error
        return self.done

    async def _landed(self) -> list[Batch]:
        """Batches that came back, once one has; those that met an error are as they were sent."""
        if not self._flight:
            return []
        ready, _ = await asyncio.wait(self._flight, return_when=asyncio.FIRST_COMPLETED)
        for task in ready:
            if self._error is None:
                self._error = task.exception()
        return [self._flight.pop(task) for task in ready]

    async def _turn(self, landed: list[Batch]) -> None:
        fresh: list[Batch] = []
        embedded = failed = 0
        async with self.units() as conn:
            for batch in landed:
                if batch.vectors or batch.failures:
                    stored, refused = await self.line.store(conn, batch)
                    embedded += stored
                    failed += refused
            unharmed = [one for one in landed if not one.vectors and not one.failures]
            if unharmed:
                await self.line.give_back(conn, unharmed)
            while len(self._flight) + len(fresh) < self._room():
                claimed = await self.line.claim(conn, self.embedder.batch)
                if claimed is None:
                    break
                fresh.append(claimed)
        self.done.embedded += embedded
        self.done.failed += failed
        for batch in fresh:
            self._flight[asyncio.create_task(embed(self.embedder, batch))] = batch

    def _room(self) -> int:
        return self.embedder.at_once if self._error is None and self.in_time() else 0

    async def _give_back(self, held: Iterable[Batch]) -> None:
        for task in self._flight:
            task.cancel()
        await asyncio.gather(*self._flight, return_exceptions=True)
        batches = list(held)
        if not batches:
            return
        try:
            async with asyncio.timeout(HURRY.total_seconds()), self.unfenced() as conn:
                await self.line.give_back(conn, batches)
        except (OperationalError, TimeoutError, AppError):
            log.warning("texts could not be given back; the next run takes them", exc_info=True)


async def embed_all(database: Database, project_id: UUID, embedder: Embedder) -> Drained:
    """Give every waiting chunk of a project its vector now, without waiting for the job.

    Raises what the embedder raises when no text is at fault. Sets of other spaces are left alone:
    where one is active, nothing is embedded.
    """
    units = partial(database.transaction, project_id)
    async with units() as conn:
        active = (await sets.arrange(conn, project_id, embedder)).active
    if active is None or active.space != embedder.space:
        return Drained()

    async def tell(_: Drained) -> None:
        return

    drain = Drain(
        line=ActiveLine(project_id, active.id),
        embedder=embedder,
        units=units,
        unfenced=units,
        in_time=lambda: True,
        tell=tell,
    )
    return await drain.run()
