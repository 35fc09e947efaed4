"""One sync of one project from one source: what its steps share, and what every stream needs."""

import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mayak.automation.model import JobRun
from mayak.connectors.base import Checkpoint, Page, Record, Rejected
from mayak.connectors.base import Connector as Source
from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.platform.db import Conn
from mayak.sync.model import (
    LEASE,
    MIRRORS,
    RECORDS_FAILED,
    STREAMS,
    TITLES,
    BindingsChanged,
    Connector,
    Saved,
    Scope,
    StreamType,
    Verdict,
    Wish,
    next_step,
    verdict_of,
)
from mayak.sync.queries import bindings, errors, fields, findings, mirror, states

SHARED = frozenset({"auth", "rate_limit"})
"""Failures that every other stream would run into as well."""
NUMBERS = re.compile(r"\d+")
CHECK_SIGHT = (
    "Check what the credential may see. If they are really gone, sync once more with "
    "`accept_deletions`."
)
HELD = "nothing was deleted here."
"""How the cause ends when deletions wait for a person."""
SEE_ERRORS = "See the list of connector errors; the next sync tries them again."
COUNTED: Mapping[str, str] = {
    **{one.mirror.kind: one.name for streams in STREAMS.values() for one in streams},
    "attachment": "attachments",
}
"""What the counters of a run call each kind of record."""
TOLD_OF = (500, 5_000, 50_000)
"""After how many rows written by one run the planner hears of them."""


