"""Embedding sets: which are filled, when one takes over, and the way back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mayak.errors import Upstream
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.sets import (
    EmbeddingSet,
    NothingToGoBackTo,
    may_take_over,
    pause,
    plan,
)
from mayak.lightrag.queries import building
from mayak.lightrag.queries import embedding as chunks
from mayak.lightrag.queries import sets as queries
from mayak.platform.db import Conn

KEPT = timedelta(days=30)
"""How old a vector may get whose text no chunk says; until then a text that comes back is free."""
AT_ONCE = 2_000
"""Vectors deleted per unit of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The sets of a project now."""

    active: EmbeddingSet | None
    building: EmbeddingSet | None
    previous: EmbeddingSet | None


async def standing(conn: Conn, project_id: UUID) -> Standing:
    known = {one.status: one for one in await queries.sets(conn, project_id)}
    return Standing(
        active=known.get("active"),
        building=known.get("building"),
        previous=known.get("previous"),
    )


async def arrange(conn: Conn, project_id: UUID, wanted: Embedder) -> Standing:
    """Make the sets lead to the wanted space, and put back in line what a dead worker left."""
    await queries.lock_sets(conn, project_id)
    todo = plan(await queries.sets(conn, project_id), wanted.space)
    for stale in todo.retire:
        await queries.set_status(conn, project_id, stale, "retired")
    if todo.add is not None:
        await queries.add_set(conn, project_id, wanted, status=todo.add)
    if todo.activate is not None:
        await queries.activate(conn, project_id, todo.activate)
    if todo.resume is not None:
        await queries.set_status(conn, project_id, todo.resume, "building")
    found = await standing(conn, project_id)
    await chunks.return_abandoned(conn, project_id)
    if found.active is not None:
        await chunks.reuse_vectors(conn, project_id, set_id=found.active.id)
    return found


async def take_over(conn: Conn, project_id: UUID, built: EmbeddingSet) -> bool:
    """Make a set that is complete the active one; False when it is not, or may not be.

    Complete is a set that has a vector for each text that the model takes.
    """
    await queries.lock_sets(conn, project_id)
    now = await standing(conn, project_id)
    if now.active is None or now.building is None or now.building.id != built.id:
        return False
    lack = await building.count_lacking(conn, project_id, built.id)
    texts = await queries.count_texts(conn, project_id)
    if lack.lacking > lack.failed or not may_take_over(failed=lack.failed, texts=texts):
        return False
    await queries.switch(conn, project_id, leave=now.active.id, to=built.id)
    return True


async def roll_back(conn: Conn, project_id: UUID) -> Standing:
    """Answer from the former set again, at once; the one that is left waits for a person.

    Raises NothingToGoBackTo.
    """
    await queries.lock_sets(conn, project_id)
    now = await standing(conn, project_id)
    if now.active is None or now.previous is None:
        raise NothingToGoBackTo
    await queries.switch(conn, project_id, leave=now.active.id, to=now.previous.id)
    await queries.reject(conn, project_id, now.active.id, rejected=True)
    await queries.reject(conn, project_id, now.previous.id, rejected=False)
    return await standing(conn, project_id)


async def ask_again(conn: Conn, project_id: UUID, wanted: Embedder) -> None:
    """A person wants the vectors of the configured model, also those of a set that was left, and
    of texts that were given up.
    """
    await queries.lock_sets(conn, project_id)
    for one in await queries.sets(conn, project_id):
        if one.space == wanted.space and one.rejected:
            await queries.reject(conn, project_id, one.id, rejected=False)
        if one.space == wanted.space and one.status != "active":
            await queries.forget_tries(conn, project_id, one.id)
    await chunks.try_failed_again(conn, project_id)


async def note_failure(
    conn: Conn, project_id: UUID, kept: EmbeddingSet, error: Upstream
) -> datetime | None:
    """Remember that a provider failed, for every worker and server. When to ask it again."""
    failures = 1 + (kept.outage.failures if kept.outage else 0)
    return await queries.note_failure(
        conn,
        project_id,
        kept.id,
        kind=error.kind,
        cause=error.reason,
        pause=pause(failures, told=error.retry_after),
    )


async def sweep(conn: Conn, project_id: UUID, *, at: datetime | None) -> bool:
    """Delete some vectors of retired sets; with `at` also those that no chunk needs and that are
    older than KEPT. Whether there may be more.
    """
    gone = await queries.drop_retired(conn, project_id, limit=AT_ONCE)
    if at is not None:
        before = at - KEPT
        gone += await queries.drop_unsaid(conn, project_id, before=before, limit=AT_ONCE)
    return gone >= AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A set, and how much of the project it has."""

    kept: EmbeddingSet
    vectors: int
    texts: int


async def overview(conn: Conn, project_id: UUID) -> list[Filled]:
    """Every set that is not on its way out, the active one first."""
    vectors = await queries.count_vectors(conn, project_id)
    texts = await queries.count_texts(conn, project_id)
    order = ("active", "building", "previous")
    found = [one for one in await queries.sets(conn, project_id) if one.status in order]
    return [
        Filled(kept=one, vectors=vectors.get(one.id, 0), texts=texts)
        for one in sorted(found, key=lambda one: order.index(one.status))
    ]
