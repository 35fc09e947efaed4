"""Linear's own words: what its records must have, and what they become in the mirror.

Unknown fields are kept in the payload and unknown words of an enumeration as they are: the
published schema is older than the servers. A record that lacks what the schema promises is
rejected alone. Numbers are floats in the schema even where they count something.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from mayak.connectors.base import Record, Rejected
from mayak.kit.text import content_hash

MOVES = frozenset({"updatedAt", "branchName"})
"""Fields that change while nothing that matters does: the time of change has a column that is
compared by itself, and names of branches follow a setting and whose key it is.
"""
Json = dict[str, Any]


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Id = Annotated[str, Field(min_length=1)]
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Small = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Large = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Ref(Wire):
    id: Id


class Named(Wire):
    id: str | None = None
    name: str | None = None


class Row(Wire):
    id: Id
    updated_at: Moment
    archived_at: Moment | None = None


class Team(Row):
    key: str
    name: str
    timezone: str | None = None
    retired_at: Moment | None = None
    created_at: Moment


class User(Row):
    name: str
    display_name: str | None = None
    email: str | None = None
    active: bool
    admin: bool | None = None
    guest: bool | None = None
    created_at: Moment


class State(Row):
    name: str
    type: str
    color: str | None = None
    position: Number | None = None
    team: Ref


class Label(Row):
    name: str
    color: str | None = None
    team: Ref | None = None
    parent: Ref | None = None
    retired_at: Moment | None = None


class ProjectStatus(Wire):
    name: str | None = None
    type: str | None = None


class Teams(Wire):
    nodes: list[Ref]


class Project(Row):
    name: str
    slug_id: str | None = None
    url: str | None = None
    description: str | None = None
    status: ProjectStatus | None = None
    priority: Small | None = None
    health: str | None = None
    progress: Number | None = None
    lead: Ref | None = None
    teams: Teams
    start_date: date | None = None
    target_date: date | None = None
    completed_at: Moment | None = None
    canceled_at: Moment | None = None
    trashed: bool | None = None
    created_at: Moment


class Cycle(Row):
    number: Small
    name: str | None = None
    team: Ref
    starts_at: Moment
    ends_at: Moment
    completed_at: Moment | None = None
    progress: Number | None = None
    created_at: Moment


class Customer(Row):
    name: str
    slug_id: str | None = None
    url: str | None = None
    domains: list[str]
    external_ids: list[str]
    revenue: Large | None = None
    size: Number | None = None
    status: Ref | None = None
    tier: Ref | None = None
    owner: Ref | None = None
    created_at: Moment


class Relation(Wire):
    type: str
    issue: Ref | None = None
    """None where the key may not see the other issue."""


class Relations(Wire):
    nodes: list[Relation]


class Issue(Row):
    identifier: str
    previous_identifiers: list[str]
    number: Small
    title: str
    description: str | None = None
    priority: Small | None = None
    priority_label: str | None = None
    estimate: Number | None = None
    url: str | None = None
    branch_name: str | None = None
    due_date: date | None = None
    team: Ref
    state: Ref
    assignee: Ref | None = None
    creator: Ref | None = None
    project: Ref | None = None
    cycle: Ref | None = None
    parent: Ref | None = None
    project_milestone: Ref | None = None
    label_ids: list[str]
    inverse_relations: Relations
    customer_ticket_count: Small | None = None
    trashed: bool | None = None
    started_at: Moment | None = None
    completed_at: Moment | None = None
    canceled_at: Moment | None = None
    created_at: Moment


class Comment(Row):
    body: str
    url: str | None = None
    issue_id: str | None = None
    project_id: str | None = None
    project_update_id: str | None = None
    parent_id: str | None = None
    user: Named | None = None
    external_user: Named | None = None
    bot_actor: Named | None = None
    edited_at: Moment | None = None
    resolved_at: Moment | None = None
    created_at: Moment


def team(raw: Json) -> Record:
    wire = Team.model_validate(raw)
    own = ("key", "name", "retired_at", "archived_at")
    return _record("team", raw, wire, own, {"time_zone": wire.timezone}, created=wire.created_at)


def user(raw: Json) -> Record:
    wire = User.model_validate(raw)
    own = ("name", "display_name", "email", "active", "admin", "guest")
    return _record("user", raw, wire, own, {}, created=wire.created_at)


def state(raw: Json) -> Record:
    wire = State.model_validate(raw)
    own = ("name", "type", "color", "position", "archived_at")
    return _record("state", raw, wire, own, {"team_id": wire.team.id})


def label(raw: Json) -> Record:
    wire = Label.model_validate(raw)
    refs = {"team_id": _id(wire.team), "parent_id": _id(wire.parent)}
    return _record("label", raw, wire, ("name", "color", "retired_at", "archived_at"), refs)


def project(raw: Json) -> Record:
    wire = Project.model_validate(raw)
    status = wire.status or ProjectStatus()
    team_ids = sorted({one.id for one in wire.teams.nodes})
    own = (
        "name", "url", "description", "priority", "health", "progress", "start_date",
        "target_date", "completed_at", "canceled_at", "archived_at",
    )  # fmt: skip
    others = {
        "slug": wire.slug_id,
        "status_name": status.name,
        "status_type": status.type,
        "lead_id": _id(wire.lead),
        "team_ids": team_ids,
    }
    return _record(
        "project", raw, wire, own, others,
        created=wire.created_at, trashed=wire.trashed, meaning={"teams": team_ids},
    )  # fmt: skip


def cycle(raw: Json) -> Record:
    wire = Cycle.model_validate(raw)
    own = ("number", "name", "starts_at", "ends_at", "completed_at", "progress", "archived_at")
    return _record("cycle", raw, wire, own, {"team_id": wire.team.id}, created=wire.created_at)


def customer(raw: Json) -> Record:
    wire = Customer.model_validate(raw)
    own = ("name", "url", "domains", "external_ids", "revenue", "size", "archived_at")
    others = {
        "slug": wire.slug_id,
        "status_id": _id(wire.status),
        "tier_id": _id(wire.tier),
        "owner_id": _id(wire.owner),
    }
    return _record("customer", raw, wire, own, others, created=wire.created_at)


def issue(raw: Json) -> Record:
    wire = Issue.model_validate(raw)
    relations = {(one.type, one.issue.id) for one in wire.inverse_relations.nodes if one.issue}
    own = (
        "identifier", "previous_identifiers", "number", "title", "description", "priority",
        "priority_label", "estimate", "url", "branch_name", "due_date", "label_ids",
        "customer_ticket_count", "archived_at", "started_at", "completed_at", "canceled_at",
    )  # fmt: skip
    others = {
        "team_id": wire.team.id,
        "state_id": wire.state.id,
        "assignee_id": _id(wire.assignee),
        "creator_id": _id(wire.creator),
        "linear_project_id": _id(wire.project),
        "cycle_id": _id(wire.cycle),
        "parent_id": _id(wire.parent),
        "milestone_id": _id(wire.project_milestone),
        "blocked_by": sorted({id_ for type_, id_ in relations if type_ == "blocks"}),
    }
    meaning = {"labelIds": sorted(wire.label_ids), "inverseRelations": sorted(relations)}
    return _record(
        "issue", raw, wire, own, others,
        created=wire.created_at, trashed=wire.trashed, meaning=meaning,
    )  # fmt: skip


def comment(raw: Json) -> Record:
    wire = Comment.model_validate(raw)
    author_kind, author = _author(wire)
    own = (
        "body", "url", "issue_id", "project_update_id", "parent_id", "edited_at", "resolved_at",
        "archived_at",
    )  # fmt: skip
    others = {
        "linear_project_id": wire.project_id,
        "author_id": author.id,
        "author_kind": author_kind,
        "author_name": author.name,
    }
    return _record("comment", raw, wire, own, others, created=wire.created_at)


def _author(wire: Comment) -> tuple[str | None, Named]:
    """A comment has an author of one of three kinds, or none."""
    if wire.user:
        return "user", wire.user
    if wire.external_user:
        return "external", wire.external_user
    return ("bot", wire.bot_actor) if wire.bot_actor else (None, Named())


def _record(
    kind: str,
    raw: Json,
    wire: Row,
    own: tuple[str, ...],
    others: Json,
    *,
    created: datetime | None = None,
    trashed: bool | None = None,
    meaning: Json | None = None,
) -> Record:
    """A record with the fields `own` of the model as they are, and `others`.

    `meaning` says the same as fields of `raw` whose order means nothing.
    """
    steady = {name: value for name, value in raw.items() if name not in MOVES}
    times: Json = {"source_updated_at": wire.updated_at}
    if "created_at" in type(wire).model_fields:
        times["source_created_at"] = created
    return Record(
        kind=kind,
        external_id=wire.id,
        payload=raw,
        content_hash=content_hash({**steady, **(meaning or {})}),
        deleted=trashed is True,
        fields={**{name: getattr(wire, name) for name in own}, **others, **times},
    )


def _id(ref: Ref | None) -> str | None:
    return ref.id if ref else None


def parse(
    make: Callable[[Json], Record], kind: str, rows: list[Any]
) -> tuple[list[Record], list[Rejected]]:
    """Records of the rows that fit, and one rejection for each that does not."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for raw in rows:
        try:
            records.append(make(raw))
        except (ValidationError, TypeError, ValueError, OverflowError) as error:
            rejected.append(_rejection(kind, raw, error))
    return records, rejected


def _rejection(kind: str, raw: Any, error: Exception) -> Rejected:
    reason = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        reason = f"{kind} {where}: {first['msg']}"
    return Rejected(kind=kind, external_id=id_of(raw), reason=reason, payload=raw)


def id_of(raw: Any) -> str | None:
    id_ = raw.get("id") if isinstance(raw, dict) else None
    return id_ if isinstance(id_, str) and id_ else None


def changed_at(raw: Any) -> datetime | None:
    """When a row last changed; None when it does not say so readably."""
    text = raw.get("updatedAt") if isinstance(raw, dict) else None
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo else None


def version(at: datetime) -> str:
    """An instant as it is compared with other copies: ISO 8601 in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
