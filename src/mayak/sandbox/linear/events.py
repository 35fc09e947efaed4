"""What is announced when something happens in Linear, and what its webhooks are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mayak.sandbox.linear.rows import Row
from mayak.sandbox.linear.spelling import camel, iso, shown, snake
from mayak.sandbox.linear.workspace import REFERENCES, TABLES, Workspace

Action = Literal["create", "update", "remove"]

TYPES = {table: name for name, table in TABLES.items()}
BESIDE = {
    "team": ("key", "name"), "state": ("name", "type", "color"), "status": ("name", "type"),
    "assignee": ("name", "email"), "creator": ("name", "email"), "lead": ("name", "email"),
    "user": ("name", "email"), "project": ("name", "url"), "issue": ("identifier", "title", "url"),
}  # fmt: skip
"""Small copies of other rows that webhooks carry, and what they show beside the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearEvent:
    """Something that Linear tells its webhooks."""

    action: Action
    type: str
    """As in the API: Issue, Comment, Project..."""
    row: Row
    team_ids: frozenset[str] = frozenset()
    """Teams that it belongs to; empty when it belongs to the workspace."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Previous values of what an update changed, by attribute."""
    actor_id: str | None = None
    at: float


def teams_of(workspace: Workspace, row: Any) -> frozenset[str]:
    """The teams that a row belongs to, through its issue or project if need be."""
    if team_ids := getattr(row, "team_ids", None):
        return frozenset(team_ids)
    if team_id := getattr(row, "team_id", None):
        return frozenset({team_id})
    for table in ("issue", "project"):
        found = workspace.table(f"{table}s").get(getattr(row, f"{table}_id", None))
        if found is not None:
            return teams_of(workspace, found)
    return frozenset()


def body(workspace: Workspace, event: LinearEvent) -> dict[str, Any]:
    """What a webhook is told, but for what each delivery adds."""
    told: dict[str, Any] = {
        "action": event.action,
        "type": event.type,
        "createdAt": iso(event.at),
        "organizationId": workspace.organization.id,
        "data": entity(workspace, event.type, event.row),
    }
    if actor := workspace.users.get(event.actor_id):
        told["actor"] = {"id": actor.id, "type": "user", "name": actor.name, "email": actor.email}
    if link := told["data"].get("url"):
        told["url"] = link
    if event.action == "update":
        told["updatedFrom"] = {camel(k): _plain(k, v) for k, v in event.before.items()}
    return told


def entity(workspace: Workspace, type_: str, row: Any) -> dict[str, Any]:
    """A row as webhooks show it: ids beside small copies of the rows they lead to."""
    shape = shown(workspace, row)
    for name, table in REFERENCES.get(TABLES[type_], {}).items():
        other = workspace.table(table).get(getattr(row, f"{snake(name)}_id"))
        if other is not None and name in BESIDE:
            whole = shown(workspace, other)
            shape[name] = {"id": other.id} | {key: whole[key] for key in BESIDE[name]}
    if type_ == "Webhook":
        shape.pop("secret")
    return shape


def _plain(name: str, value: Any) -> Any:
    if name.endswith("_at") and value is not None:
        return iso(value)
    return list(value) if isinstance(value, tuple) else value
