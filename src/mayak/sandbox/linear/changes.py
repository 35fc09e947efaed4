"""Changes of the workspace: every one moves time as Linear does and is announced."""

from dataclasses import fields, replace
from typing import Any

from mayak.sandbox.linear.events import TYPES, Action, LinearEvent, teams_of
from mayak.sandbox.linear.rows import Row, id_of, whole_milliseconds
from mayak.sandbox.linear.tables import Table
from mayak.sandbox.world import UnknownRow, World


def clock(world: World) -> float:
    """Now, as Linear stores it."""
    return whole_milliseconds(world.clock.timestamp())


def known(world: World, table: str, key: str) -> Any:
    """A row by id; an issue also by identifier, a team by key. Raises UnknownRow."""
    workspace = world.linear
    if table == "issues":
        key = workspace.identifiers.get(key, key)
    if table == "teams":
        key = next((team.id for team in workspace.teams if team.key == key), key)
    row = workspace.table(table).get(key)
    if row is None:
        raise UnknownRow(f"there is no {TYPES[table]} {key}")
    return row


def fresh(world: World, table: str, given: str | None = None) -> str:
    """An id for a new row: the given one, or the next. Raises ValueError when it is taken."""
    if given is None:
        return id_of(table, f"made/{world.next_id(f'linear:{table}')}")
    if given in world.linear.table(table):
        raise ValueError(f"{TYPES[table]} {given} exists already")
    return given


def store(
    world: World, table: str, row: Any, *, actor: str | None = None, quiet: bool = False
) -> Any:
    """Keep a new row and announce it."""
    rows: Table[Any] = world.linear.table(table)
    rows.put(row)
    if not quiet:
        announce(world, "create", table, row, actor=actor)
    return row


def change(
    world: World,
    table: str,
    row: Any,
    changes: dict[str, Any],
    *,
    actor: str | None = None,
    action: Action = "update",
) -> Any:
    """Change fields of a row and touch it. Raises TypeError for a field that it does not have."""
    known_names = {field.name for field in fields(row)}
    if unknown := sorted(changes.keys() - known_names):
        raise TypeError(f"{TYPES[table]} has no {', '.join(unknown)}")
    fitting = {
        name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
    }
    changed = replace(row, **{"updated_at": clock(world), **fitting})
    before = {
        name: getattr(row, name)
        for name in (*fitting, "updated_at")
        if getattr(row, name) != getattr(changed, name)
    }
    if not before.keys() - {"updated_at"}:
        return row
    world.linear.table(table).put(changed)
    announce(world, action, table, changed, actor=actor, before=before)
    return changed


def erase(world: World, table: str, row: Any, *, actor: str | None = None) -> None:
    """Drop a row for good: nothing is left to read but the webhook."""
    announce(world, "remove", table, row, actor=actor)
    world.linear.table(table).remove(row.id)


def announce(
    world: World,
    action: Action,
    table: str,
    row: Row,
    *,
    actor: str | None = None,
    before: dict[str, Any] | None = None,
) -> None:
    world.linear.last_sync_id += 1
    event = LinearEvent(
        action=action,
        type=TYPES[table],
        row=row,
        team_ids=teams_of(world.linear, row),
        before=before or {},
        actor_id=actor,
        at=clock(world),
    )
    for listener in world.linear_listeners:
        listener(event)
