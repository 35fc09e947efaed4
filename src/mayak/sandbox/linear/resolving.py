"""How the fields of a query find their values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLResolveInfo, get_named_type

from mayak.sandbox.linear.limits import Budget
from mayak.sandbox.linear.paging import Reader, connection
from mayak.sandbox.linear.refusals import NoSuchEntity, NotServed
from mayak.sandbox.linear.rows import PRIORITIES, Cycle, Issue, Project, Row, Team, User
from mayak.sandbox.linear.spelling import iso, snake, url
from mayak.sandbox.linear.workspace import REFERENCES, TABLES
from mayak.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the resolvers of one call share."""

    world: World
    reader: Reader
    budget: Budget

    @property
    def user(self) -> User:
        return self.reader.sight.user


OWNED = {
    ("Team", "issues"): "team_id", ("Team", "states"): "team_id", ("Team", "labels"): "team_id",
    ("Team", "cycles"): "team_id", ("Issue", "comments"): "issue_id",
    ("Issue", "children"): "parent_id", ("Issue", "attachments"): "issue_id",
    ("Issue", "needs"): "issue_id", ("Issue", "relations"): "issue_id",
    ("Issue", "inverseRelations"): "related_issue_id", ("Project", "issues"): "project_id",
    ("Project", "comments"): "project_id",
}  # fmt: skip
"""Lists whose rows name the row that has them, by an attribute with an index."""


LISTS = {
    "states": "workflow_states", "labels": "issue_labels", "children": "issues",
    "needs": "customer_needs", "relations": "issue_relations",
    "inverseRelations": "issue_relations", "members": "users",
}  # fmt: skip
"""Lists that are not named like the table of their rows."""


def resolve(source: Any, info: GraphQLResolveInfo[Any], **args: Any) -> Any:
    """The value of one field, whatever it belongs to."""
    asking: Asking = info.context
    parent, name = info.parent_type.name, info.field_name
    if parent == "Query":
        return _root(asking, info, args)
    if isinstance(source, dict):
        return source[name]
    type_name = get_named_type(info.return_type).name
    if type_name.endswith("Connection"):
        table = TABLES[type_name.removesuffix("Connection")]
        return connection(asking.reader, table, args, _among(asking, source, parent, name))
    if isinstance(source, Row) and name in REFERENCES.get(TABLES[parent], {}):
        return _referred(asking, REFERENCES[TABLES[parent]][name], source, name)
    computed = COMPUTED.get(name)
    if computed is not None:
        return computed(asking, source)
    try:
        value = getattr(source, snake(name))
    except AttributeError as error:
        raise NotServed(f"the sandbox has nothing for {parent}.{name}") from error
    return iso(value) if name.endswith("At") and value is not None else value


def _root(asking: Asking, info: GraphQLResolveInfo[Any], args: dict[str, Any]) -> Any:
    name = info.field_name
    type_name = get_named_type(info.return_type).name
    if name == "viewer":
        return asking.user
    if name == "organization":
        return asking.reader.workspace.organization
    if name == "rateLimitStatus":
        return _rate_limits(asking)
    if type_name.endswith("Connection"):
        return connection(asking.reader, TABLES[type_name.removesuffix("Connection")], args)
    if type_name in TABLES:
        return entity(asking.reader, type_name, args.get("id"))
    raise NotServed(f"the sandbox does not serve {name}")


def entity(reader: Reader, type_name: str, id_: str | None) -> Any:
    """A row by its id, an issue also by its identifier. Raises NoSuchEntity."""
    workspace, table = reader.workspace, TABLES[type_name]
    if type_name == "Issue" and id_ is not None:
        id_ = workspace.identifiers.get(id_, id_)
    row = workspace.table(table).get(id_)
    if row is None or not reader.sight.sees(table, row):
        raise NoSuchEntity(type_name)
    return row


def _referred(asking: Asking, table: str, source: Row, name: str) -> Any:
    row = asking.reader.workspace.table(table).get(getattr(source, f"{snake(name)}_id"))
    return row if row is not None and asking.reader.sight.sees(table, row) else None


def _among(asking: Asking, source: Any, parent: str, name: str) -> Iterable[Any]:
    """The rows of a list inside another row."""
    workspace = asking.reader.workspace
    if (parent, name) in OWNED:
        return workspace.table(LISTS.get(name, name)).of(OWNED[parent, name], source.id)
    match source, name:
        case Issue(), "labels":
            ids: Iterable[str] = source.label_ids
        case Project(), "teams":
            ids = source.team_ids
        case Team(), "members":
            ids = source.member_ids
        case Team(), "projects":
            ids = [row.id for row in workspace.projects if source.id in row.team_ids]
        case User(), "teams":
            ids = [row.id for row in workspace.teams if source.id in row.member_ids]
        case Cycle(), "issues":
            ids = [row.id for row in workspace.issues if row.cycle_id == source.id]
        case _:
            raise NotServed(f"the sandbox has nothing for {parent}.{name}")
    rows = workspace.table(LISTS.get(name, name))
    return [rows[id_] for id_ in ids if id_ in rows]


def _rate_limits(asking: Asking) -> dict[str, Any]:
    budget = asking.budget
    limits = [
        {
            "type": name,
            "allowedAmount": bucket.capacity,
            "remainingAmount": bucket.remaining(),
            "requestedAmount": 0,
            "period": bucket.period * 1000,
            "reset": bucket.reset(),
        }
        for name, bucket in (("requests", budget.requests), ("complexity", budget.complexity))
    ]
    return {"identifier": asking.user.id, "kind": "apiKey", "limits": limits}


def _open_at(asking: Asking, cycle: Any) -> bool:
    return bool(cycle.starts_at <= asking.reader.now < cycle.ends_at)


COMPUTED: dict[str, Callable[[Asking, Any], Any]] = {
    "url": lambda asking, row: url(asking.reader.workspace, row),
    "priorityLabel": lambda _asking, row: PRIORITIES[row.priority],
    "isMe": lambda asking, row: row.id == asking.user.id,
    "organization": lambda asking, _row: asking.reader.workspace.organization,
    "displayName": lambda _asking, row: getattr(row, "display_name", "") or row.name,
    "isActive": _open_at,
    "isPast": lambda asking, row: row.ends_at <= asking.reader.now,
    "isFuture": lambda asking, row: row.starts_at > asking.reader.now,
}
"""Fields that follow from others."""
