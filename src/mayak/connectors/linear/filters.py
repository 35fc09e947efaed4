"""Which rows of a stream belong to whom, and to which time, as Linear's filter objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mayak.connectors.base import Checkpoint

Filter = dict[str, Any]
INSTANT = timedelta(milliseconds=1)
OF_TEAMS = frozenset({"teams", "states", "labels", "cycles"})
"""Streams whose rows belong to teams alone: a project has them through its teams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """The parts of a workspace that are asked for."""

    teams: tuple[str, ...]
    projects: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """An empty list must never be asked for: it is not said what a server makes of it."""
        return not self.teams and not self.projects


def within(checkpoint: Checkpoint) -> Within | None:
    """The parts that a checkpoint names; None for the whole workspace."""
    parts = checkpoint.get("within")
    if parts is None:
        return None
    return Within(
        teams=tuple(str(id_) for id_ in parts.get("teams") or ()),
        projects=tuple(str(id_) for id_ in parts.get("projects") or ()),
    )


def by_id(ids: Sequence[str]) -> Filter:
    return {"id": {"in": list(ids)}}


def in_window(checkpoint: Checkpoint, bound: str | None) -> Filter:
    """Changed in [since, until), or up to `bound`, included: rows can share an instant.

    Times are shown to the millisecond, and nobody says how exactly they are compared: what is
    shown as `bound` may be a little later.
    """
    times: dict[str, str] = {}
    if checkpoint.get("since") is not None:
        times["gte"] = checkpoint["since"]
    if bound is not None:
        times["lte"] = _end_of_instant(bound)
    elif checkpoint.get("until") is not None:
        times["lt"] = checkpoint["until"]
    return {"updatedAt": times} if times else {}


def _end_of_instant(stamp: str) -> str:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return (at + INSTANT).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_parts(stream: str, parts: Within | None) -> Filter:
    """Of any of the parts. Users and customers belong to the workspace: nothing restricts them."""
    if parts is None or stream in {"users", "customers"}:
        return {}
    return {"or": [*_in_teams(stream, parts.teams), *_in_projects(stream, parts.projects)]}


def _in_teams(stream: str, teams: Sequence[str]) -> list[Filter]:
    if not teams:
        return []
    ids = by_id(teams)
    match stream:
        case "teams":
            return [ids]
        case "labels":
            return [{"team": ids}, {"team": {"null": True}}]
        case "projects":
            return [{"accessibleTeams": {"some": ids}}]
        case "comments":
            return [{"issue": {"team": ids}}]
        case _:
            return [{"team": ids}]


def _in_projects(stream: str, projects: Sequence[str]) -> list[Filter]:
    if not projects:
        return []
    ids = by_id(projects)
    match stream:
        case "projects":
            return [ids]
        case "issues":
            return [{"project": ids}]
        case "comments":
            return [
                {"issue": {"project": ids}},
                {"project": ids},
                {"projectUpdate": {"project": ids}},
            ]
        case _:
            return []
