"""Checking the copy against its sources, stream by stream; a source that fails stops no other."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from mayak.automation.model import JobRun, Outcome, Result
from mayak.connectors.base import Identity
from mayak.errors import Upstream
from mayak.sync.model import TITLES, BindingsChanged, Connector, StreamType, Verdict, Wish
from mayak.sync.model.reconciliation import KINDS, Choice, Compared, Downstreams, Stage
from mayak.sync.queries import comparing as comparing_queries
from mayak.sync.queries import findings, mirror, reconciliation
from mayak.sync.service import attio, comparing
from mayak.sync.service.at_hand import know
from mayak.sync.service.driving import UNBOUND, only_here, prepare
from mayak.sync.service.repairing import Repair
from mayak.sync.service.rules import rules_of
from mayak.sync.service.settling import WATCHED
from mayak.sync.service.sight import look_for_sight
from mayak.sync.service.sources import Sources
from mayak.sync.service.threads import Threads
from mayak.sync.service.work import SHARED, Work


@dataclass(slots=True, kw_only=True)
class Check:
    """Owns what a run has found out."""

    run: JobRun
    sources: Sources
    choice: Choice
    mends: bool = False
    """Whether what differs is repaired at once."""
    counters: Counter[str] = field(default_factory=Counter)
    failures: list[Upstream] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    done: int = 0

    async def made(self) -> Result:
        """Check what was chosen. Raises Upstream when no source could be checked at all."""
        self.stages = await stages(self.run)
        for connector in self.choice.connectors:
            try:
                await self._check(connector)
            except Upstream as error:
                self.failures.append(error)
                self.notes.append(f"{TITLES[connector]}: {error}")
        if self.failures and not self.counters["streams_checked"]:
            raise self.failures[0]
        if not self.counters["streams_checked"] and not self.counters["streams_unknown"]:
            return Result(status="skipped", note=" ".join(self.notes) or None)
        clean = not self.failures and not self.counters["streams_unknown"]
        clean = clean and not self.counters["left"]
        status: Outcome = "ok" if clean else "partial"
        note = " ".join(dict.fromkeys(self.notes)) or None
        return Result(status=status, counters=dict(self.counters), note=note)

    async def _check(self, connector: Connector) -> None:
        """Begins anew when what belongs to the project changes meanwhile."""
        while True:  # a further round takes somebody who changes the bindings once more
            with suppress(BindingsChanged):
                try:
                    ready = await prepare(self.run, self.sources, connector, Wish(), self.counters)
                except Upstream as error:
                    await self._unknown(connector, self._streams(connector), str(error))
                    raise
                if isinstance(ready, Verdict):
                    await self._rest(connector, ready)
                    return
                await self._check_streams(ready.work, ready.identity)
                if self.mends:
                    await self._mend(ready.work)
                return

    def _streams(self, connector: Connector) -> list[StreamType]:
        """Those first whose absence says that a permission was lost."""
        return sorted(self.choice.streams(connector), key=lambda one: one.name not in WATCHED)

    async def _rest(self, connector: Connector, verdict: Verdict) -> None:
        """Nothing can be read. What was known of it is not known any more."""
        async with self.run.transaction() as conn:
            project_id = self.run.project_id
            checked = await reconciliation.ever_checked(conn, project_id, connector)
            if verdict is UNBOUND[connector]:
                await findings.close_all(conn, project_id, connector)
        if checked:
            await self._unknown(connector, self._streams(connector), verdict.cause or "")
            self.counters["streams_unknown"] -= len(self._streams(connector))

    async def _unknown(
        self, connector: Connector, streams: Sequence[StreamType], cause: str
    ) -> None:
        """A row that says why nothing is known."""
        async with self.run.transaction() as conn:
            project_id = self.run.project_id
            counts = await comparing_queries.local_counts(conn, project_id, connector)
            twice = await comparing_queries.surpluses(conn, project_id, connector)
            rows = {
                one.name: Compared(
                    local_count=counts[one.name], duplicate=twice.get(one.name, 0), cause=cause
                )
                for one in streams
            }
            await reconciliation.measure(
                conn, project_id, self.run.run_id, connector, "full", rows, self._stages(connector)
            )
        self.counters["streams_unknown"] += len(streams)

    def _stages(self, connector: Connector) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.stages:
            if one.connector == connector:
                found.setdefault(one.stream, []).append(asdict(one))
        return found

    async def _check_streams(self, work: Work, identity: Identity) -> None:
        streams = self._streams(work.connector)
        async with self.run.transaction() as conn:
            await know(conn, work, [one.name for one in work.streams])
        companies = attio.Companies()
        try:
            await look_for_sight(work)
        except Upstream as error:
            await self._unknown(work.connector, streams, str(error))
            raise
        again: list[StreamType] = []
        for attempt in (streams, again):  # what failed for a moment is listed once more
            last = attempt is again
            for place, stream in enumerate(list(attempt)):
                cause = _closed(work, identity, stream)
                if cause is not None:
                    await self._unknown(work.connector, [stream], cause)
                    continue
                try:
                    await self._check_stream(work, stream, companies)
                except Upstream as error:
                    if error.kind in SHARED and not only_here(work, error):
                        rest = [*attempt[place:], *(() if last else again)]
                        await self._unknown(work.connector, rest, str(error))
                        raise
                    if error.retryable and not last:
                        again.append(stream)
                        continue
                    await self._unknown(work.connector, [stream], str(error))
                    self.notes.append(f"{TITLES[work.connector]} {stream.name}: {error}")
                await self._say(work, stream)
        if work.untrusted is not None:
            self.notes.append(work.untrusted)

    async def _say(self, work: Work, stream: StreamType) -> None:
        self.done += 1
        total = sum(len(self.choice.streams(one)) for one in self.choice.connectors)
        note = f"{TITLES[work.connector]} {stream.name} compared"
        await self.run.progress(self.done, total, note)

    async def _check_stream(
        self, work: Work, stream: StreamType, companies: attio.Companies
    ) -> None:
        if stream.connector == "chatwoot" and stream.name == "messages":
            compared = await Threads(work=work, stream=stream).compare()
            outcome = comparing.Outcome(compared=compared, differences=[], sure=frozenset())
        else:
            rules = await rules_of(work, stream, companies)
            if work.untrusted is not None:  # a list that is bound is gone: whose is what it held?
                cause = _closed(work, None, stream) or ""
                await self._unknown(work.connector, [stream], cause)
                return
            outcome = await comparing.compare(work, stream, rules)
        await self._keep(work, stream, outcome)

    async def _keep(self, work: Work, stream: StreamType, outcome: comparing.Outcome) -> None:
        """One transaction: the numbers, the findings, and the end of those that were not seen."""
        project_id, connector, name = self.run.project_id, work.connector, stream.name
        async with self.run.transaction() as conn:
            await findings.find(conn, project_id, connector, name, outcome.differences)
            over = await findings.unseen(conn, project_id, connector, name, outcome.sure)
            live = await mirror.live(conn, project_id, stream.mirror.kind, list(over.values()))
            await findings.close(conn, project_id, connector, name, over, live=live)
            rows = {name: outcome.compared}
            await reconciliation.measure(
                conn, project_id, self.run.run_id, connector, "full", rows, self._stages(connector)
            )
        self.counters["streams_checked"] += 1
        for kind in KINDS:
            self.counters[kind] += getattr(outcome.compared, kind) or 0

    async def _mend(self, work: Work) -> None:
        choice = Choice(connector=work.connector, stream=self.choice.stream)
        repair = Repair(work=work, choice=choice)
        await repair.made()
        self.counters += repair.counters
        self.notes += repair.notes
        self.failures += repair.failures


def _closed(work: Work, identity: Identity | None, stream: StreamType) -> str | None:
    """Why a stream cannot be compared; None when it can."""
    if identity is not None and (scope := identity.missing.get(stream.name)) is not None:
        return f"The token of {TITLES[work.connector]} lacks the permission {scope}."
    if work.untrusted is not None:
        return f"{work.untrusted} Nothing was compared, and nothing was deleted here."
    return None


async def stages(run: JobRun) -> list[Stage]:
    """What everybody further down the line has made of the copy."""
    async with run.transaction() as conn:
        return [
            stage
            for downstream in run.resource(Downstreams).each
            for stage in await downstream(conn, run.project_id)
        ]


async def check(run: JobRun, sources: Sources, choice: Choice, *, mends: bool = False) -> Result:
    """Compare what was chosen with its sources, and repair it at once if it `mends`."""
    return await Check(run=run, sources=sources, choice=choice, mends=mends).made()
