"""Reading runs, where they came from and what they led to; cancelling and replaying them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from mayak.automation import queries
from mayak.automation.model import (
    FINAL,
    DeadLetters,
    HeldByFlag,
    Registry,
    Run,
    RunIsNotOver,
    RunIsOver,
    RunNotFound,
    Status,
    Trigger,
)
from mayak.automation.queries import Filter, Replayed
from mayak.automation.queries.letters import Discarded
from mayak.automation.service.triggers import trigger
from mayak.platform.db import Conn

LINEAGE = 200
"""Runs that a lineage shows in each direction."""
EARLIER = timedelta(days=1)
"""A run that waits may be this much older than a run that joined its causes."""


async def get(conn: Conn, run_id: UUID) -> Run:
    """One run. Raises RunNotFound."""
    run = await queries.one(conn, run_id)
    if run is None:
        raise RunNotFound(run_id)
    return run


async def recent(  # one argument per filter
    conn: Conn,
    *,
    job_type: str | None = None,
    statuses: Sequence[Status] | None = None,
    trigger: Trigger | None = None,
    fingerprint: str | None = None,
    dead_letters: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Run]:
    """Runs of the project, newest first."""
    return await queries.page(
        conn,
        job_type=job_type,
        statuses=statuses,
        trigger=trigger,
        fingerprint=fingerprint,
        dead_letters=dead_letters,
        since=since,
        until=until,
        before=before,
        limit=limit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The runs that caused a run, and those that it caused. At most LINEAGE of each."""

    up: list[Run]
    down: list[Run]


async def lineage(conn: Conn, run: Run) -> Lineage:
    """One step in each direction."""
    up = await queries.some(conn, run.upstream, limit=LINEAGE)
    until = None if run.finished_at is None else run.finished_at + EARLIER
    down = await queries.below(
        conn, run.id, since=run.queued_at - EARLIER, until=until, limit=LINEAGE
    )
    return Lineage(up=up, down=down)


async def cancel(conn: Conn, project_id: UUID, run_id: UUID) -> Run:
    """End a run: at once if it waits, soon if it goes on. Raises RunNotFound or RunIsOver."""
    if not await queries.withdraw(conn, project_id, run_id=run_id, reason="cancelled"):
        if not await queries.ask_to_stop(conn, project_id, run_id):
            # Between the two looks it may have been put back in line.
            if await queries.withdraw(conn, project_id, run_id=run_id, reason="cancelled"):
                return await get(conn, run_id)
            run = await get(conn, run_id)
            raise RunIsOver(run_id, run.status)
        await queries.tell_to_stop(conn, run_id)
    return await get(conn, run_id)


async def replay(
    conn: Conn, registry: Registry, project_id: UUID, run_id: UUID, *, because: str
) -> Run:
    """Do the work of a run that ended again, with the same payload.

    A dead letter that was replayed already is not replayed twice: the run it became is returned.
    Raises RunNotFound, RunIsNotOver, UnknownJobType or HeldByFlag.
    """
    run = await get(conn, run_id)
    if run.status not in FINAL:
        raise RunIsNotOver(run_id, run.status)
    registry.need(run.job_type)
    if registry.rests(run.job_type):
        raise HeldByFlag(run.job_type)
    if run.replayed_as is not None and (earlier := await queries.one(conn, run.replayed_as)):
        return earlier
    new = await trigger(
        conn,
        registry,
        project_id,
        run.job_type,
        trigger="retry",
        upstream=[run.id],
        because=because,
        payload=run.payload,
    )
    await queries.letters.settle(conn, run_id, as_run=new.id)
    return new


async def dead_letters(conn: Conn, which: Filter, *, limit: int = 200) -> list[DeadLetters]:
    """Failed runs that nothing took care of, by cause."""
    return await queries.letters.groups(conn, which, limit=limit)


async def count_dead_letters(conn: Conn, which: Filter) -> int:
    """How many letters match."""
    return await queries.letters.count(conn, which)


def _replayable(registry: Registry, which: Filter) -> Filter:
    """Only letters of jobs that this release has, and that LIGHTRAG_ONLY does not hold."""
    types = tuple(name for name in registry if not registry.rests(name))
    return replace(which, types=types)


async def count_replayable(conn: Conn, registry: Registry, which: Filter) -> int:
    """How many of these letters `replay_dead_letters` would be done with."""
    return await queries.letters.count(conn, _replayable(registry, which))


async def replay_dead_letters(
    conn: Conn, registry: Registry, which: Filter, *, because: str
) -> Replayed:
    """Queue the work of these letters again. What was replayed before is not matched any more, and
    letters of jobs that are no more or rest by LIGHTRAG_ONLY stay as they are.
    """
    done = await queries.letters.replay(
        conn, _replayable(registry, which), list(registry.values()), because=because
    )
    for queue in done.queues:
        await queries.wake(conn, queue)
    return done


async def discard_dead_letters(conn: Conn, which: Filter) -> Discarded:
    """Be done with these letters. `restore_dead_letters` takes it back."""
    return await queries.letters.discard(conn, which)


async def restore_dead_letters(conn: Conn, *, fingerprint: str | None, since: datetime) -> int:
    """Take back what was discarded since then."""
    return await queries.letters.restore(conn, fingerprint=fingerprint, since=since)
