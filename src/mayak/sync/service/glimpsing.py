"""Whose a record is that does not have the expected form, by what can still be read of it.

Quarantine keeps what a record says, so what is another project's must not get there; and what is
ours must, or the copy would lack it and say that all is well.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from mayak.connectors.base import Record, Rejected
from mayak.platform.db import Conn
from mayak.sync.model import StreamType
from mayak.sync.queries import mirror
from mayak.sync.service.work import Work

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
        if one.external_id is None and stream.name in {"issues", "companies"}:
            mine = any(_is_bound(work, glimpse) for glimpse in seen)  # no id: nothing to claim
        else:
            mine = bool(await belongs(conn, work, stream, seen))
        if mine:
            found.append(one)
    return found


def _is_bound(work: Work, glimpse: Record) -> bool:
    teams, projects = work.scope.ids("team"), work.scope.ids("project")
    fields = glimpse.fields
    return fields["team_id"] in teams or fields["linear_project_id"] in projects


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
                "team_id": _dict(said.get("team")).get("id"),
                "team_ids": [_dict(node).get("id") for node in _list(nodes)],
                "linear_project_id": _dict(said.get("project")).get("id") or said.get("projectId"),
                "issue_id": said.get("issueId"),
                "company_id": company_id,
                "parent_id": said.get("parent_record_id"),
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


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
