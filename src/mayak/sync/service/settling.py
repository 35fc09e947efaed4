"""The end of a listing: what it shows and we lack is read, what it lacks and we have is gone.

Gone is a strong word. A listing cannot tell a deletion from a lost permission or a page that
slipped by, so each candidate is asked for by its id, and when too many of them are missing, nothing
is deleted and a person is told.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mayak.platform.db import Conn
from mayak.sync.model import TITLES, Saved, StreamType, Verdict
from mayak.sync.queries import bindings, leaving, listings, mirror
from mayak.sync.service.glimpsing import Belongs, own
from mayak.sync.service.work import CHECK_SIGHT, HELD, Work

BATCH = 100
"""Records asked for by id at once."""
MOST = 5_000
"""Candidates for deletion that one listing looks into; the next one goes on."""
SPARED = 20
SHARE = 0.05
"""More deletions than this many and than this share of the rows need a person."""
CLAIMED = frozenset({"issue", "project", "company"})
"""Kinds of record of which another project may have taken one."""
WATCHED = frozenset({"teams", "inboxes"})
"""Streams of which a missing record says that a permission was lost, until a person says else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    id: UUID
    started: datetime
    """By our clock."""


async def settle(
    work: Work, stream: StreamType, belongs: Belongs, listing: Listing
) -> Verdict | None:
    """Make the mirror agree with a listing that was read to its end; what is left to say."""
    await _catch_up(work, stream, belongs, listing)
    gone = await _missing(work, stream, belongs, listing)
    async with work.writing() as conn:
        live = await listings.live(conn, work.run.project_id, stream.mirror.kind)
        if work.scope.whole or stream.reading == "scan":  # else it shows others' records, too
            shown = await listings.size(conn, work.run.project_id, listing.id)
            work.totals[stream.name] = shown
    _miss_what_is_bound(work, stream, gone)
    verdict = too_many(work, stream.name, len(gone), live)
    async with work.writing() as conn:
        if verdict is None:
            await bury(work, conn, stream, gone, at=work.present())
            if (work.connector, stream.name) == ("linear", "projects"):
                await bindings.release_left(conn, work.run.project_id)
        await listings.drop(conn, work.run.project_id, listing.id)
    return verdict


async def _catch_up(work: Work, stream: StreamType, belongs: Belongs, listing: Listing) -> None:
    """Read what the listing shows and we lack, or have in an older version."""
    after = ""
    while True:
        async with work.run.transaction() as conn:
            wanted = await listings.lacking(
                conn,
                work.run.project_id,
                stream.mirror.kind,
                stream.version,
                listing.id,
                after=after,
                limit=BATCH,
            )
        if not wanted:
            return
        await refetch(work, stream, belongs, wanted)
        after = wanted[-1]


async def _missing(work: Work, stream: StreamType, belongs: Belongs, listing: Listing) -> list[str]:
    """Our live rows that the source says, one by one, it does not have."""
    gone: list[str] = []
    after, looked = "", 0
    while looked < MOST:
        async with work.run.transaction() as conn:
            doubtful = await listings.absent(
                conn,
                work.run.project_id,
                stream.mirror.kind,
                listing.id,
                started=listing.started,
                after=after,
                limit=BATCH,
            )
        if not doubtful:
            break
        gone += await refetch(work, stream, belongs, doubtful)
        after, looked = doubtful[-1], looked + len(doubtful)
    return gone


async def refetch(
    work: Work, stream: StreamType, belongs: Belongs, external_ids: list[str]
) -> list[str]:
    """Read these records by id and write what there is; the ids that the source does not have.

    What is there but is not the project's own becomes a tombstone.
    """
    asked_at = work.present()
    found = await work.source.fetch(stream.name, external_ids)
    kind = stream.mirror.kind
    async with work.writing() as conn:
        ours = await belongs(conn, work, stream, found.records)
        saved = await work.save(conn, kind, ours, observed_at=asked_at)
        mine = {one.external_id for one in ours}
        others = [one.external_id for one in found.records if one.external_id not in mine]
        left = await leave(conn, work, kind, others, at=asked_at)
        read = {one.external_id for one in found.records}
        await work.came_through(conn, stream.name, kind, read | found.missing)
        work.notice_unreadable(found.rejected)
        unfit = await own(conn, work, stream, belongs, found.rejected)
        await work.quarantine(conn, stream.name, unfit)
        await work.page(conn, stream.name, rows=saved.written + saved.deleted + left)
    work.count(kind, saved)
    work.count(kind, Saved(deleted=left))
    return sorted(found.missing)


async def bury(
    work: Work, conn: Conn, stream: StreamType, external_ids: list[str], *, at: datetime
) -> int:
    """Tombstones for records that the source does not have any more."""
    project_id, kind = work.run.project_id, stream.mirror.kind
    buried = await mirror.bury(conn, project_id, kind, external_ids, observed_at=at)
    # What is bound may only be out of sight, and stays the project's own.
    free = [id_ for id_ in external_ids if (kind, id_) not in work.scope.bound]
    await bindings.release(conn, project_id, work.connector, kind, free)
    work.count(kind, Saved(deleted=buried))
    return buried


async def leave(conn: Conn, work: Work, kind: str, external_ids: list[str], *, at: datetime) -> int:
    """Tombstones for records that are not the project's own, or not any more."""
    if work.untrusted is not None:
        return 0  # whose a record is cannot be told while what it is bound by is out of sight
    project_id = work.run.project_id
    left = await mirror.bury(conn, project_id, kind, external_ids, observed_at=at)
    if kind in CLAIMED:  # what was buried before may have its claim still
        await bindings.release(conn, project_id, work.connector, kind, external_ids)
    if left:
        if kind == "issue":
            left += await leaving.bury_comments_of(conn, project_id, external_ids)
        if kind == "company":
            work.reread |= {"deals", "people", "notes", "tasks"}
    return left


def _miss_what_is_bound(work: Work, stream: StreamType, gone: list[str]) -> None:
    """A company that the project is bound to does not simply go: it was merged into another one,
    which has all that hung on it, or it is out of sight.
    """
    if stream.name != "companies" or work.untrusted is not None:
        return
    if lost := sorted(work.scope.ids("company").intersection(gone)):
        work.untrusted = (
            f"{TITLES[work.connector]} does not know the company {', '.join(lost)} any more, which "
            "this project is bound to; it may have been merged into another one."
        )


def too_many(work: Work, stream: str, gone: int, live: int) -> Verdict | None:
    """The state when deletions are not to be believed; None when they are, or there are none."""
    if not gone or work.wish.accept_deletions:
        return None
    title = TITLES[work.connector]
    if work.untrusted is None and stream in WATCHED:
        work.untrusted = f"{title} does not show {gone} of {live} {stream} any more."
    if work.untrusted is None and not (gone > SPARED and gone > SHARE * live):
        return None
    work.counters["deletions_held"] += gone
    return work.doubt() or Verdict(
        status="partial",
        cause=f"{title} does not show {gone} of {live} {stream} any more; {HELD}",
        next_step=CHECK_SIGHT,
    )
