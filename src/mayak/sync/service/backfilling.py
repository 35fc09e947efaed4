"""Reading a part of history again, beside the syncs and never in their way.

Rows are written as a sync writes them; an older answer never replaces a newer one. The states and
checkpoints of streams stay as they are, and that something is not shown deletes nothing: only what
turns out to belong to somebody else is taken out. How far each slice is, is kept with the page
that got it there, so a backfill that was killed reads at most one page twice.
"""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from mayak.automation.model import JobRun, Registry, Result, Run
from mayak.automation.service import trigger
from mayak.connectors.base import Page, Record, stored
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import (
    STREAMS,
    TITLES,
    BindingsChanged,
    DueWalk,
    Saved,
    Span,
    StreamType,
    Wanted,
)
from mayak.sync.queries import backfills, states
from mayak.sync.queries.backfills import SliceState
from mayak.sync.service import attio, linear
from mayak.sync.service.at_hand import quick
from mayak.sync.service.glimpsing import own
from mayak.sync.service.listing import save_page
from mayak.sync.service.reading import Rules
from mayak.sync.service.settling import leave
from mayak.sync.service.sources import Sources
from mayak.sync.service.walking import read_conversation
from mayak.sync.service.work import Work

BACKFILL_JOB = "connectors_backfill"
GLANCE = timedelta(seconds=1)
"""How often a backfill looks whether the sync that it lets pass is over."""
PATIENCE = timedelta(seconds=20)
"""How long it looks, before it goes back into the line and leaves its place to others."""
AFTERWARDS = timedelta(minutes=1)


@dataclass(eq=False)
class SyncGoesOn(Upstream):
    """A backfill gives way, as it does to a rate limit: that costs it no attempt."""

    code = "sync_goes_on"
    message = "{service}: {reason}"


