"""SQL of counting: one statement for each kind of row, constant, with the plan as parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from mayak.lightrag.model.counting.plan import (
    NEEDS,
    SOURCE,
    Aggregate,
    Dimension,
    Flag,
    Kind,
    Name,
    Plan,
)
from mayak.lightrag.queries.counting import attio, chatwoot, linear
from mayak.lightrag.queries.counting.names import NAMES, OWN_NAME, STREAMS
from mayak.platform.db import Conn, fetch_all, fetch_dicts

STATEMENTS: Mapping[Kind, LiteralString] = {
    "issue": linear.ISSUES,
    "comment": linear.COMMENTS,
    "project": linear.PROJECTS,
    "cycle": linear.CYCLES,
    "deal": attio.DEALS,
    "company": attio.COMPANIES,
    "person": attio.PEOPLE,
    "note": attio.NOTES,
    "task": attio.TASKS,
    "conversation": chatwoot.CONVERSATIONS,
    "message": chatwoot.MESSAGES,
    "contact": chatwoot.CONTACTS,
}
FLAGS: tuple[Flag, ...] = (
    "open", "closed", "done", "cancelled", "won", "lost", "overdue", "blocked", "unassigned",
    "waiting", "incoming", "outgoing",
)  # fmt: skip
SHOWN = 50
MOST_NAMES = 2000
"""People and companies that a question is read against; of more, the rest is not recognised."""
ORDERED: frozenset[Aggregate] = frozenset({"largest", "smallest", "soonest", "oldest"})
URGENCIES = {0: "none", 1: "urgent", 2: "high", 3: "medium", 4: "low"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    total: int
    rows: list[dict[str, Any]]
    """At most SHOWN, in the order of the plan, else the newest first."""
    figures: list[dict[str, Any]]
    """Per currency: how many amounts there are, their sum and mean; the sum of estimates."""
    groups: list[dict[str, Any]]
    """{name, count, total}, the first as the plan wants it; rows without a name last.

    At most SHOWN, out of `total`.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    dimension: Dimension
    connector: str
    text: str
    ids: list[str]


async def names(conn: Conn, project_id: UUID) -> list[Name]:
    """Everything of the project that has a name, and the project's own.

    What the project itself is called stands for all of its rows, and so has no ids.
    """
    found = await fetch_all(conn, _Called, NAMES, project_id=project_id, limit=MOST_NAMES)
    [own] = await fetch_dicts(conn, OWN_NAME, project_id=project_id)
    firms = [one for one in found if one.dimension == "company"]
    itself = {own["name"].lower(), own["slug"].lower()}
    alone = len(firms) == 1
    called = [
        Name(
            dimension=one.dimension,
            text=one.text,
            ids=() if alone and one in firms and one.text.lower() in itself else tuple(one.ids),
            connector="" if one.dimension == "company" else one.connector,
            whole=alone and one in firms and own["of_companies"],
        )
        for one in found
    ]
    known = {one.text.lower() for one in firms}
    return called + [
        Name(dimension="company", text=text, ids=())
        for text in (own["name"], own["slug"])
        if text.lower() not in known
    ]


async def complete(conn: Conn, project_id: UUID) -> dict[Kind, bool]:
    """Whether the rows of each kind, and what they need, are known to be all there.

    No entry where nobody ever asked, or nothing of the service belongs to the project.
    """
    rows = await fetch_dicts(conn, STREAMS, project_id=project_id)
    streams = {(row["connector"], row["stream"]): row["complete"] for row in rows}
    return {
        kind: all(streams.get((connector, one)) for one in (stream, *NEEDS.get(kind, ())))
        for kind, (connector, stream) in SOURCE.items()
        if (connector, stream) in streams
    }


async def count(conn: Conn, project_id: UUID, plan: Plan, *, at: datetime, zone: str) -> Counted:
    """The rows that match a plan."""
    async with conn.cursor(row_factory=class_row(Counted)) as cursor:
        # Planned with the values: most conditions are absent, and fall away.
        values = parameters(project_id, plan, at=at, zone=zone)
        await cursor.execute(STATEMENTS[plan.kind], values, prepare=False)
        counted = await cursor.fetchone()
    assert counted is not None
    return counted


def parameters(project_id: UUID, plan: Plan, *, at: datetime, zone: str) -> dict[str, object]:
    """What every statement is given, whichever of it that reads."""
    return {
        "project_id": project_id,
        "at": at,
        "zone": zone,
        "limit": SHOWN,
        "ordering": plan.aggregate if plan.aggregate in ORDERED else "newest",
        "grouping": plan.grouping if plan.aggregate == "group" else None,
        "fewest": plan.fewest,
        **{flag: flag in plan.flags for flag in FLAGS},
        **_limits(plan),
    }


def _limits(plan: Plan) -> dict[str, object]:
    people = plan.of("member")
    senders = [one.text for one in (*people, *plan.of("contact"))]
    return {
        "people": _ids(people),
        "contacts": _ids(plan.of("contact")),
        "senders": senders or None,
        "clients": _ids(plan.of("company")),
        "states": _ids(plan.of("state")),
        "stages": _ids(plan.of("stage")),
        "labels": _ids(plan.of("label")),
        "places": _ids(plan.of("project")),
        "author": plan.author,
        "priority": plan.priority,
        "urgency": None if plan.priority is None else URGENCIES[plan.priority],
        "status": plan.status,
        "since": plan.period.start if plan.period else None,
        "until": plan.period.end if plan.period else None,
        "period_of": plan.period_of,
        "over": plan.bound.over,
        "under": plan.bound.under,
        "currency": plan.bound.currency,
    }


def _ids(names: list[Name]) -> list[str] | None:
    """The rows of these names; None, which limits nothing, when there are none."""
    return [id_ for one in names for id_ in one.ids] or None


__all__ = ["SHOWN", "STATEMENTS", "Counted", "complete", "count", "names", "parameters"]
