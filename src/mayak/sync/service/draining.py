"""Looking into what services told: the records that were named are read again, each once.

Deliveries wait in the database until what they named was read, so a kill at any moment loses none.
What is not heard of, or held back here, the next sync finds by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mayak.automation.model import JobRun, Outcome, Result
from mayak.connectors.attio import Attio
from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync.model import ALL_STREAMS, STREAMS, TITLES, BindingsChanged, Connector
from mayak.sync.queries import webhooks as queries
from mayak.sync.queries.webhooks import Told
from mayak.sync.service.at_hand import quick
from mayak.sync.service.looking import Look
from mayak.sync.service.merging import inherit
from mayak.sync.service.sources import Sources
from mayak.sync.service.work import Work

GATHER = timedelta(milliseconds=200)
"""What happens at once is told in many deliveries, such as one for each attribute of a record."""
BATCH = 500
"""Deliveries that are worked on together."""
MOST_STARTS = 5
"""A delivery that ended its worker as often as this is looked into no more."""
GAVE_UP = "Work on it began five times and never ended; the next sync reads the record."
AGAIN = timedelta(minutes=1)
"""After the source could not be reached."""
OBJECTS_EVERY = timedelta(days=1)


@dataclass(slots=True)
class Drain:
    """Owns what a run has read, and what it could not."""

    run: JobRun
    sources: Sources
    connector: Connector
    counters: Counter[str] = field(default_factory=Counter)
    notes: dict[str, None] = field(default_factory=dict)
    """What a person should know; each sentence once."""

    async def off(self) -> Result:
        """Work until nothing waits."""
        await asyncio.sleep(GATHER.total_seconds())
        while told := await self._take():
            self.counters["deliveries"] += len(told)
            try:
                await self._work_off(told)
            except Upstream as error:
                await self._give_back(told, error)
                if error.retryable and error.retry_after is None:
                    raise replace(error, retry_after=AGAIN) from error
                raise
        return self._result()

    async def _take(self) -> list[Told]:
        async with self.run.transaction() as conn:
            project_id, connector = self.run.project_id, self.connector
            lost = await queries.give_up(
                conn, project_id, connector, most=MOST_STARTS, error=GAVE_UP
            )
            if lost:
                self.counters["given_up"] += lost
                self.notes[GAVE_UP] = None
            return await queries.take(conn, project_id, connector, limit=BATCH)

    async def _give_back(self, told: Sequence[Told], error: Upstream) -> None:
        async with self.run.transaction() as conn:
            await queries.give_back(conn, self.run.project_id, told, error=str(error))

    async def _work_off(self, told: Sequence[Told]) -> None:
        """Read what a batch names; begins anew when what belongs to the project changes."""
        while True:  # a further round takes somebody who changes the bindings once more
            with suppress(BindingsChanged):
                return await self._read(told)

    async def _read(self, told: Sequence[Told]) -> None:
        wanted = wanted_by(self.connector, told)
        streams = wanted.streams(self.connector)
        work = await quick(self.run, self.sources, self.connector, streams, self.counters)
        if isinstance(work, str):
            self.counters["ignored"] += len(told)
            self.notes[work] = None
            async with self.run.transaction() as conn:
                await queries.finish(conn, self.run.project_id, told, "ignored", error=work)
            return
        refused: dict[str, str] = {}
        if self.connector == "attio":
            await self._know_objects(work)
            if merged := wanted.merged.get("companies"):
                database = self.run.resource(Database)
                refused = await inherit(
                    database, self.run.project_id, "attio", work.account_ref, merged
                )
                again = await quick(self.run, self.sources, self.connector, streams, self.counters)
                work = work if isinstance(again, str) else again
            await self._want_what_names(wanted)
        look = Look(work=work)
        for stream in STREAMS[self.connector]:
            if ids := wanted.ids.get(stream.name):
                await look.into(stream, ids)
        look.failures |= {("companies", old): reason for old, reason in refused.items()}
        self.notes |= dict.fromkeys(look.notes)
        await self._finish(told, look.failures)

    async def _know_objects(self, work: Work) -> None:
        """Learn again which objects of Attio are which streams: one may have been switched on."""
        async with self.run.transaction() as conn:
            endpoint = await queries.live(conn, self.run.project_id, "attio")
        if endpoint is None or endpoint.objects_at is None:
            return
        if now() - endpoint.objects_at < OBJECTS_EVERY:
            return
        assert isinstance(work.source, Attio)
        objects = await work.source.objects()
        async with self.run.transaction() as conn:
            await queries.know_objects(conn, endpoint, objects)

    async def _want_what_names(self, wanted: "Wanted") -> None:
        """After a merge, whatever named an old record names the new one now."""
        olds = [old for merged in wanted.merged.values() for old in merged]
        if olds:
            async with self.run.transaction() as conn:
                for stream, external_id in await queries.naming(conn, self.run.project_id, olds):
                    wanted.add(stream, external_id)

    async def _finish(self, told: Sequence[Told], failures: Mapping[tuple[str, str], str]) -> None:
        """Each delivery takes the outcome of what it named."""
        by_reason: dict[str | None, list[Told]] = {}
        for one in told:
            named = {(change.stream, change.external_id) for change in one.changes}
            named |= {(change.stream, change.replaces or "") for change in one.changes}
            reason = next((failures[name] for name in sorted(named) if name in failures), None)
            by_reason.setdefault(reason, []).append(one)
        async with self.run.transaction() as conn:
            for reason, group in by_reason.items():
                status: queries.DeliveryStatus = "done" if reason is None else "failed"
                await queries.finish(conn, self.run.project_id, group, status, error=reason)
                self.counters[status] += len(group)
                if reason is not None:
                    self.notes[reason] = None

    def _result(self) -> Result:
        counted = dict(self.counters)
        changed = sum(
            count for name, count in counted.items() if name.endswith(("_written", "_deleted"))
        )
        trouble = counted.get("failed") or counted.get("given_up") or counted.get("deletions_held")
        status: Outcome = "partial" if trouble else "ok" if changed else "skipped"
        said = " ".join(self.notes)
        quiet = f"{TITLES[self.connector]} told nothing that was new here."
        return Result(status=status, counters=counted, note=said or (None if changed else quiet))


@dataclass(slots=True)
class Wanted:
    """What a batch of deliveries names, each record once."""

    ids: dict[str, dict[str, bool]] = field(default_factory=dict)
    """By stream and id: whether the source said that it is gone."""
    merged: dict[str, dict[str, str]] = field(default_factory=dict)
    """By stream: the new id by the old one."""

    def add(self, stream: str, external_id: str, *, deleted: bool = False) -> None:
        ids = self.ids.setdefault(stream, {})
        ids[external_id] = ids.get(external_id, False) or deleted

    def streams(self, connector: Connector) -> list[str]:
        """What has to be known of to read it: a conversation brings its messages along."""
        if connector == "chatwoot":
            return [one.name for one in STREAMS[connector]]
        return [one.name for one in STREAMS[connector] if one.name in self.ids or self.merged]


def wanted_by(connector: Connector, told: Sequence[Told]) -> Wanted:
    """What these deliveries name and we copy."""
    wanted = Wanted()
    for change in (change for one in told for change in one.changes):
        if (connector, change.stream) not in ALL_STREAMS:
            continue  # who is in a list shows in the record that joined it
        wanted.add(change.stream, change.external_id, deleted=change.deleted)
        if change.replaces:
            wanted.add(change.stream, change.replaces, deleted=True)
            wanted.merged.setdefault(change.stream, {})[change.replaces] = change.external_id
    return wanted


async def drain(run: JobRun, sources: Sources, connector: Connector) -> Result:
    """Read again what a service said has changed.

    `skipped` when nothing had: then nothing that is made of the copy has to follow. Raises Upstream
    while the service is out of reach; the deliveries wait.
    """
    return await Drain(run, sources, connector).off()