@dataclass(slots=True, kw_only=True)
class Aside(Work):
    """Work that leaves the states of the streams alone."""

    @classmethod
    def of(cls, work: Work) -> "Aside":
        return cls(**{one.name: getattr(work, one.name) for one in fields(Work)})

    async def page(
        self,
        conn: Conn,
        stream: str,
        *,
        rows: int,
        seen: int = 0,
        total: int | None = None,
        checkpoint: Mapping[str, Any] | None = None,
    ) -> None:
        """Count a page. Whose turn it is and how far the sync is, is not its business."""
        _ = stream, rows, seen, total, checkpoint
        self.counters["pages"] += 1
        await states.do_not_wait_for_disk(conn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of a backfill that is done or not."""

    name: str
    stream: StreamType
    span: Span
    start: Mapping[str, Any]
    """The connector's checkpoint of its first page."""


async def backfill_soon(conn: Conn, registry: Registry, project_id: UUID, wanted: Wanted) -> Run:
    """Have a part of history read again; a run that waits for the same part is joined."""
    return await trigger(conn, registry, project_id, BACKFILL_JOB, payload=wanted.payload())


async def backfill(run: JobRun, sources: Sources) -> Result:
    """Read again what the payload names.

    Raises InvalidInput for a payload that makes no sense, and Upstream while the source cannot be
    read or a sync of it goes on; then the next attempt goes on where this one ended.
    """
    wanted = Wanted.of(run.payload)
    counters = Counter[str]()
    async with run.transaction() as conn:
        await backfills.forget_old(conn, run.project_id)
    while True:  # a further round takes somebody who changes the bindings once more
        with suppress(BindingsChanged):
            names = [one.name for one in STREAMS[wanted.connector]]
            work = await quick(run, sources, wanted.connector, names, counters)
            if isinstance(work, str):
                return Result(status="skipped", note=work)
            await work.source.who_am_i()  # refuses a token that would be served less than there is
            filling = Filling(work=Aside.of(work), wanted=wanted)
            await filling.fill()
            return filling.result()


@dataclass(slots=True, kw_only=True)
class Filling:
    """Owns how far a backfill is."""

    work: Aside
    wanted: Wanted
    kept: dict[str, SliceState] = field(default_factory=dict)
    companies: attio.Companies = field(default_factory=attio.Companies)
    records: int = 0
    total: int = 0
    done: int = 0
    done_before: int = 0
    """Slices that an earlier attempt has read."""
    began: float = field(default_factory=time.monotonic)

    async def fill(self) -> None:
        run = self.work.run
        async with run.transaction() as conn:
            self.kept = await backfills.slices(conn, run.project_id, run.run_id)
        slices = [one for stream in self.wanted.streams for one in await self._slices(stream)]
        self.total = len(slices)
        done = {one.name for one in slices if one.name in self.kept and self.kept[one.name].done}
        self.done = self.done_before = len(done)
        self.records = sum(one.records for one in self.kept.values())
        for one in slices:
            if one.name not in done:
                await self._fill(one)
                self.done += 1
        await self._say(1.0)

    def result(self) -> Result:
        counted = self.work.counters
        changed = sum(
            count for name, count in counted.items() if name.endswith(("_written", "_deleted"))
        )
        span = self.wanted.span
        note = (
            f"{self.records} records of {span.start:%Y-%m-%d} to {span.end:%Y-%m-%d} were read; "
            f"{changed} of those read by this attempt were new or different."
        )
        return Result(status="ok", counters={**counted, "records": self.records}, note=note)

    async def _slices(self, stream: StreamType) -> list[Slice]:
        """Linear can be asked for what changed in a week, Attio for what was made since a day,
        Chatwoot for everything.
        """
        scope = self.work.scope
        bound = "*" if scope.whole else str(sorted(scope.bound))
        key = hashlib.sha256(f"{self.work.account_ref} {bound}".encode()).hexdigest()[:12]
        span, name = self.wanted.span, f"{key} {stream.name}"
        match stream.connector:
            case "linear":
                within = (await linear.rules_of(self.work, stream)).within
                return [
                    Slice(
                        name=f"{name} {one.start.astimezone(UTC).isoformat()}",
                        stream=stream,
                        span=one,
                        start=_window(one, within),
                    )
                    for one in span.slices()
                ]
            case "attio":
                start = {"created_after": span.start.astimezone(UTC).isoformat()}
                timed = stream.name not in {"notes", "tasks"}
                return [Slice(name=name, stream=stream, span=span, start=start if timed else {})]
            case "chatwoot":
                return self._lists(name, stream)

    def _lists(self, name: str, stream: StreamType) -> list[Slice]:
        """A conversation and its messages come together, from the list of each inbox."""
        span, names = self.wanted.span, {one.name for one in self.wanted.streams}
        if stream.name == "messages" and "conversations" in names:
            return []
        parts = [None] if stream.name == "contacts" else self.work.scope.parts
        return [
            Slice(
                name=f"{name} {part or '*'}",
                stream=stream,
                span=span,
                start={"page": 1} if part is None else {"page": 1, "inbox_id": part},
            )
            for part in parts
        ]

    async def _fill(self, one: Slice) -> None:
        kept = self.kept.get(one.name)
        at = dict(kept.checkpoint) if kept else dict(one.start)
        rules = await self._rules(one.stream)
        seen = 0
        while True:
            await self._let_syncs_pass()
            walked = at.pop("walked", [])
            page = await self.work.pull(_listed(one.stream), at)
            over = page.complete or self._beyond(one, page)
            if rules is None:
                await self._save_list(one, page, at, walked, over=over)
            else:
                await self._save(one, page, rules, over=over)
            if over:
                return
            seen += len(page.records)
            await self._say(min(0.99, seen / page.total) if page.total else 0.0)
            if page.checkpoint == at:
                reason = "its list does not go on from page to page"
                raise Upstream(TITLES[self.wanted.connector], reason, kind="server")
            at = dict(page.checkpoint)

    async def _rules(self, stream: StreamType) -> Rules | None:
        """Whose its records are; None for Chatwoot, which has rules of its own."""
        match stream.connector:
            case "linear":
                return await linear.rules_of(self.work, stream)
            case "attio":
                return await attio.rules_of(self.work, stream, self.companies)
            case "chatwoot":
                return None

    def _beyond(self, one: Slice, page: Page) -> bool:
        """Whether all that follows was made after the span: such lists have the oldest first."""
        if "created_after" not in one.start:
            return False
        made = [record.fields.get("source_created_at") for record in page.records]
        return bool(made) and all(isinstance(at, datetime) and at >= one.span.end for at in made)

    async def _save(self, one: Slice, page: Page, rules: Rules, *, over: bool) -> None:
        """One transaction: rows, what is not ours, rejected records, how far the slice is."""
        work, stream, kind = self.work, one.stream, one.stream.mirror.kind
        found = page.records
        if stream.connector == "attio":
            found = [row for row in found if one.span.holds(row.fields.get("source_created_at"))]
        async with work.writing() as conn:
            ours = await rules.belongs(conn, work, stream, found)
            saved = await work.save(conn, kind, ours, observed_at=page.asked_at)
            mine = {row.external_id for row in ours}
            others = [row.external_id for row in found if row.external_id not in mine]
            left = await leave(conn, work, kind, others, at=page.asked_at or work.present())
            await work.notice_drift(conn, stream.name, ours)
            await work.came_through(conn, stream.name, kind, mine)
            unfit = await own(conn, work, stream, rules.belongs, page.rejected)
            await work.quarantine(conn, stream.name, unfit)
            await work.page(conn, stream.name, rows=saved.written)
            await self._keep(conn, one, stored(page.checkpoint), over=over, records=len(ours))
        work.count(kind, saved)
        work.count(kind, Saved(deleted=left))
        self.records += len(ours)

    async def _save_list(
        self, one: Slice, page: Page, at: dict[str, Any], walked: list[str], *, over: bool
    ) -> None:
        """A page of contacts, or of conversations with the messages of those in the span."""
        found = page
        if one.stream.name == "contacts":
            there = [
                row for row in page.records if one.span.holds(row.fields.get("source_created_at"))
            ]
            found = replace(page, records=there)
        listed = _listed(one.stream)
        await save_page(self.work, listed, found, None)
        wants = "messages" in {stream.name for stream in self.wanted.streams}
        read = len(found.records)
        if wants and listed == "conversations":
            for record in self._talks(one, page):
                if record.external_id in walked:
                    continue
                await self._let_syncs_pass()
                read += await self._walk(record)
                walked = [*walked, record.external_id]
                async with self.work.writing() as conn:
                    kept = {**at, "walked": walked}
                    await self._keep(conn, one, kept, over=False, records=read)
                self.records += read
                read = 0
        async with self.work.writing() as conn:
            await self._keep(conn, one, stored(page.checkpoint), over=over, records=read)
        self.records += read

    def _talks(self, one: Slice, page: Page) -> list[Record]:
        """The project's conversations of a page that reach into the span."""
        return [
            row
            for row in page.records
            if row.kind == "conversation"
            and self.work.scope.holds(row.fields["inbox_id"])
            and one.span.meets(
                row.fields.get("source_created_at"),
                row.fields.get("source_updated_at") or row.fields.get("last_activity_at"),
            )
        ]

    async def _walk(self, record: Record) -> int:
        """Read the messages of a conversation; how many there are. One that fails by itself is
        reported, one that went away meanwhile is left to the next sync.
        """
        before = self.work.counters["messages_read"]
        updated_at = record.fields.get("source_updated_at")
        assert updated_at is None or isinstance(updated_at, datetime)
        walk = DueWalk(
            external_id=record.external_id, source_updated_at=updated_at, walk_cursor=None
        )
        try:
            await read_conversation(self.work, walk)
        except Upstream as error:
            if error.retryable or error.kind in {"auth", "rate_limit"}:
                raise
            if error.kind != "not_found":
                await self.work.report_record("messages", error, "conversation", record.external_id)
        return self.work.counters["messages_read"] - before

    async def _keep(
        self, conn: Conn, one: Slice, checkpoint: Mapping[str, Any], *, over: bool, records: int
    ) -> None:
        run = self.work.run
        await backfills.save(
            conn, run.project_id, run.run_id, one.name,
            checkpoint=checkpoint, done=over, records=records,
        )  # fmt: skip

    async def _let_syncs_pass(self) -> None:
        """Wait while a sync of the connector goes on. Raises SyncGoesOn when that takes long: then
        others may have this place in the worker.
        """
        run, connector = self.work.run, self.wanted.connector
        deadline = time.monotonic() + PATIENCE.total_seconds()
        while True:
            async with run.transaction() as conn:
                if not await backfills.sync_goes_on(conn, run.project_id, connector):
                    return
            if time.monotonic() >= deadline:
                reason = "a sync goes on; the backfill goes on after it"
                raise SyncGoesOn(
                    TITLES[connector], reason, kind="rate_limit", retry_after=AFTERWARDS
                )
            await asyncio.sleep(GLANCE.total_seconds())

    async def _say(self, part: float) -> None:
        """How far it is, `part` of the present slice included, and how long the rest may take."""
        note = f"{self.records} records read"
        advanced = self.done + part - self.done_before
        left = self.total - self.done - part
        if left > 0 and advanced > 0:
            seconds = (time.monotonic() - self.began) / advanced * left
            note += f"; {_about(seconds)} left"
        await self.work.run.progress(self.done, self.total, note)


def _listed(stream: StreamType) -> Any:
    """The list that a stream's history comes in."""
    return "conversations" if stream.name == "messages" else stream.name


def _window(span: Span, within: Mapping[str, Any] | None) -> dict[str, Any]:
    start, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
    at: dict[str, Any] = {"since": start.isoformat(), "until": end.isoformat()}
    return at if within is None else {**at, "within": within}


def _about(seconds: float) -> str:
    if seconds < 90:  # noqa: PLR2004
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"
