"""What Attio's streams have of their own: which companies are the project's, and what is theirs."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from mayak.connectors.attio import Attio
from mayak.connectors.base import Record
from mayak.errors import Upstream
from mayak.platform.db import Conn
from mayak.sync.model import STREAMS, StreamType, Verdict
from mayak.sync.queries import bindings, leaving, mirror
from mayak.sync.service.linear import claim
from mayak.sync.service.reading import Rules, read_stream
from mayak.sync.service.work import Work

BIND_AGAIN = "Bind the company that took its place, or take the binding away."
WORKSPACE = frozenset({"attributes", "members"})


@dataclass(slots=True)
class Companies:
    """Owns the companies that the bindings of this run come to, once they were asked for."""

    wanted: set[str] | None = None
    lost: list[str] = field(default_factory=list)
    """Lists and filters that Attio does not know any more."""


def steps() -> dict[str, Callable[[Work], Awaitable[bool]]]:
    """How each stream is read."""
    companies = Companies()
    return {one.name: partial(_read, stream=one, companies=companies) for one in STREAMS["attio"]}


async def _read(work: Work, *, stream: StreamType, companies: Companies) -> bool:
    clean = await read_stream(work, stream, await rules_of(work, stream, companies))
    if stream.name == "companies":
        clean = await _look_for_companies(work) and clean
    return clean


async def _look_for_companies(work: Work) -> bool:
    """Whether every bound company is in sight; else nothing that is missing counts as deleted."""
    wanted = sorted(work.scope.ids("company"))
    if not wanted or work.untrusted or work.wish.accept_deletions:
        return work.untrusted is None
    async with work.run.transaction() as conn:
        seen = await mirror.live(conn, work.run.project_id, "company", wanted)
    if lost := [id_ for id_ in wanted if id_ not in seen]:
        work.untrusted = (
            f"Attio does not show the company {', '.join(lost)}, which this project is bound to; "
            "it may have been merged into another one, or belong to another project."
        )
        verdict = Verdict(status="partial", cause=work.untrusted, next_step=BIND_AGAIN)
        await work.finish("companies", verdict)
    return not lost


async def rules_of(work: Work, stream: StreamType, companies: Companies | None = None) -> Rules:
    """What is kept of a stream. Attio is read whole: it cannot filter by what we are bound to."""
    if work.scope.whole or stream.name in WORKSPACE:
        return Rules(belongs=_all)
    if stream.name != "companies":
        return Rules(belongs=_of_ours)
    companies = companies or Companies()
    if companies.wanted is None:
        await _ask_for(work, companies)
    wanted = companies.wanted or set()

    async def of_wanted(
        conn: Conn, work: Work, _stream: StreamType, records: list[Record]
    ) -> list[Record]:
        within = [one for one in records if one.external_id in wanted]
        ours = await claim(conn, work, "company", [one.external_id for one in within])
        return [one for one in within if one.external_id in ours]

    lacking = {}
    if companies.lost:
        cause = f"Attio does not know {', '.join(companies.lost)} any more; nothing was deleted."
        step = "Bind what replaced it, or take the binding away."
        work.untrusted = work.untrusted or cause
        lacking["companies"] = Verdict(status="partial", cause=cause, next_step=step)
    return Rules(belongs=of_wanted, lacking=lacking)


async def _ask_for(work: Work, companies: Companies) -> None:
    """Which companies the bound lists and filters hold now, with those bound by themselves."""
    source = work.source
    assert isinstance(source, Attio)
    wanted = set(work.scope.ids("company"))
    for kind in ("list", "filter"):
        for external_id in sorted(work.scope.ids(kind)):
            try:
                pages = (
                    source.list_members(external_id)
                    if kind == "list"
                    else source.company_ids_of_filter(json.loads(external_id))
                )
                async for ids in pages:
                    wanted.update(ids)
            except Upstream as error:
                if error.kind != "not_found":
                    raise
                companies.lost.append(f"the {kind} {external_id}")
    companies.wanted = wanted


async def _all(
    _conn: Conn, _work: Work, _stream: StreamType, records: list[Record]
) -> list[Record]:
    return records


async def _of_ours(
    conn: Conn, work: Work, stream: StreamType, records: list[Record]
) -> list[Record]:
    """What hangs on a company of the project."""
    project_id = work.run.project_id
    if stream.name in {"deals", "people"}:
        of = {str(one.fields["company_id"]) for one in records if one.fields["company_id"]}
        ours = await bindings.claimed(conn, project_id, "attio", work.account_ref, "company", of)
        return [one for one in records if one.fields["company_id"] in ours]
    ids = {id_ for one in records for id_ in _hangs_on(one)}
    live = await leaving.ours(conn, project_id, ids)
    return [one for one in records if not live.isdisjoint(_hangs_on(one))]


def _hangs_on(record: Record) -> set[str]:
    """The records that a note or a task is about."""
    linked = record.fields.get("linked_ids")
    ids = {str(id_) for id_ in linked} if isinstance(linked, list | tuple) else set()
    parent = record.fields.get("parent_id")
    return ids | ({str(parent)} if parent else set())
