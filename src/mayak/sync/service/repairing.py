"""Repairing what differs: exactly the records that were found are read again, and no others.

What the source says it does not have is deleted here, unless that is so much that a person has to
look first.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from mayak.automation.model import JobRun, Outcome, Result
from mayak.connectors.base import Page
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import (
    TITLES,
    BindingsChanged,
    Connector,
    DueWalk,
    Saved,
    StreamType,
    Verdict,
    Wish,
)
from mayak.sync.model.reconciliation import Choice, Finding, FindingStatus
from mayak.sync.queries import comparing as comparing_queries
from mayak.sync.queries import findings, leaving, listings, mirror, reconciliation, states, walks
from mayak.sync.service import attio
from mayak.sync.service.at_hand import know
from mayak.sync.service.driving import prepare
from mayak.sync.service.listing import save_page
from mayak.sync.service.looking import Look
from mayak.sync.service.rules import rules_of
from mayak.sync.service.settling import bury, refetch, too_many
from mayak.sync.service.sight import look_for_sight
from mayak.sync.service.sources import Sources
from mayak.sync.service.walking import read_conversation
from mayak.sync.service.work import SHARED, Work, named

AT_ONCE = {"linear": 100, "attio": 20, "chatwoot": 10}
"""Records between two words about how far the repair is."""
UNSEEN = "Which of the two the source has is not known: too many rows are in no list."

Ends = dict[UUID, tuple[FindingStatus, str | None]]


@dataclass(slots=True, kw_only=True)
class Repair:
    """Owns how far the repair of one connector is."""

    work: Work
    choice: Choice
    counters: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    failures: list[Upstream] = field(default_factory=list)
    companies: attio.Companies = field(default_factory=attio.Companies)
    done: int = 0
    total: int = 0

    async def made(self) -> None:
        """Repair what was chosen, in the order in which streams need each other.

        What a source refuses stays open with the reason, and is among the failures.
        """
        run, work = self.work.run, self.work
        async with run.transaction() as conn:
            work.at = await states.clock(conn)
            streams = self.choice.streams(work.connector)
            by_stream = [
                await findings.open_findings(
                    conn, run.project_id, work.connector, one.name, self.choice
                )
                for one in streams
            ]
        self.total = sum(map(len, by_stream))
        for stream, found in zip(streams, by_stream, strict=True):
            if found:
                await self._mend(stream, found)
                if self.failures and self.failures[-1].kind in SHARED:
                    return

    async def _mend(self, stream: StreamType, found: list[Finding]) -> None:
        alone = [one for one in found if one.kind == "duplicate" and not one.here]
        await self._end({one.id: ("open", _left_alone(one, stream)) for one in alone})
        wanted: dict[str, list[Finding]] = {}
        for one in found:
            if one not in alone:
                wanted.setdefault(one.external_id, []).append(one)
        gone: dict[str, list[Finding]] = {}
        try:
            for some in _some(wanted, AT_ONCE[self.work.connector]):
                gone |= await self._read(stream, {id_: wanted[id_] for id_ in some})
                self.done += sum(len(wanted[id_]) for id_ in some)
                await self.work.run.progress(self.done, self.total, f"{stream.name} repaired")
        except Upstream as error:
            self.failures.append(error)
            self.notes.append(f"{stream.name}: {error}")
            await self._note_failure(stream, error)
        await self._bury(stream, gone)
        await self._restate(stream, found)

    async def _read(
        self, stream: StreamType, wanted: dict[str, list[Finding]]
    ) -> dict[str, list[Finding]]:
        """Read these records again; those that the source does not have and we do."""
        work, kind = self.work, stream.mirror.kind
        missing = set(await self._reread(stream, wanted))
        async with work.run.transaction() as conn:
            project_id = work.run.project_id
            ours = await comparing_queries.our_versions(conn, project_id, stream, list(wanted))
        ends: Ends = {}
        for id_, found in wanted.items():
            unread = work.unreadable.get(named(kind, id_))
            for one in found:
                if id_ in missing and id_ in ours:
                    continue
                if unread is not None and id_ not in missing:
                    ends[one.id] = ("open", f"It does not have the expected form: {unread}")
                elif id_ not in ours:
                    ends[one.id] = ("gone", None)
                elif _still_old(one, stream, ours[id_]):
                    ends[one.id] = ("open", "The source answered with an older state of it.")
                else:
                    ends[one.id] = ("repaired", None)
        await self._end(ends)
        return {id_: wanted[id_] for id_ in wanted if id_ in missing and id_ in ours}

    async def _reread(self, stream: StreamType, wanted: dict[str, list[Finding]]) -> list[str]:
        """Write what the source has of these records; the ids that it does not have."""
        work, ids = self.work, list(wanted)
        if stream.connector == "chatwoot" and stream.name == "messages":
            return await self._walk(wanted)
        if stream.connector == "chatwoot" and stream.name == "contacts":
            return await self._people(ids)
        if stream.connector == "chatwoot" and stream.name == "conversations":
            return await self._talks(stream, ids)
        rules = await rules_of(work, stream, self.companies)
        return await refetch(work, stream, rules.belongs, ids)

    async def _walk(self, wanted: dict[str, list[Finding]]) -> list[str]:
        """Messages are read a conversation at a time; that deletes what it does not show."""
        of = {str(one.detail["conversation_id"]) for found in wanted.values() for one in found}
        async with self.work.run.transaction() as conn:
            known = await comparing_queries.walked(conn, self.work.run.project_id, sorted(of))
        for id_, updated_at in known.items():
            walk = DueWalk(external_id=id_, source_updated_at=updated_at, walk_cursor=None)
            try:
                await read_conversation(self.work, walk)
            except Upstream as error:
                if error.kind != "not_found":
                    raise
        return []

    async def _people(self, ids: list[str]) -> list[str]:
        asked_at = self.work.present()
        found = await self.work.source.fetch("contacts", ids)
        self.work.notice_unreadable(found.rejected)
        page = Page(
            records=found.records, rejected=found.rejected, checkpoint={}, complete=True,
            asked_at=asked_at,
        )  # fmt: skip
        await save_page(self.work, "contacts", page, None)
        return sorted(found.missing)

    async def _talks(self, stream: StreamType, ids: list[str]) -> list[str]:
        """Conversations with their messages; one that is gone takes its messages along."""
        missing = sorted((await self.work.source.fetch(stream.name, ids)).missing)
        look = Look(work=self.work)
        await look.read(stream, {id_: False for id_ in ids if id_ not in missing})
        return missing

    async def _bury(self, stream: StreamType, gone: dict[str, list[Finding]]) -> None:
        """Delete what the source does not have, or say why that is left to a person."""
        if not gone:
            return
        work, project_id, kind = self.work, self.work.run.project_id, stream.mirror.kind
        async with work.writing() as conn:
            live = await listings.live(conn, project_id, kind)
            verdict = too_many(work, stream.name, len(gone), live)
            ends: Ends
            if verdict is None:
                await self._delete(conn, stream, sorted(gone))
                ends = {one.id: ("gone", None) for found in gone.values() for one in found}
            else:
                await states.settle(conn, project_id, work.connector, stream.name, verdict)
                ends = {one.id: ("open", verdict.cause) for found in gone.values() for one in found}
                self.notes.append(verdict.cause or "")
        await self._end(ends)

    async def _delete(self, conn: Conn, stream: StreamType, ids: list[str]) -> None:
        work, project_id, kind = self.work, self.work.run.project_id, stream.mirror.kind
        if kind == "conversation":
            silent = await walks.bury_conversations(conn, project_id, ids)
            work.count(kind, Saved(deleted=len(ids)))
            work.count("message", Saved(deleted=silent))
            return
        await bury(work, conn, stream, ids, at=work.present())
        if kind == "issue":
            silent = await leaving.bury_comments_of(conn, project_id, ids)
            work.count("comment", Saved(deleted=silent))

    async def _restate(self, stream: StreamType, found: Sequence[Finding]) -> None:
        """Correct the numbers of the last check by what became of its findings."""
        run, kind = self.work.run, stream.mirror.kind
        async with run.transaction() as conn:
            there = [one.external_id for one in found if one.kind in {"missing", "stale"}]
            here = await mirror.live(conn, run.project_id, kind, there)
            lasting = await findings.still_open(conn, run.project_id, [one.id for one in found])
            over = [one for one in found if one.id not in lasting]
            gone = {one.external_id for one in over if one.external_id in there} - here
            await reconciliation.restate(
                conn,
                run.project_id,
                run.run_id,
                self.work.connector,
                stream.name,
                local_count=await listings.live(conn, run.project_id, kind),
                mended=Counter(one.kind for one in over),
                gone=len(gone),
            )

    async def _note_failure(self, stream: StreamType, error: Upstream) -> None:
        async with self.work.run.transaction() as conn:
            project_id = self.work.run.project_id
            left = await findings.open_findings(
                conn, project_id, self.work.connector, stream.name, self.choice
            )
            await findings.settle(
                conn,
                project_id,
                {one.id: ("open", str(error)) for one in left if one.repair_error is None},
            )

    async def _end(self, ends: Ends) -> None:
        async with self.work.run.transaction() as conn:
            await findings.settle(conn, self.work.run.project_id, ends)
        for status, _ in ends.values():
            self.counters["left" if status == "open" else status] += 1


def _left_alone(finding: Finding, stream: StreamType) -> str:
    if finding.detail.get("where") is None:
        return UNSEEN
    title = TITLES[stream.connector]
    return f"Both are at the source: merge them in {title}."


def _still_old(finding: Finding, stream: StreamType, version: str | None) -> bool:
    """Whether a stale row is of the very state it was found in. Without a time nobody can tell."""
    return (
        finding.kind == "stale"
        and stream.version == "time"
        and version == finding.detail.get("our_version")
    )


def _some(ids: dict[str, list[Finding]], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while some := list(islice(rest, size)):
        yield some


async def repair(run: JobRun, sources: Sources, choice: Choice) -> Result:
    """Repair what was chosen. Raises Upstream when a source failed in a way that may pass: what is
    open still is tried again then.
    """
    counters = Counter[str]()
    notes: list[str] = []
    failures: list[Upstream] = []
    for connector in choice.connectors:
        async with run.transaction() as conn:
            wanted = [
                one
                for stream in choice.streams(connector)
                for one in await findings.open_findings(
                    conn, run.project_id, connector, stream.name, choice
                )
            ]
        if not wanted:
            continue
        try:
            done = await _repair(run, sources, connector, choice)
        except Upstream as error:
            failures.append(error)
            continue
        if isinstance(done, str):
            async with run.transaction() as conn:
                ends: Ends = {one.id: ("open", done) for one in wanted}
                await findings.settle(conn, run.project_id, ends)
            notes.append(done)
            counters["left"] += len(wanted)
            continue
        counters += done.counters
        notes += done.notes
        failures += done.failures
    for failure in failures:
        if failure.retryable or failure.kind == "rate_limit":
            raise failure
    notes += map(str, failures)
    left = counters["left"] or failures
    changed = counters["repaired"] or counters["gone"]
    status: Outcome = "partial" if left else "ok" if changed else "skipped"
    return Result(
        status=status, counters=dict(counters), note=" ".join(dict.fromkeys(notes)) or None
    )


async def _repair(
    run: JobRun, sources: Sources, connector: Connector, choice: Choice
) -> Repair | str:
    """The repair, or why nothing can be read."""
    wish = Wish(accept_deletions=choice.accept_deletions)
    while True:  # a further round takes somebody who changes the bindings once more
        with suppress(BindingsChanged):
            ready = await prepare(run, sources, connector, wish, Counter())
            if isinstance(ready, Verdict):
                return ready.cause or ""
            work = ready.work
            async with run.transaction() as conn:
                await know(conn, work, [one.name for one in work.streams])
            await look_for_sight(work)
            repair = Repair(work=work, choice=choice)
            await repair.made()
            return repair
