"""Trying failed things again, each by itself: a record by its id, a stream by its own step.

What is tried is taken with a lease, so that nobody else tries the same. A failure counts as an
attempt only when the source was there to be asked: an outage, a refused token and a rate limit say
nothing about a record.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from mayak.automation.model import JobRun, Outcome, Registry, Result
from mayak.automation.service import trigger
from mayak.errors import Upstream
from mayak.sync.model import (
    FIRST_RETRY,
    IN_A_ROW,
    RETRY_LEASE,
    STREAMS,
    TITLES,
    BindingsChanged,
    Claimed,
    Connector,
    StreamType,
    Verdict,
    Wish,
    next_step,
)
from mayak.sync.queries import letters, mirror, states
from mayak.sync.service.at_hand import know
from mayak.sync.service.driving import STEPS, Ready, lacks_permission, only_here, prepare
from mayak.sync.service.looking import AT_ONCE, Look
from mayak.sync.service.sources import Sources
from mayak.sync.service.work import SEE_ERRORS, SHARED, Work

OUTAGE = 2 * FIRST_RETRY
"""How long nothing is tried again after the source was out of reach."""
TEAMS = 500
"""So many teams are looked for before a record of Linear is called gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a run is to try; everything that is due when nothing is said."""

    ids: Sequence[UUID] | None = None
    connector: Connector | None = None

    @classmethod
    def of(cls, payload: Mapping[str, object]) -> "Asked":
        ids, connector = payload.get("ids"), payload.get("connector")
        return cls(
            ids=[UUID(str(one)) for one in ids] if isinstance(ids, list) else None,
            connector=next((one for one in STREAMS if one == connector), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Records that are asked for together, and the failing things that this may mend."""

    stream: StreamType
    ids: tuple[str, ...]
    rows: tuple[Claimed, ...]

    def split(self) -> Iterator["Unit"]:
        """One unit for each record."""
        for id_ in self.ids:
            rows = tuple(row for row in self.rows if row.record and row.record[1] == id_)
            yield Unit(stream=self.stream, ids=(id_,), rows=rows)


class Stopped(Exception):
    """Nothing more can be learnt of this source for now."""

    def __init__(self, why: str, wait: timedelta) -> None:
        super().__init__(why)
        self.wait = wait


async def retry(run: JobRun, sources: Sources) -> Result:
    """Try again what is due. A source that fails stops no other."""
    asked = Asked.of(run.payload)
    async with run.transaction() as conn:
        await letters.take_over(conn, run.project_id, run.run_id)
        due = await letters.due_sources(
            conn, run.project_id, ids=asked.ids, connector=asked.connector
        )
    counters = Counter[str]()
    notes: list[str] = []
    for connector in due:
        retrial = Retrial(run=run, sources=sources, connector=connector, ids=asked.ids)
        await retrial.off()
        counters += retrial.counters
        notes += retrial.notes
    return _result(counters, notes)


def _result(counters: Counter[str], notes: Iterable[str]) -> Result:
    moved = any(
        count and name.endswith(("_written", "_deleted")) for name, count in counters.items()
    )
    failed = counters["failed"] or counters["dead"]
    status: Outcome = "skipped"
    if moved or failed or counters["resolved"]:
        status = "partial" if failed or counters["left"] else "ok"
    note = " ".join(dict.fromkeys(notes)) or None
    return Result(status=status, counters=dict(counters), note=note)


