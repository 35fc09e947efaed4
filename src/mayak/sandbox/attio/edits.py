"""What may happen in Attio, by name; each announces what the real service would.

Without `actor_email` the workspace itself did it. Times are ISO strings with date and time;
values are written as a client would write them, by the slug or id of the attribute.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from mayak.sandbox.attio import activities, changes, views
from mayak.sandbox.attio.announcing import announce
from mayak.sandbox.attio.rows import (
    SYSTEM,
    Actor,
    AttioRows,
    Attribute,
    AttributeType,
    ListRow,
    ObjectType,
    Record,
    Token,
    made_id,
    nanoseconds,
)
from mayak.sandbox.attio.workspace import attribute_id, furnished, options
from mayak.sandbox.world import UnknownRow, World

Json = dict[str, Any]
AnyRow = TypeVar("AnyRow")


def create_record(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    values: Json,
    created_at: str | None = None,
    actor_email: str | None = None,
) -> Json:
    """Duplicates of unique values are let in, as imports let them in."""
    rows = furnished(world)
    kind = _kind(rows, object)
    row = changes.create_record(
        world,
        kind,
        changes.parsed(rows, kind, values),
        actor=_actor(rows, actor_email),
        created_at=None if created_at is None else nanoseconds(created_at),
    )
    return views.record(rows, row)


def update_record(
    world: World,
    record_id: str,
    values: Json,
    actor_email: str | None = None,
    quiet: bool = False,  # noqa: FBT001, FBT002 - arguments come by name, from JSON
) -> Json:
    """Overwrite attributes. `quiet` tells no webhook, like a write of historic values."""
    rows = furnished(world)
    old = _record(rows, record_id)
    cores = changes.parsed(rows, rows.objects[old.object_id], values)
    row = changes.write_record(
        world, old, cores, actor=_actor(rows, actor_email), quiet=bool(quiet)
    )
    return views.record(rows, row)


def delete_record(world: World, record_id: str, actor_email: str | None = None) -> None:
    rows = furnished(world)
    changes.delete_record(world, _record(rows, record_id), actor=_actor(rows, actor_email))


def merge_records(
    world: World, primary_record_id: str, secondary_record_id: str, actor_email: str | None = None
) -> Json:
    rows = furnished(world)
    pair = (_record(rows, primary_record_id), _record(rows, secondary_record_id))
    return views.record(rows, changes.merge_records(world, *pair, actor=_actor(rows, actor_email)))


def add_note(
    world: World,
    record_id: str,
    content: str,
    title: str = "",
    created_at: str | None = None,
    actor_email: str | None = None,
) -> Json:
    rows = furnished(world)
    row = activities.add_note(
        world,
        _record(rows, record_id),
        title=title,
        content=content,
        actor=_actor(rows, actor_email),
        created_at=None if created_at is None else nanoseconds(created_at),
    )
    return views.note(rows, row)


def update_note(
    world: World, note_id: str, title: str | None = None, content: str | None = None
) -> Json:
    rows = furnished(world)
    note = _found(rows.notes, note_id, "note")
    return views.note(
        rows, activities.update_note(world, note, actor=SYSTEM, title=title, content=content)
    )


def delete_note(world: World, note_id: str) -> None:
    activities.delete_note(world, _found(furnished(world).notes, note_id, "note"), actor=SYSTEM)


def add_task(
    world: World,
    content: str,
    record_ids: Iterable[str] = (),
    deadline_at: str | None = None,
    assignees: Iterable[str] = (),
    actor_email: str | None = None,
) -> Json:
    """`assignees` are e-mail addresses of members."""
    rows = furnished(world)
    linked = [_record(rows, record_id) for record_id in record_ids]
    row = activities.add_task(
        world,
        content=content,
        linked=tuple((record.object_id, record.id) for record in linked),
        assignee_ids=tuple(_actor(rows, email).id or "" for email in assignees),
        deadline_at=None if deadline_at is None else nanoseconds(deadline_at),
        actor=_actor(rows, actor_email),
    )
    return views.task(row)


def complete_task(
    world: World,
    task_id: str,
    completed: bool = True,  # noqa: FBT001, FBT002 - arguments come by name, from JSON
) -> Json:
    """Or reopen it."""
    task = _found(furnished(world).tasks, task_id, "task")
    return views.task(activities.update_task(world, task, actor=SYSTEM, completed=bool(completed)))


def delete_task(world: World, task_id: str) -> None:
    activities.delete_task(world, _found(furnished(world).tasks, task_id, "task"), actor=SYSTEM)


def add_attribute(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    slug: str,
    title: str,
    type: AttributeType,  # noqa: A002 - as the API calls it
    choices: Iterable[str] = (),
    multiple: bool = False,  # noqa: FBT001, FBT002 - arguments come by name, from JSON
) -> Json:
    """A custom attribute of an object; `choices` are the titles of its options."""
    rows = furnished(world)
    kind = _kind(rows, object)
    if rows.attribute(kind.id, slug) is not None:
        raise ValueError(f"{kind.slug} has an attribute {slug} already")
    id_ = attribute_id(kind.id, slug)
    row = Attribute(
        id=id_,
        owner_id=kind.id,
        slug=slug,
        title=title,
        type=type,
        multiple=bool(multiple),
        options=options(id_, tuple(choices)),
        currency="EUR" if type == "currency" else None,
        created_at=rows.stamp(world.clock.timestamp()),
    )
    rows.attributes[id_] = row
    _announce_attribute(world, "object-attribute.created", row)
    return views.attribute(rows, row)


def rename_attribute(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    attribute: str,
    slug: str | None = None,
    title: str | None = None,
) -> Json:
    """Another slug or title; the id and every value stay."""
    rows = furnished(world)
    old = _attribute(rows, object, attribute)
    return _put_attribute(world, replace(old, slug=slug or old.slug, title=title or old.title))


def archive_attribute(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    attribute: str,
) -> Json:
    """It disappears from records, and from the list of attributes unless asked for."""
    old = _attribute(furnished(world), object, attribute)
    return _put_attribute(world, replace(old, archived=True))


def rename_option(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    attribute: str,
    option: str,
    title: str,
) -> Json:
    """Another title for a choice, such as a stage; every record shows it at once, untold."""
    rows = furnished(world)
    old = _attribute(rows, object, attribute)
    if all(option not in {one.id, one.title} for one in old.options):
        raise UnknownRow(f"{old.slug} has no option {option}")
    renamed = tuple(
        replace(one, title=title) if option in {one.id, one.title} else one for one in old.options
    )
    rows.attributes[old.id] = replace(old, options=renamed)
    return views.attribute(rows, rows.attributes[old.id])


def set_object_enabled(
    world: World,
    object: str,  # noqa: A002 - as the API calls it
    enabled: bool,  # noqa: FBT001 - arguments come by name, from JSON
) -> Json:
    """A disabled object is answered like one that never was."""
    rows = furnished(world)
    kind = replace(_kind(rows, object), enabled=bool(enabled))
    rows.objects[kind.id] = kind
    return views.object_type(kind)


def add_list(world: World, name: str, slug: str, object: str = "companies") -> Json:  # noqa: A002
    rows = furnished(world)
    row = ListRow(
        id=made_id("list", slug),
        slug=slug,
        name=name,
        object_id=_kind(rows, object).id,
        created_at=rows.stamp(world.clock.timestamp()),
        created_by=SYSTEM,
    )
    rows.lists[row.id] = row
    announce(world, "list.created", {"list_id": row.id}, SYSTEM)
    return views.list_row(rows, row)


def archive_list(world: World, list: str) -> None:  # noqa: A002 - as the API calls it
    """Afterwards it is answered with 404."""
    rows = furnished(world)
    row = _list(rows, list)
    rows.lists[row.id] = replace(row, archived=True)
    announce(world, "list.deleted", {"list_id": row.id}, SYSTEM)


def add_list_entry(world: World, list: str, record_id: str) -> Json:  # noqa: A002
    rows = furnished(world)
    place = _list(rows, list)
    return views.entry(
        rows, activities.add_entry(world, _record(rows, record_id), place, actor=SYSTEM)
    )


def delete_list_entry(world: World, list: str, record_id: str) -> None:  # noqa: A002
    """Every entry of the record on that list."""
    rows = furnished(world)
    place = _list(rows, list)
    found = [row for row in rows.entries.get(place.id, {}).values() if row.record_id == record_id]
    if not found:
        raise UnknownRow(f"record {record_id} is not on {place.name}")
    for row in found:
        activities.delete_entry(world, row, actor=SYSTEM)


def set_scopes(world: World, token: str, scopes: Iterable[str]) -> Json:
    """Give a token exactly these scopes."""
    row = replace(_token(world, token), scopes=frozenset(scopes))
    world.attio.tokens[row.secret] = row
    return {"name": row.name, "scopes": sorted(row.scopes)}


def revoke_token(world: World, token: str) -> None:
    row = _token(world, token)
    world.attio.tokens[row.secret] = replace(row, active=False)


def _put_attribute(world: World, row: Attribute) -> Json:
    world.attio.attributes[row.id] = row
    _announce_attribute(world, "object-attribute.updated", row)
    return views.attribute(world.attio, row)


def _announce_attribute(world: World, event_type: str, row: Attribute) -> None:
    ids = {"object_id": row.owner_id, "attribute_id": row.id}
    announce(world, event_type, ids, SYSTEM)


def _actor(rows: AttioRows, email: str | None) -> Actor:
    if email is None:
        return SYSTEM
    found = next((row for row in rows.members.values() if row.email == email), None)
    if found is None:
        raise UnknownRow(f"there is no member {email}")
    return Actor("workspace-member", found.id)


def _kind(rows: AttioRows, name: str) -> ObjectType:
    found = rows.object(name)
    if found is None:
        raise UnknownRow(f"there is no object {name}")
    return found


def _record(rows: AttioRows, record_id: str) -> Record:
    found = rows.record(record_id)
    if found is None:
        raise UnknownRow(f"there is no record {record_id}")
    return found


def _attribute(rows: AttioRows, kind: str, name: str) -> Attribute:
    found = rows.attribute(_kind(rows, kind).id, name)
    if found is None:
        raise UnknownRow(f"there is no attribute {name} of {kind}")
    return found


def _list(rows: AttioRows, name: str) -> ListRow:
    found = rows.list_row(name)
    if found is None:
        raise UnknownRow(f"there is no list {name}")
    return found


def _token(world: World, secret: str) -> Token:
    return _found(furnished(world).tokens, secret, "token")


def _found(table: Mapping[str, AnyRow], row_id: str, what: str) -> AnyRow:
    if row_id not in table:
        raise UnknownRow(f"there is no {what} {row_id}")
    return table[row_id]


EDITS: dict[str, Callable[..., Json | None]] = {
    edit.__name__: edit
    for edit in (
        create_record, update_record, delete_record, merge_records, add_note, update_note,
        delete_note, add_task, complete_task, delete_task, add_attribute, rename_attribute,
        archive_attribute, rename_option, set_object_enabled, add_list, archive_list,
        add_list_entry, delete_list_entry, set_scopes, revoke_token,
    )
}  # fmt: skip
"""Called with the World and keyword arguments from JSON; gives the row, None for a deletion."""
