"""Reading records by id because somebody said that they changed, and believing deletions twice:
told by the service, and proven by asking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.connectors.base import Page, Record
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import OVERLAP, TITLES, DueWalk, Saved, StreamType
from mayak.sync.queries import leaving, mirror, walks
from mayak.sync.service import attio, linear
from mayak.sync.service.glimpsing import Belongs
from mayak.sync.service.listing import save_page
from mayak.sync.service.settling import SPARED, WATCHED, bury, refetch
from mayak.sync.service.walking import bury_if_gone, read_conversation
from mayak.sync.service.work import Work

AT_ONCE = 50
"""Records asked for at once."""


@dataclass(slots=True, kw_only=True)
class Look:
    """Owns what became of the records that were looked at."""

    work: Work
    failures: dict[tuple[str, str], str] = field(default_factory=dict)
    """By stream and id: why a record could not be read."""
    notes: list[str] = field(default_factory=list)
    buried: int = 0
    arrivals: bool = False
    """Whether issues of a part of Linear are written that have no row yet. What came from another
    part would lack its older comments; of what only could not be read they are here.
    """
    companies: attio.Companies = field(default_factory=attio.Companies)

    async def into(self, stream: StreamType, ids: Mapping[str, bool]) -> None:
        """Read these records of a stream; the values say whether the source called them gone.

        One that the source refuses is a failure of its own. Raises Upstream when the source is out
        of reach.
        """
        size = 1 if stream.name == "conversations" else AT_ONCE
        for some in _some(ids, size):
            try:
                await self.read(stream, {id_: ids[id_] for id_ in some})
            except Upstream as error:
                if error.retryable or error.kind == "rate_limit":
                    raise
                self.failures |= {(stream.name, id_): str(error) for id_ in some}

    async def read(self, stream: StreamType, ids: Mapping[str, bool]) -> None:
        """The same for those who want to know of each refusal. Raises Upstream for any."""
        if stream.connector == "chatwoot" and stream.name == "conversations":
            for id_ in ids:
                await self._conversation(stream, id_)
        elif stream.connector == "chatwoot" and stream.name == "contacts":
            await self._contacts(stream, ids)
        else:
            await self._refetch(stream, ids)

    async def _refetch(self, stream: StreamType, ids: Mapping[str, bool]) -> None:
        belongs = await self._belongs(stream)
        if self.work.untrusted is not None:
            # Whose a record is cannot be told just now; the sync says so and goes on from there.
            self.notes.append(f"{stream.name}: {self.work.untrusted}")
            self.work.counters["left_to_sync"] += len(ids)
            return
        asked_at = self.work.present()
        missing = await refetch(self.work, stream, belongs, list(ids))
        await self._bury(stream, [id_ for id_ in missing if ids[id_]], at=asked_at)

    async def _belongs(self, stream: StreamType) -> Belongs:
        if stream.connector == "attio":
            return (await attio.rules_of(self.work, stream, self.companies)).belongs
        if stream.connector == "chatwoot":
            return _of_bound_inboxes
        belongs = (await linear.rules_of(self.work, stream)).belongs
        if stream.name == "issues" and not self.work.scope.whole and not self.arrivals:
            return _without_arrivals(belongs)
        return belongs

    async def _bury(self, stream: StreamType, gone: Sequence[str], *, at: datetime) -> None:
        """Tombstones, unless there are more than one would delete by hand."""
        work, project_id, kind = self.work, self.work.run.project_id, stream.mirror.kind
        if not gone:
            return
        async with work.writing() as conn:
            here = sorted(await mirror.live(conn, project_id, kind, gone))
            if not here or self._too_many(stream, len(here)):
                return
            self.buried += await bury(work, conn, stream, here, at=at)
            if kind == "issue":
                silent = await leaving.bury_comments_of(conn, project_id, here)
                work.count("comment", Saved(deleted=silent))

    def _too_many(self, stream: StreamType, more: int) -> bool:
        title = TITLES[self.work.connector]
        if stream.name in WATCHED:
            why = f"{title} does not show {more} of the {stream.name} any more."
        elif self.buried + more > SPARED:
            why = f"{title} said that more than {SPARED} records are gone."
        else:
            return False
        self.work.counters["deletions_held"] += more
        self.notes.append(f"{why} The next sync looks into it.")
        return True

    async def _contacts(self, stream: StreamType, ids: Mapping[str, bool]) -> None:
        asked_at = self.work.present()
        found = await self.work.source.fetch("contacts", list(ids))
        page = Page(
            records=found.records, rejected=found.rejected, checkpoint={}, complete=True,
            asked_at=asked_at,
        )  # fmt: skip
        self.work.notice_unreadable(found.rejected)
        await save_page(self.work, "contacts", page, None)
        gone = [id_ for id_ in sorted(found.missing) if ids[id_]]
        await self._bury(stream, gone, at=asked_at)

    async def _conversation(self, stream: StreamType, id_: str) -> None:
        """The conversation, its contact and all its messages. Chatwoot tells of no deletion, so
        that it is not found is all the proof there will ever be.
        """
        work = self.work
        asked_at = work.present()
        found = await work.source.fetch("conversations", [id_])
        own = next((one for one in found.records if one.kind == "conversation"), None)
        elsewhere = own is not None and not work.scope.holds(own.fields["inbox_id"])
        if found.missing or elsewhere:
            await self._bury_conversation(stream, id_)
            return
        page = Page(
            records=found.records, rejected=found.rejected, checkpoint={}, complete=True,
            asked_at=asked_at,
        )  # fmt: skip
        work.notice_unreadable(found.rejected)
        await save_page(work, "conversations", page, None)
        if own is None:
            return
        updated_at = own.fields["source_updated_at"]
        assert updated_at is None or isinstance(updated_at, datetime)
        walk = DueWalk(external_id=id_, source_updated_at=updated_at, walk_cursor=None)
        try:
            await read_conversation(work, walk)
        except Upstream as error:
            if error.kind != "not_found":
                raise
            await bury_if_gone(work, id_, error)

    async def _bury_conversation(self, stream: StreamType, id_: str) -> None:
        work, project_id = self.work, self.work.run.project_id
        async with work.writing() as conn:
            live = await mirror.live(conn, project_id, "conversation", [id_])
            if not live or self._too_many(stream, 1):
                return
            messages = await walks.bury_conversations(conn, project_id, [id_])
            await work.came_through(conn, "messages", "conversation", [id_])
            await work.page(conn, "messages", rows=1 + messages)
        self.buried += 1
        work.count("conversation", Saved(deleted=1))
        work.count("message", Saved(deleted=messages))


async def _of_bound_inboxes(
    _conn: Conn, work: Work, _stream: StreamType, records: list[Record]
) -> list[Record]:
    return [one for one in records if work.scope.holds(one.external_id)]


def _without_arrivals(belongs: Belongs) -> Belongs:
    """The same rule without issues that came to the project from elsewhere: only a sync knows how
    to bring their older comments, and it takes those for known that have a row already.
    """

    async def ours(
        conn: Conn, work: Work, stream: StreamType, records: list[Record]
    ) -> list[Record]:
        found = await belongs(conn, work, stream, records)
        born = work.present() - OVERLAP
        old = [
            one.external_id
            for one in found
            if isinstance(made := one.fields.get("source_created_at"), datetime) and made < born
        ]
        arrived = set(old) - await mirror.live(conn, work.run.project_id, "issue", old)
        if arrived:
            work.counters["arrived"] += len(arrived)
            await _sync_soon(conn, work)
        return [one for one in found if one.external_id not in arrived]

    return ours


async def _sync_soon(conn: Conn, work: Work) -> None:
    run = work.run
    await trigger(
        conn,
        run.resource(Registry),
        run.project_id,
        "linear_sync",
        trigger="webhook",
        because="an issue came from another part of the workspace",
    )


def _some(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some
