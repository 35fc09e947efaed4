"""The half of a run that gives chunks their vectors: those of the active set, then those of the set
that is built to follow it.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from mayak.automation.model import JobRun
from mayak.errors import Upstream, UpstreamKind
from mayak.kit import clock
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.sets import EmbeddingSet, advice
from mayak.lightrag.queries import building as lacking
from mayak.lightrag.queries import embedding as chunks
from mayak.lightrag.queries import sets as set_queries
from mayak.lightrag.service import sets
from mayak.lightrag.service.draining import Drain, Drained
from mayak.lightrag.service.embedders import Embedders
from mayak.lightrag.service.embedding import PROBE, ActiveLine, BuildingLine, SetMoved
from mayak.lightrag.service.graphing import graph
from mayak.platform.db import Database

BUDGET = timedelta(minutes=15)
"""After this a run ends and asks for another one, so that nothing else starves."""
GRAPHING = timedelta(minutes=2)
"""For this long at most a run builds a graph; new chunks wait meanwhile."""
MINUTE, HOUR = 60, 3600
LOOKS = 5
"""How often a run looks again which sets there are, because a person changed them meanwhile."""


@dataclass(kw_only=True)
class Embedded:
    """What a run did for vectors."""

    embedded: int = 0
    failed: int = 0
    left: int = 0
    notes: list[str] = field(default_factory=list)
    retry_at: datetime | None = None
    """When a provider that is down may be asked again; None when none is."""
    out_of_time: bool = False
    ungraphed: bool = False
    """Vectors are left that belong into a graph."""


@dataclass(frozen=True, kw_only=True)
class _Filling:
    """One set in one run."""

    run: JobRun
    kept: EmbeddingSet
    embedder: Embedder
    until: datetime

    @property
    def active(self) -> bool:
        return self.kept.status == "active"

    async def count(self) -> int:
        """Chunks or texts that wait."""
        async with self.run.transaction() as conn:
            if self.active:
                return await chunks.count_pending(conn, self.run.project_id)
            found = await lacking.count_lacking(conn, self.run.project_id, self.kept.id)
            return found.lacking

    async def drain(self, so_far: Drained) -> None:
        """Raises what `Drain.run` raises; `so_far` counts until then."""
        run, line = self.run, ActiveLine if self.active else BuildingLine
        database = run.resource(Database)
        drain = Drain(
            line=line(run.project_id, self.kept.id),
            embedder=self.embedder,
            units=run.transaction,
            unfenced=partial(database.transaction, run.project_id),
            in_time=lambda: clock.now() < self.until,
            tell=self._teller(await self.count()),
            done=so_far,
        )
        await drain.run()

    def _teller(self, total: int) -> Callable[[Drained], Awaitable[None]]:
        began = time.monotonic()
        what = "chunks embedded" if self.active else f"texts embedded by {self.kept.model}"

        async def tell(done: Drained) -> None:
            so_far = done.embedded + done.failed
            left = max(0, total - so_far)
            eta = remaining(so_far, left, time.monotonic() - began)
            note = f"{what}, {eta} left" if eta else what
            await self.run.progress(done.embedded, max(total, done.embedded), note)

        return tell


def remaining(done: int, left: int, seconds: float) -> str | None:
    """How long the rest takes at the pace so far, as people say it; None when it is not known."""
    if not done or not left:
        return None
    rest = seconds * left / done
    if rest < 1.5 * MINUTE:
        return f"about {max(1, round(rest))} s"
    if rest < 1.5 * HOUR:
        return f"about {round(rest / MINUTE)} min"
    return f"about {rest / HOUR:.1f} h"


async def embed(run: JobRun) -> Embedded:
    """Fill the active set and the one that follows it, and let the latter take over when it is
    complete. A provider that is down is noted, and its set left as it is.
    """
    embedders = run.resource(Embedders)
    done = Embedded()
    until = clock.now() + BUDGET
    for _ in range(LOOKS):
        async with run.transaction() as conn:
            now = await sets.arrange(conn, run.project_id, embedders.wanted)
        try:
            await _fill(run, embedders, now, until, done)
        except SetMoved:
            continue
        break
    done.left = await _left(run)
    done.out_of_time = clock.now() >= until
    at = clock.now() if run.trigger == "schedule" else None
    while not done.out_of_time and clock.now() < until:
        async with run.transaction() as conn:
            if not await sets.sweep(conn, run.project_id, at=at):
                break
    return done


async def _fill(
    run: JobRun, embedders: Embedders, now: sets.Standing, until: datetime, done: Embedded
) -> None:
    if now.active is not None:
        await _fill_one(run, embedders, now.active, until, done)
        await _graph(run, now.active, until, done)
    if now.building is None:
        return
    served = await _fill_one(run, embedders, now.building, until, done)
    if not served or clock.now() >= until:
        return
    # Before it answers: a large set without a graph would make questions wait.
    if await _graph(run, now.building, until, done):
        return
    async with run.transaction() as conn:
        taken = await sets.take_over(conn, run.project_id, now.building)
    if taken:
        done.notes.append(f"Answers come from the vectors of {now.building.model} now.")


async def _fill_one(
    run: JobRun, embedders: Embedders, kept: EmbeddingSet, until: datetime, done: Embedded
) -> bool:
    """Whether the provider of the set serves. Raises SetMoved."""
    embedder = embedders.of(kept)
    if embedder is None:
        done.notes.append(f"Nobody here embeds into {kept.space}: its provider is not configured.")
        return False
    if kept.outage is not None and kept.outage.open(clock.now()):
        _note_outage(done, kept, kept.outage.kind, kept.outage.cause, kept.outage.retry_at)
        return False
    filling = _Filling(run=run, kept=kept, embedder=embedder, until=until)
    drained = Drained()
    try:
        await filling.drain(drained)
        if kept.outage is not None and not drained.embedded:
            await embedder.passages([PROBE])
    except Upstream as error:
        async with run.transaction() as conn:
            retry_at = await sets.note_failure(conn, run.project_id, kept, error)
        if retry_at is not None:
            _note_outage(done, kept, error.kind, error.reason, retry_at)
        return False
    finally:
        done.embedded += drained.embedded
        done.failed += drained.failed
    if kept.outage is not None:
        async with run.transaction() as conn:
            await set_queries.note_success(conn, run.project_id, kept.id)
    return True


async def _graph(run: JobRun, kept: EmbeddingSet, until: datetime, done: Embedded) -> bool:
    """Whether vectors of the set are left for the next run."""
    until = min(until, clock.now() + GRAPHING)
    left = await graph(
        run.transaction, run.project_id, kept.id, in_time=lambda: clock.now() < until
    )
    done.ungraphed = done.ungraphed or left
    return left


def _note_outage(
    done: Embedded, kept: EmbeddingSet, kind: UpstreamKind, cause: str, retry_at: datetime
) -> None:
    says = advice(kind)
    done.notes.append(f"{kept.provider}/{kept.model} fails ({kind}): {cause}. {says}")
    done.retry_at = min(retry_at, done.retry_at or retry_at)


async def _left(run: JobRun) -> int:
    """Chunks without a vector in the active set, and texts without one in the set that is built."""
    async with run.transaction() as conn:
        now = await sets.standing(conn, run.project_id)
        left = await chunks.count_pending(conn, run.project_id)
        if now.building is not None:
            found = await lacking.count_lacking(conn, run.project_id, now.building.id)
            left += found.lacking - found.failed
    return left
