"""What happens to notes, tasks and the entries of lists."""

from dataclasses import replace
from typing import Any

from mayak.sandbox.attio.announcing import announce, announce_entry, announce_note
from mayak.sandbox.attio.rows import Actor, Entry, ListRow, Note, Record, Table, Task, Value
from mayak.sandbox.world import World


def add_note(
    world: World,
    parent: Record,
    *,
    title: str,
    content: str,
    actor: Actor,
    note_id: str | None = None,
    created_at: int | None = None,
) -> Note:
    rows = world.attio
    row = Note(
        id=note_id or rows.next_id("note"),
        parent_object_id=parent.object_id,
        parent_record_id=parent.id,
        title=title,
        content=content,
        created_at=rows.stamp(world.clock.timestamp()) if created_at is None else created_at,
        created_by=actor,
    )
    rows.notes.put(row)
    announce_note(world, "note.created", row, actor)
    return row


def update_note(
    world: World,
    note: Note,
    *,
    actor: Actor,
    title: str | None = None,
    content: str | None = None,
) -> Note:
    """A new title and a new text are told apart."""
    row = replace(
        note,
        title=note.title if title is None else title,
        content=note.content if content is None else content,
    )
    world.attio.notes.put(row)
    if row.title != note.title:
        announce_note(world, "note.updated", row, actor)
    if row.content != note.content:
        announce_note(world, "note-content.updated", row, actor)
    return row


def delete_note(world: World, note: Note, *, actor: Actor) -> None:
    world.attio.notes.drop(note.id)
    announce_note(world, "note.deleted", note, actor)


def add_task(
    world: World,
    *,
    content: str,
    actor: Actor,
    linked: tuple[tuple[str, str], ...] = (),
    assignee_ids: tuple[str, ...] = (),
    deadline_at: int | None = None,
    completed_at: int | None = None,
    task_id: str | None = None,
    created_at: int | None = None,
) -> Task:
    rows = world.attio
    row = Task(
        id=task_id or rows.next_id("task"),
        content=content,
        deadline_at=deadline_at,
        completed_at=completed_at,
        linked=linked,
        assignee_ids=assignee_ids,
        created_at=rows.stamp(world.clock.timestamp()) if created_at is None else created_at,
        created_by=actor,
    )
    rows.tasks.put(row)
    announce(world, "task.created", {"task_id": row.id}, actor)
    return row


def update_task(
    world: World, task: Task, *, actor: Actor, completed: bool | None = None, **changes: Any
) -> Task:
    """`changes` are fields of `Task`; completed says whether it is done, since now."""
    if completed is not None and completed != (task.completed_at is not None):
        now = world.attio.stamp(world.clock.timestamp())
        changes["completed_at"] = now if completed else None
    row = replace(task, **changes)
    if row != task:
        world.attio.tasks.put(row)
        announce(world, "task.updated", {"task_id": row.id}, actor)
    return row


def delete_task(world: World, task: Task, *, actor: Actor) -> None:
    world.attio.tasks.drop(task.id)
    announce(world, "task.deleted", {"task_id": task.id}, actor)


def add_entry(
    world: World,
    parent: Record,
    place: ListRow,
    *,
    actor: Actor,
    values: dict[str, tuple[Any, ...]] | None = None,
    created_at: int | None = None,
) -> Entry:
    """Put a record on a list; it may be there already."""
    rows = world.attio
    at = rows.stamp(world.clock.timestamp()) if created_at is None else created_at
    row = Entry(
        id=rows.next_id(f"entry/{place.slug}"),
        list_id=place.id,
        object_id=parent.object_id,
        record_id=parent.id,
        created_at=at,
        created_by=actor,
        values={
            id_: tuple(Value(core, at, actor) for core in cores)
            for id_, cores in (values or {}).items()
        },
    )
    rows.entries.setdefault(place.id, Table()).put(row)
    announce_entry(world, "list-entry.created", row, actor)
    return row


def delete_entry(world: World, entry: Entry, *, actor: Actor) -> None:
    world.attio.entries[entry.list_id].drop(entry.id)
    announce_entry(world, "list-entry.deleted", entry, actor)
