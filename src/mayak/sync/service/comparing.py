"""One stream beside its source: what is missing here, what is too much, twice, or old.

The source is listed page by page into the database and compared there, so that it may be of any
size. Whatever is not in the list is asked for by its id before it is called gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4

from mayak.connectors.base import Page, Record
from mayak.errors import Upstream
from mayak.sync.model import STREAMS, TITLES, Connector, StreamType
from mayak.sync.model.reconciliation import (
    AT_THE_SOURCE,
    HERE,
    KINDS,
    Compared,
    Difference,
    FindingKind,
)
from mayak.sync.queries import comparing as queries
from mayak.sync.queries import listings, mirror, states
from mayak.sync.service.reading import Rules
from mayak.sync.service.settling import BATCH
from mayak.sync.service.work import Work

TRIES = 2
"""How often a list of numbered pages that turns out to have holes is read."""
MOST_FOUND = 20_000
"""Records of one kind that are named; more are counted."""
MOST_DOUBTED: Mapping[Connector, int] = {"linear": 5_000, "attio": 500, "chatwoot": 500}
"""Rows that are asked for by id, because no list shows them; with more, something else is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stream came to, with the very records."""

    compared: Compared
    differences: list[Difference]
    sure: frozenset[FindingKind]
    """Kinds of which everything was found, so that a finding that was not seen again is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """Our rows that the source, asked one by one, does not have or does not count to us."""

    rows: list[Difference]
    known: bool
    """False when there were too many to ask for."""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """Owns one listing of a source and what it came to."""

    work: Work
    stream: StreamType
    rules: Rules
    id: UUID
    started: datetime

    async def made(self) -> Outcome:
        """List and compare. Raises Upstream when the list broke off: then nothing is known."""
        try:
            await self._list()
        except Upstream:
            await self._drop()
            raise
        async with self.work.run.transaction() as conn:
            project_id, kind = self.work.run.project_id, self.stream.mirror.kind
            shown = await listings.size(conn, project_id, self.id)
            local = await listings.live(conn, project_id, kind)
        missing, foreign = await self._missing()
        stale = await self._stale()
        absent = await self._absent()
        twice = await self._twice(absent)
        await self._drop()
        twins = {one.external_id for one in twice if one.here}
        extra = [one for one in absent.rows if one.external_id not in twins]
        unknown = {"extra", "duplicate"} if not absent.known else set()
        unknown |= {"missing"} if len(missing) > MOST_FOUND else set()
        unknown |= {"stale"} if len(stale) > MOST_FOUND else set()
        return Outcome(
            compared=Compared(
                local_count=local,
                source_count=shown - foreign,
                missing=len(missing),
                extra=len(extra) if absent.known else None,
                duplicate=len(twice),
                stale=len(stale),
                cause=None if absent.known else self._too_many_doubts(),
            ),
            differences=[*missing[:MOST_FOUND], *extra, *twice, *stale[:MOST_FOUND]],
            sure=frozenset(one for one in KINDS if one not in unknown),
        )

    def _too_many_doubts(self) -> str:
        most = MOST_DOUBTED[self.work.connector]
        return f"More than {most} rows are in no list of {TITLES[self.work.connector]}."

    async def _drop(self) -> None:
        async with self.work.run.transaction() as conn:
            await listings.drop(conn, self.work.run.project_id, self.id)

    async def _list(self) -> None:
        work, project_id = self.work, self.work.run.project_id
        async with work.run.transaction() as conn:
            await listings.add(conn, project_id, self.id, {queries.BEGUN: None})
        if work.connector == "linear":
            await self._list_ids()
        elif work.connector == "chatwoot" and self.stream.name == "conversations":
            for inbox_id in work.scope.parts:
                at = {} if inbox_id is None else {"inbox_id": inbox_id}
                await self._list_numbered({**at, "page": 1})
        elif work.connector == "chatwoot" and self.stream.name == "contacts":
            await self._list_numbered({"page": 1})
            await self._list_anonymous()
        else:
            await self._list_pages({})
        async with work.run.transaction() as conn:
            if not await queries.end(conn, project_id, self.id):
                reason = "what it had listed was lost with a restart of the database"
                raise Upstream(TITLES[work.connector], reason, kind="server")

    async def _list_ids(self) -> None:
        at: Mapping[str, Any] = {}
        if self.rules.within is not None:
            at = {"within": self.rules.within}
        while True:
            ids = await self.work.source.ids(self.stream.name, at)
            async with self.work.run.transaction() as conn:
                await listings.add(conn, self.work.run.project_id, self.id, ids.versions)
            if ids.complete:
                return
            self._must_move(dict(at), dict(ids.checkpoint))
            at = ids.checkpoint

    async def _list_numbered(self, at: Mapping[str, Any]) -> None:
        """Pages are numbered here, so a row that vanishes pulls another one over their border.

        Such holes show in the totals. Raises Upstream when the second reading has them too.
        """
        for _ in range(TRIES):
            seen, total = await self._list_pages(at)
            if seen >= total:
                return
        reason = f"the list of {self.stream.name} has holes"
        raise Upstream(TITLES[self.work.connector], reason, kind="server")

    async def _list_pages(self, at: Mapping[str, Any]) -> tuple[int, int]:
        """How many different records the list shows, and how many it says that it has."""
        seen, total = set[str](), 0
        while True:
            page = await self.work.pull(self.stream.name, at)
            kind = self.stream.mirror.kind
            new = {one.external_id for one in page.records if one.kind == kind} - seen
            new |= {one.external_id or f"unreadable {one.payload}" for one in page.rejected}
            total = max(total, page.total or 0)
            await self._keep(page)
            # A server that ignores the number of the page would otherwise be read for ever.
            stands_still = "page" in at and not new - seen
            seen = seen | new if page.total is not None else set()
            if page.complete or stands_still:
                return len(seen), total
            self._must_move(dict(at), dict(page.checkpoint))
            at = page.checkpoint

    async def _list_anonymous(self) -> None:
        """People who are known by no more than a name are in no list, but talk all the same."""
        most = MOST_DOUBTED[self.work.connector]
        async with self.work.run.transaction() as conn:
            project_id = self.work.run.project_id
            ids = await queries.unheard_of(conn, project_id, self.id, limit=most)
        for start in range(0, len(ids), BATCH):
            found = await self.work.source.fetch("contacts", ids[start : start + BATCH])
            await self._keep(Page(records=found.records, checkpoint={}, complete=True))

    def _must_move(self, at: Mapping[str, Any], following: Mapping[str, Any]) -> None:
        if at == following:
            reason = "its list does not go on from page to page"
            raise Upstream(TITLES[self.work.connector], reason, kind="server")

    async def _keep(self, page: Page) -> None:
        """Add what of a page is ours. Of a record that cannot be read nobody knows whose it is,
        unless all of what was asked for is ours, or we have it.
        """
        work, project_id, kind = self.work, self.work.run.project_id, self.stream.mirror.kind
        unread = [one.external_id for one in page.rejected if one.kind == kind and one.external_id]
        async with work.writing() as conn:
            ours = await self.rules.belongs(conn, work, self.stream, page.records)
            shown: dict[str, str | None] = {
                one.external_id: version_of(self.stream, one) for one in ours if not one.deleted
            }
            if not (work.scope.whole or self.stream.name == "conversations"):
                here = await mirror.live(conn, project_id, kind, unread)
                unread = [one for one in unread if one in here]
            shown |= dict.fromkeys(unread, queries.UNREADABLE)
            await listings.add(conn, project_id, self.id, shown)

    async def _missing(self) -> tuple[list[Difference], int]:
        """What is shown, ours and not here, and how many are shown that are not ours.

        A filter of Linear's lets through what another project has claimed; there each is looked at.
        """
        found: list[Difference] = []
        foreign = 0
        after = ""
        doubtful = self.work.connector == "linear" and not self.work.scope.whole
        while True:
            async with self.work.run.transaction() as conn:
                rows = await queries.missing(
                    conn, self.work.run.project_id, self.stream, self.id,
                    started=self.started, after=after, limit=BATCH,
                )  # fmt: skip
            if not rows:
                return found, foreign
            after = rows[-1]["external_id"]
            ours = {row["external_id"] for row in rows}
            if doubtful:
                ours = await self._ours(sorted(ours))
            foreign += len(rows) - len(ours)
            found += [_difference("missing", row) for row in rows if row["external_id"] in ours]

    async def _ours(self, external_ids: list[str]) -> set[str]:
        """Those of these records that are there and belong to the project."""
        found = await self.work.source.fetch(self.stream.name, external_ids)
        async with self.work.writing() as conn:
            ours = await self.rules.belongs(conn, self.work, self.stream, found.records)
        return {one.external_id for one in ours if not one.deleted}

    async def _stale(self) -> list[Difference]:
        found: list[Difference] = []
        after = ""
        while True:
            async with self.work.run.transaction() as conn:
                rows = await queries.stale(
                    conn, self.work.run.project_id, self.stream, self.id,
                    started=self.started, after=after, limit=BATCH,
                )  # fmt: skip
            if not rows:
                return found
            after = rows[-1]["external_id"]
            found += [_difference("stale", row) for row in rows]

    async def _absent(self) -> Absent:
        found: list[Difference] = []
        after, looked = "", 0
        while True:
            async with self.work.run.transaction() as conn:
                rows = await queries.absent(
                    conn, self.work.run.project_id, self.stream, self.id,
                    started=self.started, part=None, after=after, limit=BATCH,
                )  # fmt: skip
            if not rows:
                return Absent(rows=found, known=True)
            if (looked := looked + len(rows)) > MOST_DOUBTED[self.work.connector]:
                return Absent(rows=[], known=False)
            after = rows[-1]["external_id"]
            why = await self._gone([row["external_id"] for row in rows])
            found += [
                _difference("extra", {**row, "why": why[row["external_id"]]})
                for row in rows
                if row["external_id"] in why
            ]

    async def _gone(self, external_ids: list[str]) -> dict[str, str]:
        """Why each of these is not to be here; what exists and is in no list is left out."""
        title = TITLES[self.work.connector]
        found = await self.work.source.fetch(self.stream.name, external_ids)
        async with self.work.writing() as conn:
            ours = await self.rules.belongs(conn, self.work, self.stream, found.records)
        mine = {one.external_id for one in ours}
        why = dict.fromkeys(found.missing, f"{title} does not have it.")
        for one in found.records:
            if one.deleted:
                why[one.external_id] = f"It was deleted in {title}."
            elif one.kind == self.stream.mirror.kind and one.external_id not in mine:
                why[one.external_id] = "It does not belong to this project."
        return why

    async def _twice(self, absent: Absent) -> list[Difference]:
        """Rows that share a key: those that the source does not have, else all but the first."""
        async with self.work.run.transaction() as conn:
            rows = await queries.repeated(
                conn, self.work.run.project_id, self.stream, limit=MOST_FOUND
            )
        gone = {one.external_id for one in absent.rows}
        found: dict[str, Difference] = {}
        for _, group in groupby(rows, key=lambda row: row["key"]):
            members = list(group)
            there = [row for row in members if row["external_id"] not in gone]
            first = (there or members)[0]
            for row in members:
                here = row["external_id"] in gone
                if row is first or (row["external_id"] in found and not here):
                    continue
                where = HERE if here else AT_THE_SOURCE if absent.known else None
                told = {**row, "twin": first["external_id"], "where": where}
                found[row["external_id"]] = _difference("duplicate", told)
        return list(found.values())


def _difference(kind: FindingKind, row: Mapping[str, Any]) -> Difference:
    detail = {name: value for name, value in row.items() if name != "external_id" and value}
    return Difference(kind=kind, external_id=row["external_id"], detail=detail)


def version_of(stream: StreamType, record: Record) -> str:
    """What tells this state of a record from others; empty when nothing does."""
    if stream.version == "hash":
        return record.content_hash.hex()
    at = record.fields.get("source_updated_at")
    return at.isoformat() if isinstance(at, datetime) else ""


async def compare(work: Work, stream: StreamType, rules: Rules) -> Outcome:
    """Compare one stream with its source, without writing anything of it.

    Raises Upstream when the source cannot be listed to its end.
    """
    async with work.run.transaction() as conn:
        work.at = await states.clock(conn)
    return await Comparison(
        work=work, stream=stream, rules=rules, id=uuid4(), started=work.at
    ).made()


def stream_of(connector: Connector, name: str) -> StreamType:
    return next(one for one in STREAMS[connector] if one.name == name)