@dataclass(slots=True, kw_only=True)
class Work:
    """Owns what this run has counted and what it knows to be failing."""

    run: JobRun
    connector: Connector
    source: Source
    scope: Scope
    account_ref: str
    wish: Wish = field(default_factory=Wish)
    clock_offset: timedelta = timedelta(0)
    """The server's clock minus ours."""
    at: datetime = field(default_factory=now)
    """The database's clock when it last answered."""
    counters: Counter[str] = field(default_factory=Counter)
    failing: dict[str, set[str]] = field(default_factory=dict)
    """Records with an open error, of the streams that have begun."""
    retry_due: set[str] = field(default_factory=set)
    """Streams whose lists have to be read again for the sake of rejected records."""
    drift: dict[str, set[str]] = field(default_factory=dict)
    """Fields that each stream is known to have."""
    reread: set[str] = field(default_factory=set)
    """Streams that another one showed to have more than their window."""
    untrusted: str | None = None
    """Why nothing that is missing may be called deleted: something that we saw is out of sight."""
    set_aside: set[tuple[str, str, str | None]] = field(default_factory=set)
    """Rejected records by stream, fingerprint and id: seen twice in a run, one attempt failed."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Records asked for by id that did not have the expected form, with the reason."""
    first: set[str] = field(default_factory=set)
    """Streams that were never read to their end: what they show now is what is expected."""
    arriving: set[str] = field(default_factory=set)
    """Kinds of which most of the last page was new or different; the next is likely the same."""
    kept: Counter[str] = field(default_factory=Counter)
    """Rows written so far by kind."""
    totals: dict[str, int] = field(default_factory=dict)
    """By stream: how many records of ours the source showed in a list that was read to its end."""

    @property
    def streams(self) -> tuple[StreamType, ...]:
        return STREAMS[self.connector]

    def server_now(self) -> datetime:
        return now() + self.clock_offset

    def present(self) -> datetime:
        """An instant that is surely over, as late as we know one, by the clock that all workers
        share: the database's, when it last answered.

        What is asked for from here on is dated by it. A later date would be a guess, and of two
        answers the one with the wrong guess could win; what changes after this one is found by the
        next sync, whose watermarks are no later.
        """
        return self.at

    def doubt(self) -> Verdict | None:
        """The state of every stream once something is out of sight."""
        if self.untrusted is None:
            return None
        cause = f"{self.untrusted} Nothing was deleted here."
        return Verdict(status="partial", cause=cause, next_step=CHECK_SIGHT)

    def count(self, kind: str, saved: Saved) -> None:
        name = COUNTED[kind]
        self.counters[f"{name}_written"] += saved.written
        self.counters[f"{name}_deleted"] += saved.deleted
        self.counters[f"{name}_unchanged"] += saved.unchanged

    async def pull(self, stream: str, checkpoint: Checkpoint) -> Page:
        """One page, which knows when it was asked for."""
        asked_at = self.present()
        return replace(await self.source.pull(stream, checkpoint), asked_at=asked_at)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Conn]:
        """A unit of work in which what is bound stays bound: taking it away waits, and finds the
        rows. Raises BindingsChanged when the run reads something else than what is bound now.
        """
        async with self.run.transaction() as conn:
            project_id = self.run.project_id
            bound = await bindings.held(conn, project_id, self.connector, self.account_ref)
            if Scope.of(bound) != self.scope:
                raise BindingsChanged
            yield conn

    async def begin(self, stream: str) -> dict[str, Any]:
        """Mark the stream as running; the checkpoint at which it stopped."""
        project_id = self.run.project_id
        async with self.writing() as conn:
            checkpoint = await states.begin(
                conn, project_id, self.connector, stream, run_id=self.run.run_id, lease=LEASE
            )
            self.at = await states.clock(conn)
            self.failing[stream] = await errors.failing(conn, project_id, self.connector, stream)
            self.drift[stream] = await fields.known(conn, project_id, self.connector, stream)
            if not await states.succeeded(conn, project_id, self.connector, stream):
                self.first.add(stream)
            if await errors.retry_due(conn, project_id, self.connector, stream):
                self.retry_due.add(stream)
        return checkpoint

    async def save(
        self, conn: Conn, kind: str, records: list[Record], *, observed_at: datetime | None
    ) -> Saved:
        """Write records of one kind; `observed_at` is when the request began."""
        saved = await mirror.save(
            conn,
            self.run.project_id,
            kind,
            records,
            observed_at=observed_at or self.present(),
            trust=self.wish.full,
            expect_new=kind in self.arriving,
        )
        if records:
            most_differed = saved.written + saved.deleted > saved.unchanged
            (self.arriving.add if most_differed else self.arriving.discard)(kind)
        before, self.kept[kind] = self.kept[kind], self.kept[kind] + saved.written
        if any(before < rows <= self.kept[kind] for rows in TOLD_OF):
            await mirror.learn(conn, kind, self.kept[kind])
        return saved

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
        """The last statement of a page: its checkpoint, its counters, a new lease.

        Last, because it locks the row that the other reader of the stream needs too.
        """
        self.counters["pages"] += 1
        await states.do_not_wait_for_disk(conn)
        self.at = await states.page(
            conn,
            self.run.project_id,
            self.connector,
            stream,
            checkpoint=None if checkpoint is None else dict(checkpoint),
            rows=rows,
            seen=seen,
            total=total,
            lease=LEASE,
        )

    async def came_through(
        self, conn: Conn, stream: str, kind: str, external_ids: Iterable[str]
    ) -> None:
        """Resolve the errors of these records, if they have any."""
        failing = self.failing[stream]
        if failing and (healed := failing & {named(kind, id_) for id_ in external_ids}):
            await errors.resolve(conn, self.run.project_id, self.connector, stream, healed)

    async def quarantine(self, conn: Conn, stream: str, rejected: list[Rejected]) -> None:
        """Put rejected records aside, so that their page can go on."""
        rows = {}
        for one in rejected:
            mark = fingerprint("schema", f"{one.kind} {one.reason}")
            external_id = None if one.external_id is None else named(one.kind, one.external_id)
            if external_id is not None and (stream, mark, external_id) in self.set_aside:
                continue
            self.set_aside.add((stream, mark, external_id))
            rows[mark, external_id] = {
                "kind": "schema",
                "fingerprint": mark,
                "message": f"A {one.kind} does not have the expected form: {one.reason}",
                "external_id": external_id,
                "parent_id": one.parent_id,
                # Without any it would count as a failure of the whole stream.
                "payload": {"row": None} if one.payload is None else one.payload,
                "next_step": f"Look at the record in {TITLES[self.connector]}; its last good copy "
                "stays. A retry reads this record alone.",
            }
        project_id = self.run.project_id
        await errors.report(conn, project_id, self.connector, stream, list(rows.values()))
        self.counters["rejected"] += len(rows)

    def notice_unreadable(self, rejected: Iterable[Rejected]) -> None:
        """Remember what a request for single records could not bring."""
        for one in rejected:
            if one.external_id is not None:
                self.unreadable[named(one.kind, one.external_id)] = one.reason

    async def notice_drift(self, conn: Conn, stream: str, records: Iterable[Record]) -> None:
        """Remember fields and values that this stream never had before."""
        new = set().union(*(shape(one) for one in records)) - self.drift[stream]
        if new:
            first = stream in self.first
            project_id = self.run.project_id
            await fields.add(conn, project_id, self.connector, stream, new, expected=first)
            self.drift[stream] |= new
            if not first:
                self.counters["drift"] += len(new)

    async def report_record(self, stream: str, error: Upstream, kind: str, id_: str) -> None:
        """One record, or what lives in it, cannot be read; others may."""
        async with self.writing() as conn:
            await self._report(conn, stream, error, (kind, id_))

    async def fail(self, stream: str, error: Upstream, *, alone: bool = False) -> None:
        """Record the failure of a stream, and the state that it means.

        A token or a limit is shared by all streams: then the ones after it fail with it, unless it
        fails `alone`.
        """
        verdict = verdict_of(error, self.connector)
        names = [one.name for one in self.streams]
        shared = names[names.index(stream) :] if error.kind in SHARED and not alone else [stream]  # type: ignore[arg-type]
        async with self.run.transaction() as conn:
            project_id = self.run.project_id
            await self._report(conn, stream, error, None)
            await states.forget_run(conn, project_id, self.connector)
            for one in shared:
                await states.settle(conn, project_id, self.connector, one, verdict)

    async def _report(
        self, conn: Conn, stream: str, error: Upstream, record: tuple[str, str] | None
    ) -> None:
        row = {
            "kind": error.kind,
            "fingerprint": fingerprint(error.kind, error.reason),
            "message": str(error),
            "external_id": None if record is None else named(*record),
            "parent_id": None if record is None else record[1],
            "payload": None,
            "next_step": next_step(error.kind, self.connector),
        }
        await errors.report(conn, self.run.project_id, self.connector, stream, [row])

    async def finish(
        self, stream: str, lacking: Verdict | None = None, *, fresh_until: datetime | None = None
    ) -> bool:
        """Leave the stream as ok; False and partial when some of its records are failing.

        `lacking` is the state when no record failed and something is missing all the same.
        """
        project_id = self.run.project_id
        async with self.run.transaction() as conn:
            await errors.resolve_stream(conn, project_id, self.connector, stream)
            left = await errors.unresolved(conn, project_id, self.connector, stream)
            verdict = lacking or Verdict(status="ok")
            if left and verdict.status == "ok":
                cause = f"{left} {RECORDS_FAILED}"
                verdict = Verdict(status="partial", cause=cause, next_step=SEE_ERRORS)
            if verdict.status == "ok" and (said := await self._held(conn, stream)):
                verdict = Verdict(status="partial", cause=said, next_step=CHECK_SIGHT)
            await states.settle(
                conn, project_id, self.connector, stream, verdict, fresh_until=fresh_until
            )
        return verdict.status == "ok"

    async def _held(self, conn: Conn, stream: str) -> str | None:
        """What a check said of deletions that it did not believe, while the rows are still here.

        No window of a sync shows them: without this the next one would call the stream well.
        """
        project_id = self.run.project_id
        held = await findings.held(conn, project_id, self.connector, stream, said=HELD)
        kind = next(one.mirror.kind for one in self.streams if one.name == stream)
        here = await mirror.live(conn, project_id, kind, list(held)) if held else set()
        return next((said for id_, said in held.items() if id_ in here), None)


def shape(record: Record) -> set[str]:
    """What a record looks like: its members with their types, and values of closed sets."""
    found = {
        f"{name}:{_TYPES.get(type(value), 'other')}"
        for name, value in record.payload.items()
        if value is not None
    }
    for name in MIRRORS[record.kind].closed:
        if (value := record.fields.get(name)) is not None:
            found.add(f"{name}={value}"[:200])
    return found


_TYPES: Mapping[type, str] = {
    str: "text",
    bool: "flag",
    int: "number",
    float: "number",
    list: "list",
    dict: "object",
}


def named(kind: str, external_id: str) -> str:
    """A record in the list of errors, where ids of several kinds meet."""
    return f"{kind} {external_id}"


def fingerprint(kind: str, reason: str) -> str:
    """The same for failures that differ only in their numbers."""
    return hashlib.sha256(f"{kind} {NUMBERS.sub('#', reason)}".encode()).hexdigest()[:16]
