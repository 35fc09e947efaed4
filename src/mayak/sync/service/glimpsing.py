"""Whose a record is that does not have the expected form, by what can still be read of it.

Quarantine keeps what a record says, so what is another project's must not get there; and what is
ours must, or the copy would lack it and say that all is well.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from mayak.connectors.base import Record, Rejected
from mayak.platform.db import Conn, Database
from mayak.sync.model import StreamType
from mayak.sync.queries import mirror
from mayak.sync.service.bindings import copied_elsewhere
from mayak.sync.service.work import Work

OF_COMPANIES = frozenset({"deals", "people", "notes", "tasks"})
"""Streams of Attio whose records belong to whom their company belongs to."""

Belongs = Callable[[Conn, Work, StreamType, list[Record]], Awaitable[list[Record]]]
"""The records of a page that are the project's own."""


async def own(
    conn: Conn, work: Work, stream: StreamType, belongs: Belongs, rejected: list[Rejected]
) -> list[Rejected]:
    """The rejected records that are the project's own: those that it has a copy of, and those that
    the rule of all others gives to it.
    """
    if work.scope.whole or not rejected:
        return rejected
    ids = [one.external_id for one in rejected if one.external_id]
    here = await mirror.live(conn, work.run.project_id, stream.mirror.kind, ids)
    found = []
    for one in rejected:
        if one.external_id in here:
            found.append(one)
            continue
        seen = list(_glimpses(one))
        if one.external_id is None and stream.name in {"issues", "projects", "companies"}:
            mine = any(_is_bound(work, glimpse) for glimpse in seen)  # no id: nothing to claim
        else:
            mine = bool(await belongs(conn, work, stream, seen))
        if mine:
            found.append(one)
    return found


async def untold(work: Work, stream: StreamType, rejected: list[Rejected]) -> list[str]:
    """The ids of rejected records of Attio that do not even say whose they are, and that no project
    has a copy of: any of them may be ours. One without an id is a question mark.
    """
    if work.scope.whole or stream.name not in OF_COMPANIES:
        return []
    silent = [one for one in rejected if _says_nothing(stream.name, one.payload)]
    ids = [one.external_id for one in silent if one.external_id]
    project_id, kind = work.run.project_id, stream.mirror.kind
    here, elsewhere = set[str](), set[str]()
    if ids:
        async with work.run.transaction() as conn:
            here = await mirror.live(conn, project_id, kind, ids)
        database = work.run.resource(Database)
        elsewhere = await copied_elsewhere(database, project_id, work.account_ref, kind, ids)
    return [one.external_id or "?" for one in silent if one.external_id not in here | elsewhere]


def _says_nothing(stream: str, payload: Any) -> bool:
    said = _dict(payload)
    match stream:
        case "notes":
            return not isinstance(said.get("parent_record_id"), str)
        case "tasks":
            return not isinstance(said.get("linked_records"), list)
        case _:
            return not isinstance(said.get("values"), dict)


def _is_bound(work: Work, glimpse: Record) -> bool:
    teams, projects = work.scope.ids("team"), work.scope.ids("project")
    fields = glimpse.fields
    theirs = {fields["team_id"], *_list(fields["team_ids"])}
    return not teams.isdisjoint(theirs) or fields["linear_project_id"] in projects


def _glimpses(one: Rejected) -> Iterator[Record]:
    """The record as far as it says what it hangs on: once for each company that it may be of."""
    said: Mapping[str, Any] = one.payload if isinstance(one.payload, dict) else {}
    companies = _targets(list(_dict(said.get("values")).values())) or [None]
    nodes = _dict(said.get("teams")).get("nodes")
    for company_id in companies:
        yield Record(
            kind=one.kind,
            external_id=one.external_id or "",
            payload={},
            content_hash=b"",
            fields={
                "team_id": _id(_dict(said.get("team")).get("id")),
                "team_ids": [_id(_dict(node).get("id")) for node in _list(nodes)],
                "linear_project_id": _id(
                    _dict(said.get("project")).get("id") or said.get("projectId")
                ),
                "issue_id": _id(said.get("issueId")),
                "company_id": company_id,
                "parent_id": _id(said.get("parent_record_id")),
                "linked_ids": _targets(_list(said.get("linked_records"))),
            },
        )


def _targets(values: list[Any]) -> list[Any]:
    """Ids of the records that are referred to, however deep in lists."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, list):
            found += _targets(value)
        elif isinstance(target := _dict(value).get("target_record_id"), str):
            found.append(target)
    return found


def _id(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
