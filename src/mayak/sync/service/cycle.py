"""The cycle: every source of a project at once, each on its own."""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mayak.automation.model import JobRun, Result, Trigger
from mayak.errors import Upstream
from mayak.sync.model import CONNECTORS, TITLES, Connector, Wish
from mayak.sync.service.driving import sync
from mayak.sync.service.sources import Sources


class Shared:
    """Adds up how far several parts of one run are."""

    def __init__(self, run: JobRun) -> None:
        self._run = run
        self._parts: dict[str, tuple[int, int | None, str | None]] = {}

    async def say(self, part: str, done: int, total: int | None, note: str | None) -> None:
        self._parts[part] = (done, total, note)
        totals = [one[1] for one in self._parts.values()]
        notes = [f"{name}: {one[2]}" for name, one in self._parts.items() if one[2]]
        await self._run.progress(
            sum(one[0] for one in self._parts.values()),
            None if None in totals else sum(total or 0 for total in totals),
            "; ".join(notes) or None,
        )


@dataclass(frozen=True, slots=True)
class PartOfRun:
    """A run as one of its parts sees it: everything is the run's, progress is added up."""

    run: JobRun
    part: str
    shared: Shared

    @property
    def project_id(self) -> UUID:
        return self.run.project_id

    @property
    def run_id(self) -> UUID:
        return self.run.run_id

    @property
    def trigger(self) -> Trigger:
        return self.run.trigger

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.run.payload

    @property
    def slot_at(self) -> datetime | None:
        return self.run.slot_at

    @property
    def started_at(self) -> datetime:
        return self.run.started_at

    def resource(self, kind: type[Any]) -> Any:
        return self.run.resource(kind)

    def transaction(self, *, ends: Result | None = None) -> AbstractAsyncContextManager[Any]:
        return self.run.transaction(ends=ends)

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        await self.shared.say(self.part, done, total, note)


async def sync_all(run: JobRun, sources: Sources, wish: Wish) -> Result:
    """Sync every source of the project, all at the same time; one that fails stops no other.

    Raises Upstream when every source that was to be read failed: then nothing downstream has
    anything new to look at. A source without credentials or bindings is none to be read.
    """
    shared = Shared(run)
    outcomes = await asyncio.gather(
        *(
            _one(PartOfRun(run, TITLES[connector], shared), sources, connector, wish)
            for connector in CONNECTORS
        ),
        return_exceptions=True,
    )
    for outcome in outcomes:  # raised when the others are through, and never swallowed
        if isinstance(outcome, BaseException) and not isinstance(outcome, Upstream):
            raise outcome
    by_source = dict(zip(CONNECTORS, outcomes, strict=True))
    failed = {name: one for name, one in by_source.items() if isinstance(one, Upstream)}
    results = {name: one for name, one in by_source.items() if isinstance(one, Result)}
    read = [one for one in results.values() if one.status != "skipped"]
    if failed and not read:
        raise _most_hopeful(list(failed.values()))
    counters: dict[str, int] = {}
    for name, one in results.items():
        for counter, count in one.counters.items():
            counters[counter] = counters.get(counter, 0) + count
        counters[f"{name}_{one.status}"] = 1
    counters |= {f"{name}_failed": 1 for name in failed}
    clean = not failed and all(one.status == "ok" for one in read)
    return Result(
        status="skipped" if not read else "ok" if clean else "partial",
        counters=counters,
        note=_note(failed, results),
    )


async def _one(
    run: JobRun, sources: Sources, connector: Connector, wish: Wish
) -> Result | Upstream:
    try:
        return await sync(run, sources, connector, wish)
    except Upstream as error:
        return error


def _most_hopeful(errors: list[Upstream]) -> Upstream:
    """The failure that says best when to come back: one that may heal before one that cannot."""
    return min(errors, key=lambda error: (not error.retryable, error.retry_after is None))


def _note(failed: Mapping[Connector, Upstream], results: Mapping[Connector, Result]) -> str | None:
    said = [f"{TITLES[name]} failed: {error}" for name, error in failed.items()]
    said += [f"{TITLES[name]}: {one.note}" for name, one in results.items() if one.note]
    return " ".join(said) or None
