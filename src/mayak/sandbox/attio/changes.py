"""What happens to records: created, written, deleted, merged, with all that follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from mayak.sandbox.attio.announcing import announce_record
from mayak.sandbox.attio.rows import Actor, AttioRows, Attribute, ObjectType, Record, Task, Value
from mayak.sandbox.attio.values import BadValue, coerced
from mayak.sandbox.attio.views import held
from mayak.sandbox.world import World

Cores = Mapping[str, tuple[Any, ...]]
"""What is to be written, by attribute id."""
Mode = Literal["replace", "prepend"]


def parsed(rows: AttioRows, kind: ObjectType, raw: Any) -> dict[str, tuple[Any, ...]]:
    """The values of a request, by slug or id of an attribute. Raises BadValue."""
    if not isinstance(raw, Mapping):
        raise BadValue("validation_type", "values must be an object of values by attribute.")
    cores = {}
    for name, value in raw.items():
        attribute = rows.attribute(kind.id, str(name))
        if attribute is None or attribute.archived:
            raise BadValue("value_not_found", f"Cannot find attribute {name} on {kind.slug}.")
        if not attribute.writable:
            raise BadValue("immutable_value", f"{attribute.slug} cannot be written.")
        cores[attribute.id] = coerced(rows, attribute, value)
    return cores


def holders(rows: AttioRows, attribute: Attribute, core: Any) -> list[Record]:
    """Records of the object that hold this core of an attribute, oldest first."""
    wanted = _comparable(core)
    return [
        row
        for row in rows.records[attribute.owner_id].in_order()
        if any(_comparable(value.core) == wanted for value in held(rows, row, attribute))
    ]


def taken(rows: AttioRows, cores: Cores, *, by_others_than: str = "") -> Attribute | None:
    """The first unique attribute of which somebody else already holds a value."""
    for attribute_id, elements in cores.items():
        attribute = rows.attributes[attribute_id]
        for core in elements if attribute.unique else ():
            if any(row.id != by_others_than for row in holders(rows, attribute, core)):
                return attribute
    return None


def create_record(
    world: World,
    kind: ObjectType,
    cores: Cores,
    *,
    actor: Actor,
    record_id: str | None = None,
    created_at: int | None = None,
) -> Record:
    """A new record, created now unless told otherwise; uniqueness is not looked at."""
    rows = world.attio
    at = rows.stamp(world.clock.timestamp()) if created_at is None else created_at
    row = Record(
        id=record_id or rows.next_id(kind.slug),
        object_id=kind.id,
        created_at=at,
        created_by=actor,
        values={
            id_: tuple(Value(core, at, actor) for core in elements)
            for id_, elements in cores.items()
            if elements and not rows.attributes[id_].derived
        },
    )
    rows.put_record(row)
    announce_record(world, "record.created", row, actor)
    for attribute_id in row.values:
        _tell_other_side(world, rows.attributes[attribute_id], (), row.values[attribute_id], actor)
    shown = {id_: value for id_, value in cores.items() if rows.attributes[id_].derived}
    return write_record(world, row, shown, actor=actor) if shown else row


def write_record(
    world: World,
    row: Record,
    cores: Cores,
    *,
    actor: Actor,
    mode: Mode = "replace",
    quiet: bool = False,
) -> Record:
    """Write attributes; those that really change are announced one by one unless `quiet`.

    With `prepend` the elements of multiple attributes are put before the old ones.
    """
    rows = world.attio
    at = rows.stamp(world.clock.timestamp())
    for attribute_id, elements in cores.items():
        attribute = rows.attributes[attribute_id]
        old = tuple(held(rows, row, attribute))
        kept = {_hashable(value.core): value for value in old}
        made = [kept.get(_hashable(core)) or Value(core, at, actor) for core in elements]
        if mode == "prepend" and attribute.multiple:
            made += [value for value in old if value not in made]
        new = tuple(made)
        if new == old:
            continue
        if attribute.derived:
            _write_other_side(world, row, attribute, new, actor=actor, quiet=quiet)
            continue
        values = {**row.values, attribute.id: new}
        row = replace(row, values={id_: value for id_, value in values.items() if value})
        rows.put_record(row)
        if not quiet:
            announce_record(world, "record.updated", row, actor, attribute=attribute)
            _tell_other_side(world, attribute, old, new, actor)
    return row


def delete_record(world: World, row: Record, *, actor: Actor) -> None:
    """Gone for good. References to it are emptied; its notes and entries go along, untold."""
    rows = world.attio
    for source, attribute in _referring(rows, row.id):
        left = tuple(v.core for v in source.values[attribute.id] if v.core[1] != row.id)
        write_record(world, source, {attribute.id: left}, actor=actor)
    rows.drop_record(row)
    for note in [note for note in rows.notes.values() if note.parent_record_id == row.id]:
        rows.notes.drop(note.id)
    for task in [task for task in rows.tasks.values() if _links(task, row.id)]:
        linked = tuple(pair for pair in task.linked if pair[1] != row.id)
        rows.tasks.put(replace(task, linked=linked))
    for entries in rows.entries.values():
        for entry in [entry for entry in entries.values() if entry.record_id == row.id]:
            entries.drop(entry.id)
    announce_record(world, "record.deleted", row, actor)
    for attribute_id, values in row.values.items():
        _tell_other_side(world, rows.attributes[attribute_id], values, (), actor)


def merge_records(
    world: World,
    primary: Record,
    secondary: Record,
    *,
    actor: Actor,
    record_id: str | None = None,
    created_at: int | None = None,
) -> Record:
    """A third record takes the place of both; what pointed at them points at it.

    The primary's values win, the secondary fills the gaps, multiple attributes are united.
    Raises BadValue for a record and itself, or records of different objects.
    """
    if primary.id == secondary.id or primary.object_id != secondary.object_id:
        raise BadValue("validation_type", "Two different records of one object can be merged.")
    rows = world.attio
    values = dict(secondary.values)
    for attribute_id, own in primary.values.items():
        multiple = rows.attributes[attribute_id].multiple
        more = values.get(attribute_id, ()) if multiple else ()
        known = {_hashable(value.core) for value in own}
        values[attribute_id] = own + tuple(v for v in more if _hashable(v.core) not in known)
    merged = Record(
        id=record_id or rows.next_id(f"merged/{primary.id}"),
        object_id=primary.object_id,
        created_at=rows.stamp(world.clock.timestamp()) if created_at is None else created_at,
        created_by=actor,
        values=values,
    )
    rows.put_record(merged)
    for old in (primary, secondary):
        _repoint(rows, old.id, merged.id)
        rows.merged[old.id] = merged.id
    for old in (primary, secondary):
        rows.drop_record(rows.records[old.object_id][old.id])
        announce_record(world, "record.merged", merged, actor, duplicate=old)
    return merged


def _repoint(rows: AttioRows, old_id: str, new_id: str) -> None:
    for source, attribute in _referring(rows, old_id):
        moved = (
            v._replace(core=(v.core[0], new_id)) if v.core[1] == old_id else v
            for v in source.values[attribute.id]
        )
        once = {value.core: value for value in moved}
        rows.put_record(
            replace(source, values={**source.values, attribute.id: tuple(once.values())})
        )
    for note in [note for note in rows.notes.values() if note.parent_record_id == old_id]:
        rows.notes.put(replace(note, parent_record_id=new_id))
    for task in [task for task in rows.tasks.values() if _links(task, old_id)]:
        linked = dict.fromkeys((o, new_id if r == old_id else r) for o, r in task.linked)
        rows.tasks.put(replace(task, linked=tuple(linked)))
    for entries in rows.entries.values():
        for entry in [entry for entry in entries.values() if entry.record_id == old_id]:
            entries.put(replace(entry, record_id=new_id))


def _referring(rows: AttioRows, record_id: str) -> list[tuple[Record, Attribute]]:
    found = []
    for source_id, attribute_id in rows.referrers.get(record_id, {}):
        source = rows.record(source_id)
        if source is not None:
            found.append((source, rows.attributes[attribute_id]))
    return found


def _tell_other_side(
    world: World,
    attribute: Attribute,
    old: Iterable[Value],
    new: Iterable[Value],
    actor: Actor,
) -> None:
    """A relationship that changed here changed for the records at its other end, too."""
    rows = world.attio
    inverse = rows.attributes.get(attribute.inverse or "")
    if inverse is None or attribute.type != "record-reference":
        return
    before, after = ({value.core[1] for value in values} for values in (old, new))
    for record_id in sorted(before ^ after):
        other = rows.record(record_id)
        if other is not None:
            announce_record(world, "record.updated", other, actor, attribute=inverse)


def _write_other_side(
    world: World,
    row: Record,
    attribute: Attribute,
    new: tuple[Value, ...],
    *,
    actor: Actor,
    quiet: bool,
) -> None:
    """Write a relationship from the side on which it is only shown."""
    rows = world.attio
    kept_in = rows.attributes[attribute.inverse or ""]
    wanted = {value.core[1] for value in new}
    present = {source.id for source, a in _referring(rows, row.id) if a.id == kept_in.id}
    for record_id in sorted(wanted ^ present):
        other = rows.record(record_id)
        if other is None:
            continue
        old = tuple(value.core for value in other.values.get(kept_in.id, ()))
        me = (row.object_id, row.id)
        left = tuple(core for core in old if core != me)
        cores = left if record_id in present else ((*left, me) if kept_in.multiple else (me,))
        write_record(world, other, {kept_in.id: cores}, actor=actor, quiet=quiet)


def _links(task: Task, record_id: str) -> bool:
    return any(linked == record_id for _, linked in task.linked)


def _hashable(core: Any) -> Any:
    return tuple(sorted(core.items(), key=str)) if isinstance(core, dict) else core


def _comparable(core: Any) -> Any:
    """Domains and addresses are the same whatever their case."""
    return core.casefold() if isinstance(core, str) else _hashable(core)
