"""Looking live what a credential lets a project see."""

import asyncio
import time
from collections.abc import Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from mayak.connectors.attio import Attio
from mayak.connectors.base import Connector as Reader
from mayak.connectors.base import Identity, Part, Record
from mayak.errors import Misconfigured, Upstream
from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync.model import STREAMS, TITLES, Binding, Connector, Scope, next_step
from mayak.sync.queries import connections as queries
from mayak.sync.service.bindings import taken_elsewhere
from mayak.sync.service.driving import ESSENTIAL
from mayak.sync.service.offering import Offer, completed, not_connected
from mayak.sync.service.sources import Credentials, Source, Sources, ref_of

LONGEST = timedelta(seconds=45)
SHOWN = 3
RECENT = timedelta(days=30)
TODAY = timedelta(days=1)
MOST_INBOXES = 3
"""As many lists are looked at for a sample, and no more."""
PART_STREAMS = {
    "inbox": "inboxes",
    "team": "teams",
    "project": "projects",
    "company": "companies",
}
"""The stream that has the parts of a kind as its records."""
SAMPLED = {"chatwoot": "conversation", "linear": "issue", "attio": "company"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    kind: str
    """Of an upstream, or misconfigured."""
    message: str
    next_step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A part that is bound, and whether the credential sees it."""

    kind: str
    external_id: str
    name: str | None
    seen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Something of what is bound, as the service shows it now."""

    stream: str
    title: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a test; everything that was found until it failed, if it did."""

    source: Source | None
    credentials: Credentials | None
    """Those that were offered; None when the stored ones were tried."""
    identity: Identity | None
    parts: list[Part] | None
    coverage: list[Covered]
    sample: list[Sample]
    took: timedelta
    error: Failure | None


@dataclass(slots=True, kw_only=True)
class _Look:
    """Owns what was found so far."""

    database: Database
    project_id: UUID
    source: Source
    bound: list[queries.Bound]
    trusted: bool
    """Whoever asks has the credential anyway, or the project has its own."""
    identity: Identity | None = None
    parts: list[Part] | None = None
    coverage: list[Covered] = field(default_factory=list)
    sample: list[Sample] = field(default_factory=list)

    @property
    def connector(self) -> Connector:
        return self.source.connector

    @property
    def reader(self) -> Reader:
        return self.source.reader


async def try_offer(
    database: Database, sources: Sources, project_id: UUID, connector: Connector, offer: Offer
) -> Trial:
    """Ask who it is, what there is, whether all that is bound is in sight, and a few records.

    Raises InvalidInput for an offer that makes no sense, NotConnected when there is no credential.
    A service that fails is an answer, not an error.
    """
    async with database.transaction(project_id) as conn:
        connection = await queries.connection(conn, project_id, connector)
        offered = completed(offer, connector, connection, sources)
        bound = [one for one in await queries.bound(conn, project_id) if one.connector == connector]
        source: Source | None = None
        try:
            if offered is None:
                source = await sources.open(conn, project_id, connector, interactive=True)
            else:
                source = _offered(sources, connector, offered, connection)
        except Misconfigured as locked:
            return _locked(locked)
    if source is None:
        raise not_connected(connector)
    look = _Look(
        database=database, project_id=project_id, source=source, bound=bound,
        trusted=source.own,
    )  # fmt: skip
    began = time.monotonic()
    error = await _failure(look)
    return Trial(
        source=source,
        credentials=offered,
        identity=look.identity,
        parts=look.parts,
        coverage=look.coverage,
        sample=look.sample,
        took=timedelta(seconds=time.monotonic() - began),
        error=error,
    )


def _offered(
    sources: Sources, connector: Connector, offered: Credentials, connection: queries.Connection
) -> Source:
    reader = sources.reader(connector, offered, mapping=connection.mapping, interactive=True)
    return Source(
        connector=connector,
        reader=reader,
        account_ref=sources.ref(connector, offered),
        own=True,
    )


def _locked(error: Misconfigured) -> Trial:
    step = "Mend the setting that is named here, or give the credential once more."
    return Trial(
        source=None, credentials=None, identity=None, parts=None, coverage=[], sample=[],
        took=timedelta(0), error=Failure(kind="misconfigured", message=str(error), next_step=step),
    )  # fmt: skip


async def _failure(look: _Look) -> Failure | None:
    """Look at everything; what is wrong with it, if anything is."""
    try:
        async with asyncio.timeout(LONGEST.total_seconds()):
            await _everything(look)
    except Upstream as error:
        step = next_step(error.kind, look.connector)
        return Failure(kind=error.kind, message=str(error), next_step=step)
    except TimeoutError:
        message = f"{TITLES[look.connector]} did not answer in {LONGEST.total_seconds():.0f} s."
        return Failure(
            kind="network", message=message, next_step=next_step("network", look.connector)
        )
    return _lacking(look) or _out_of_sight(look)


async def _everything(look: _Look) -> None:
    look.identity = await look.reader.who_am_i()
    look.parts = await look.reader.parts()
    ref = ref_of(look.connector, look.identity, look.source)
    ours = [one.binding for one in look.bound if one.account_ref == ref]
    strangers = [one.binding for one in look.bound if one.account_ref != ref]
    look.coverage = await _covered(look, ours, look.parts)
    look.coverage += [_cover(one, seen=False) for one in strangers]
    look.sample = await _sample(look, ref, Scope.of(ours))


def _lacking(look: _Look) -> Failure | None:
    """A permission without which a sync would fail."""
    missing = look.identity.missing if look.identity else {}
    lost = {name: scope for name, scope in missing.items() if name in ESSENTIAL}
    if not lost:
        return None
    title = TITLES[look.connector]
    said = ", ".join(f"{scope} (for {name})" for name, scope in lost.items())
    return Failure(
        kind="auth",
        message=f"The token lacks {said}.",
        next_step=f"Give the token these permissions in {title}, then test again.",
    )


def _out_of_sight(look: _Look) -> Failure | None:
    """Parts that are bound and that this credential does not see: they would go out of date."""
    lost = [one.name or f"{one.kind} {one.external_id}" for one in look.coverage if not one.seen]
    if not lost:
        return None
    named = ", ".join(lost[:5]) + (" and others" if len(lost) > 5 else "")  # noqa: PLR2004
    return Failure(
        kind="not_found",
        message=f"This credential does not see what the project is bound to: {named}.",
        next_step="Use a credential that sees it, or take it away from the project first.",
    )


async def _covered(look: _Look, bound: Sequence[Binding], parts: Sequence[Part]) -> list[Covered]:
    """Which of the bound parts are in sight. A list may leave out what is not in use any more."""
    listed = {(one.kind, one.external_id): one.name for one in parts}
    found: set[tuple[str, str]] = set()
    for one in bound:
        if one.kind == "account" or (one.kind, one.external_id) in listed:
            found.add((one.kind, one.external_id))
    for kind, stream in PART_STREAMS.items():
        ids = [
            one.external_id
            for one in bound
            if one.kind == kind and (kind, one.external_id) not in found
        ]
        if ids and stream in {one.name for one in STREAMS[look.connector]}:
            found |= {(kind, id_) for id_ in await _there(look.reader, stream, ids)}
    for one in bound:
        if one.kind == "filter" and isinstance(look.reader, Attio):
            await _first_of(look.reader, one)  # raises what is wrong with it
            found.add((one.kind, one.external_id))
    return [
        _cover(
            replace(one, name=one.name or listed.get((one.kind, one.external_id))),
            seen=(one.kind, one.external_id) in found,
        )
        for one in bound
    ]


def _cover(binding: Binding, *, seen: bool) -> Covered:
    return Covered(kind=binding.kind, external_id=binding.external_id, name=binding.name, seen=seen)


async def _there(reader: Reader, stream: str, ids: Collection[str]) -> set[str]:
    fetched = await reader.fetch(stream, sorted(ids))
    trashed = {one.external_id for one in fetched.records if one.deleted}
    return set(ids) - fetched.missing - trashed


async def _first_of(reader: Attio, binding: Binding) -> list[str]:
    """The first companies of a list or a filter."""
    pages = (
        reader.list_members(binding.external_id)
        if binding.kind == "list"
        else reader.company_ids_of_filter(orjson.loads(binding.external_id))
    )
    async with aclosing(pages):  # type: ignore[type-var]
        async for ids in pages:
            if ids:
                return ids[:SHOWN]
    return []


async def _sample(look: _Look, ref: str, scope: Scope) -> list[Sample]:
    """The newest of what is bound; while nothing is, of all that a credential of our own sees."""
    if scope.empty:
        if not look.trusted or look.bound:
            return []
        scope = Scope(whole=True)
    records, names = await _records(look, scope)
    kind = SAMPLED[look.connector]
    mine = [one for one in records if one.kind == kind and not one.deleted]
    taken = await taken_elsewhere(
        look.database, look.project_id, look.connector, ref, [one.external_id for one in mine]
    )
    ours = [one for one in mine if (kind, one.external_id) not in taken.parts]
    samples = [_as_sample(one, names) for one in ours]
    samples.sort(key=lambda one: one.at.timestamp() if one.at else 0, reverse=True)
    return samples[:SHOWN]


async def _records(look: _Look, scope: Scope) -> tuple[list[Record], dict[str, str]]:
    """A few records, and the names of contacts that came along."""
    reader = look.reader
    if isinstance(reader, Attio):
        return await _companies(reader, scope), {}
    if look.connector == "linear":
        within = {"teams": sorted(scope.ids("team")), "projects": sorted(scope.ids("project"))}
        asked = {"first": SHOWN} if scope.whole else {"first": SHOWN, "within": within}
        return (await reader.pull("issues", asked)).records, {}
    records: list[Record] = []
    for inbox in scope.parts[:MOST_INBOXES]:
        of_inbox = {} if inbox is None else {"inbox_id": inbox}
        today = {"updated_within": int(TODAY.total_seconds()), **of_inbox}
        found = (await reader.pull("conversations", today)).records
        records += found or (await reader.pull("conversations", {"page": 1, **of_inbox})).records
    names = {
        one.external_id: str(one.fields["name"])
        for one in records
        if one.kind == "contact" and one.fields.get("name")
    }
    return records, names


async def _companies(reader: Attio, scope: Scope) -> list[Record]:
    if scope.whole:
        # Attio lists the oldest first, so only what is recent can be asked for alone.
        recent = (now() - RECENT).strftime("%Y-%m-%dT%H:%M:%S.000000000Z")
        found = (await reader.pull("companies", {"created_after": recent})).records
        return found or (await reader.pull("companies", {})).records
    ids = sorted(scope.ids("company"))[:SHOWN]
    for kind in ("list", "filter"):
        for external_id in sorted(scope.ids(kind))[:1] if len(ids) < SHOWN else ():
            ids += await _first_of(reader, Binding(kind=kind, external_id=external_id))
    return (await reader.fetch("companies", ids[:SHOWN])).records if ids else []


def _as_sample(record: Record, names: dict[str, str]) -> Sample:
    fields = record.fields
    stream = {"conversation": "conversations", "issue": "issues"}.get(record.kind, "companies")
    if record.kind == "issue":
        title = f"{fields.get('identifier')} {fields.get('title')}"
    elif record.kind == "conversation":
        who = names.get(str(fields.get("contact_id")))
        title = str(fields.get("subject") or who or f"Conversation {record.external_id}")
    else:
        title = str(fields.get("name") or record.external_id)
    at = fields.get("source_updated_at") or fields.get("source_created_at")
    return Sample(stream=stream, title=title[:200], at=at if isinstance(at, datetime) else None)