@dataclass(slots=True, kw_only=True)
class Retrial:
    """Owns what is being tried again of one source."""

    run: JobRun
    sources: Sources
    connector: Connector
    ids: Sequence[UUID] | None
    counters: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    left: set[UUID] = field(default_factory=set)
    """Of which nothing was learnt."""
    in_a_row: int = 0
    believes: bool | None = None
    """Whether a record that the source does not have may be called gone; None: nobody looked."""

    async def off(self) -> None:
        """Try until nothing is due, or the source does not answer."""
        while True:  # a further round takes somebody who changes the bindings once more
            with suppress(BindingsChanged):
                return await self._try_what_is_due()

    async def _try_what_is_due(self) -> None:
        counters = Counter[str]()
        try:
            ready = await prepare(self.run, self.sources, self.connector, Wish(), counters)
        except Upstream as error:
            self.notes.append(str(error))
            await self._postpone(error.retry_after or OUTAGE)
            return
        if isinstance(ready, Verdict):  # nothing is to be read, so nothing is to be tried
            self.notes.append(ready.cause or "")
            return
        async with self.run.transaction() as conn:
            await know(conn, ready.work, [one.name for one in ready.work.streams])
        look = Look(work=ready.work, arrivals=True)
        try:
            while claimed := await self._claim():
                await self._try_these(ready, look, claimed)
        except Stopped as stopped:
            self.notes.append(str(stopped))
            await self._postpone(stopped.wait)
        finally:
            self.counters += counters
            self.notes += look.notes

    async def _try_these(self, ready: Ready, look: Look, claimed: Sequence[Claimed]) -> None:
        """Try them, and leave none in between."""
        try:
            await self._try(ready, look, claimed)
        except Stopped as stopped:
            await self._put_back(claimed, stopped.wait)
            await self._close(claimed)
            raise
        except BindingsChanged:
            await self._put_back(claimed, timedelta(0))
            raise
        await self._put_back(claimed, RETRY_LEASE)
        await self._close(claimed)

    async def _claim(self) -> list[Claimed]:
        async with self.run.transaction() as conn:
            return await letters.claim(
                conn, self.run.project_id, self.connector, self.run.run_id,
                ids=self.ids, limit=AT_ONCE,
            )  # fmt: skip

    async def _postpone(self, wait: timedelta) -> None:
        """Let everything that is due rest; no attempt is counted."""
        while claimed := await self._claim():
            self.counters["left"] += len(claimed)
            await self._put_back(claimed, wait)

    async def _put_back(self, rows: Iterable[Claimed], wait: timedelta) -> None:
        """Whatever of these is still being tried is pending as before."""
        ids = [row.id for row in rows]
        async with self.run.transaction() as conn:
            self.left |= await letters.put_back(conn, self.run.project_id, ids, wait=wait)

    async def _close(self, rows: Sequence[Claimed]) -> None:
        """Count what became of these, and let the states of their streams say so."""
        project_id = self.run.project_id
        async with self.run.transaction() as conn:
            became = await letters.outcomes(conn, project_id, [row.id for row in rows])
            for name in sorted({row.stream for row in rows}):
                await states.agree(conn, project_id, self.connector, name, next_step=SEE_ERRORS)
        for id_, status in became.items():
            failed = "left" if id_ in self.left else "failed"
            names = {"resolved": "resolved", "dead_letter": "dead"}
            self.counters[names.get(status, failed)] += 1

    async def _try(self, ready: Ready, look: Look, claimed: Sequence[Claimed]) -> None:
        """Streams before their records: a step that is made anyway may mend some of them."""
        for stream in STREAMS[self.connector]:
            rows = [row for row in claimed if row.stream == stream.name]
            whole = [row for row in rows if _needs_step(row)]
            if whole:
                await self._step(ready, stream, whole)
            for unit in _units(stream, [row for row in rows if not _needs_step(row)]):
                await self._attempt(look, unit)

    async def _step(self, ready: Ready, stream: StreamType, rows: Sequence[Claimed]) -> None:
        """Read one stream as a sync does. Raises Stopped when the source is out of reach."""
        work, name = ready.work, stream.name
        if (scope := ready.identity.missing.get(name)) is not None:
            await lacks_permission(work, name, scope)
            cause = f"{TITLES[self.connector]} wants the permission {scope}"
            await self._failed(rows, Upstream(TITLES[self.connector], cause, kind="auth"))
            return
        if any(row.is_record for row in rows):
            work.retry_due.add(name)  # one has no id to ask for: only the list can show it
        try:
            await STEPS[self.connector]()[name](work)
        except Upstream as error:
            alone = only_here(work, error)
            await work.fail(name, error, alone=alone)
            if error.kind in SHARED and not alone:
                raise Stopped(str(error), error.retry_after or OUTAGE) from error
            await self._failed([row for row in rows if not row.is_record], error)
            await self._put_back(rows, OUTAGE)
            return
        await self._succeeded(rows)
        if any(not row.is_record and row.kind in SHARED for row in rows):
            await self._read_the_rest()

    async def _read_the_rest(self) -> None:
        """What stood in the way of this stream stood in the way of all that come after it."""
        async with self.run.transaction() as conn:
            registry = self.run.resource(Registry)
            because = f"{TITLES[self.connector]} answers again"
            await trigger(
                conn, registry, self.run.project_id, f"{self.connector}_sync",
                trigger="cascade", upstream=[self.run.run_id], because=because,
            )  # fmt: skip

    async def _attempt(self, look: Look, unit: Unit) -> None:
        """Read records by id. Raises Stopped when the source is out of reach."""
        work = look.work
        sure = await self._may_believe(work)
        try:
            await look.read(unit.stream, dict.fromkeys(unit.ids, sure))
        except Upstream as error:
            await self._refused(look, unit, error)
            return
        self.in_a_row = 0
        if work.untrusted is not None and self.connector != "chatwoot":
            await self._put_back(unit.rows, RETRY_LEASE)  # whose a record is cannot be told
            return
        unread = [row for row in unit.rows if row.external_id in work.unreadable]
        await self._replaced(unread)
        for row in unread:
            reason = work.unreadable[row.external_id or ""]
            await self._failed([row], Upstream(TITLES[self.connector], reason, kind="schema"))
        await self._succeeded(unit.rows)

    async def _refused(self, look: Look, unit: Unit, error: Upstream) -> None:
        if error.kind == "rate_limit" or (error.kind == "auth" and not only_here(look.work, error)):
            raise Stopped(str(error), error.retry_after or OUTAGE) from error
        if error.kind == "auth":
            await self._put_back(unit.rows, RETRY_LEASE)
            return
        if len(unit.ids) > 1:
            for single in unit.split():
                await self._attempt(look, single)
            return
        if error.retryable:
            await self._prove_reachable(look.work)
        await self._failed(unit.rows, error)
        self.in_a_row += 1
        if error.retryable and self.in_a_row >= IN_A_ROW:
            raise Stopped(str(error), OUTAGE) from error

    async def _prove_reachable(self, work: Work) -> None:
        """That a record cannot be read is its own fault only while the source answers at all."""
        try:
            await work.source.who_am_i()
        except Upstream as error:
            raise Stopped(str(error), error.retry_after or OUTAGE) from error

    async def _may_believe(self, work: Work) -> bool:
        """Whether a missing record is gone. Linear shows nothing of a team that went out of sight,
        so all of them have to be there; the others say when they refuse.
        """
        if self.connector != "linear":
            return True
        if self.believes is None:
            async with self.run.transaction() as conn:
                rows = await mirror.records(
                    conn, self.run.project_id, "team", deleted=False, limit=TEAMS
                )
            teams = {row["external_id"] for row in rows} | work.scope.ids("team")
            found = await work.source.fetch("teams", sorted(teams)) if teams else None
            self.believes = found is None or not found.missing
        return self.believes

    async def _failed(self, rows: Iterable[Claimed], error: Upstream) -> None:
        ids = [row.id for row in rows]
        async with self.run.transaction() as conn:
            await letters.failed_again(
                conn, self.run.project_id, ids, kind=error.kind, message=str(error),
                next_step=next_step(error.kind, self.connector),
            )  # fmt: skip

    async def _replaced(self, rows: Iterable[Claimed]) -> None:
        """Those that fail for another reason than before have another error now."""
        ids = [row.id for row in rows]
        async with self.run.transaction() as conn:
            await letters.succeeded(conn, self.run.project_id, ids, replaced_only=True)

    async def _succeeded(self, rows: Iterable[Claimed]) -> None:
        async with self.run.transaction() as conn:
            await letters.succeeded(conn, self.run.project_id, [row.id for row in rows])


def _needs_step(row: Claimed) -> bool:
    """Whether there is nothing to ask for but the stream."""
    return row.record is None and row.parent_id is None


def _units(stream: StreamType, rows: Sequence[Claimed]) -> Iterator[Unit]:
    """What to ask for, once each: of Chatwoot a message comes with its conversation."""
    by_id: dict[tuple[str, str], list[Claimed]] = {}
    for row in rows:
        kind, id_ = row.record or ("conversation", row.parent_id or "")
        if stream.connector == "chatwoot" and stream.name == "messages":
            kind, id_ = "conversation", row.parent_id or id_
        by_id.setdefault((kind, id_), []).append(row)
    streams = {one.mirror.kind: one for one in STREAMS[stream.connector]}
    together = AT_ONCE if stream.connector != "chatwoot" else 1
    items = sorted(by_id.items())
    for start in range(0, len(items), together):
        some = items[start : start + together]
        kind = some[0][0][0]
        yield Unit(
            stream=streams.get(kind, stream),
            ids=tuple(id_ for (_, id_), _ in some),
            rows=tuple(row for _, of_one in some for row in of_one),
        )
