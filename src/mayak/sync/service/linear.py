"""What Linear's streams have of their own: whose an issue is, and which teams are in sight."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mayak.connectors.base import Record
from mayak.platform.db import Conn
from mayak.sync.model import STREAMS, StreamType, Verdict
from mayak.sync.queries import bindings, leaving, mirror
from mayak.sync.service.reading import Rules, read_stream
from mayak.sync.service.work import CHECK_SIGHT, Work

STRUCTURE = frozenset({"teams", "states", "labels", "cycles"})
CUSTOMERS = Verdict(
    status="ok",
    cause="Linear does not say which customers belong to a team: none are copied.",
    next_step="Bind the whole workspace to copy its customers.",
)


def steps() -> dict[str, Callable[[Work], Awaitable[bool]]]:
    """How each stream is read."""
    return {one.name: partial(_read, stream=one) for one in STREAMS["linear"]}


async def rules_of(work: Work, stream: StreamType) -> Rules:
    """What is asked for and kept of a stream."""
    if work.scope.whole:
        return Rules(belongs=_all)
    if stream.name == "customers":
        return Rules(belongs=_none, lacking={"customers": CUSTOMERS})
    return Rules(belongs=_ours, within=await _within(work, stream))


async def _read(work: Work, *, stream: StreamType) -> bool:
    clean = await read_stream(work, stream, await rules_of(work, stream))
    if stream.name == "teams":
        clean = await _look_for_teams(work) and clean
    return clean


async def _within(work: Work, stream: StreamType) -> dict[str, Any] | None:
    """The filter that goes to Linear. Teams of a bound project lend their states and cycles."""
    if stream.name == "users":
        return None
    teams, projects = work.scope.ids("team"), work.scope.ids("project")
    if stream.name not in STRUCTURE:
        return {"teams": sorted(teams), "projects": sorted(projects)}
    async with work.run.transaction() as conn:
        theirs = await leaving.teams_of_projects(conn, work.run.project_id, projects)
    return {"teams": sorted(teams | theirs), "projects": []}


async def _look_for_teams(work: Work) -> bool:
    """Whether every bound team is in sight; else nothing that is missing counts as deleted."""
    wanted = sorted(work.scope.ids("team"))
    if not wanted or work.untrusted:
        return work.untrusted is None
    async with work.run.transaction() as conn:
        seen = await mirror.live(conn, work.run.project_id, "team", wanted)
    if lost := [id_ for id_ in wanted if id_ not in seen]:
        work.untrusted = (
            f"Linear does not show the team {', '.join(lost)}, which this project is bound to."
        )
        verdict = Verdict(status="partial", cause=work.untrusted, next_step=CHECK_SIGHT)
        await work.finish("teams", verdict)
    return not lost


async def _all(
    _conn: Conn, _work: Work, _stream: StreamType, records: list[Record]
) -> list[Record]:
    return records


async def _none(
    _conn: Conn, _work: Work, _stream: StreamType, _records: list[Record]
) -> list[Record]:
    return []


async def _ours(conn: Conn, work: Work, stream: StreamType, records: list[Record]) -> list[Record]:
    """The records of the bound teams and projects, that no other project has taken."""
    teams, projects = work.scope.ids("team"), work.scope.ids("project")
    match stream.name:
        case "issues":
            within = [
                one
                for one in records
                if one.fields["team_id"] in teams or one.fields["linear_project_id"] in projects
            ]
            claimed = await claim(conn, work, "issue", [one.external_id for one in within])
            return [one for one in within if one.external_id in claimed]
        case "comments":
            of = {str(one.fields["issue_id"]) for one in records if one.fields["issue_id"]}
            ours = await bindings.claimed(
                conn, work.run.project_id, "linear", work.account_ref, "issue", of
            )
            return [
                one
                for one in records
                if one.fields["issue_id"] in ours or one.fields["linear_project_id"] in projects
            ]
        case "projects":
            within = [
                one
                for one in records
                if one.external_id in projects or _meets(one.fields["team_ids"], teams)
            ]
            claimed = await claim(conn, work, "project", [one.external_id for one in within])
            return [one for one in within if one.external_id in claimed]
        case _:
            return records  # the source filtered; people and labels are the workspace's own


def _meets(ids: object, wanted: frozenset[str]) -> bool:
    return isinstance(ids, list | tuple) and not wanted.isdisjoint(ids)


async def claim(conn: Conn, work: Work, kind: str, external_ids: list[str]) -> set[str]:
    """Those of the records that are ours; the others belong to a project that came first."""
    ours = await bindings.claim(
        conn, work.run.project_id, work.connector, work.account_ref, kind, external_ids
    )
    work.counters["of_another_project"] += len(set(external_ids) - ours)
    return ours
