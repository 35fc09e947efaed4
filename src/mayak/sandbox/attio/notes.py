"""Notes and tasks over the API."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from mayak.sandbox.attio import activities, views
from mayak.sandbox.attio.desk import Desk, invalid, not_found
from mayak.sandbox.attio.rows import Note, Task, nanoseconds
from mayak.sandbox.exchange import Reply

NOTES = (10, 50)
TASKS = (500, 500)
"""Rows on a page by default and at most."""
READ_NOTES = ("note:read", "object_configuration:read", "record_permission:read")
WRITE_NOTES = ("note:read-write", "object_configuration:read", "record_permission:read")
BESIDE_TASKS = ("object_configuration:read", "record_permission:read", "user_management:read")
NEEDED = ("content", "format", "deadline_at", "is_completed", "linked_records", "assignees")


def list_notes(desk: Desk) -> Reply:
    """Newest first, which is written nowhere. Of a hidden object none are seen."""
    desk.must(*READ_NOTES)
    asked = desk.asked()
    limit, offset = desk.paging(asked, default=NOTES[0], most=NOTES[1])
    table = desk.rows.notes
    kinds = {kind.id for kind in desk.rows.objects.values() if desk.sees(kind)}
    if "parent_object" in asked:
        kinds = {desk.kind(asked["parent_object"]).id}
    record_id = asked.get("parent_record_id")
    newest = (table.at(place) for place in reversed(table.span(None, None)))
    seen = (
        row
        for row in newest
        if row.parent_object_id in kinds and record_id in {None, row.parent_record_id}
    )
    page = islice(seen, offset, offset + limit)
    return Reply(body={"data": [views.note(desk.rows, row) for row in page]})


def show_note(desk: Desk) -> Reply:
    desk.must(*READ_NOTES)
    return Reply(body={"data": views.note(desk.rows, _note(desk))})


def create_note(desk: Desk) -> Reply:
    desk.must(*WRITE_NOTES)
    posted = desk.posted()
    for name in ("title", "content", "format"):
        if not isinstance(posted.get(name), str):
            raise invalid(f"{name} must be a text.")
    parent = desk.record(
        desk.kind(str(posted.get("parent_object"))), str(posted.get("parent_record_id"))
    )
    at = posted.get("created_at")
    row = activities.add_note(
        desk.world,
        parent,
        title=posted["title"],
        content=posted["content"],
        actor=desk.actor,
        created_at=None if at is None else _moment(at, "created_at"),
    )
    return Reply(body={"data": views.note(desk.rows, row)})


def delete_note(desk: Desk) -> Reply:
    desk.must(*WRITE_NOTES)
    activities.delete_note(desk.world, _note(desk), actor=desk.actor)
    return Reply(body={})


def list_tasks(desk: Desk) -> Reply:
    desk.must("task:read", *BESIDE_TASKS)
    asked = desk.asked()
    limit, offset = desk.paging(asked, default=TASKS[0], most=TASKS[1])
    field, _, direction = asked.get("sort", "created_at:asc").partition(":")
    if field not in {"created_at", "completed_at"} or direction not in {"asc", "desc"}:
        raise invalid("sort is created_at or completed_at, and asc or desc.")
    found = [row for row in desk.rows.tasks.in_order() if _wanted(desk, asked, row)]
    if field == "completed_at":
        found.sort(key=lambda row: row.completed_at or 0)
    page = (found[::-1] if direction == "desc" else found)[offset : offset + limit]
    return Reply(body={"data": [views.task(row) for row in page]})


def show_task(desk: Desk) -> Reply:
    desk.must("task:read", *BESIDE_TASKS)
    return Reply(body={"data": views.task(_task(desk))})


def create_task(desk: Desk) -> Reply:
    desk.must("task:read-write", *BESIDE_TASKS)
    posted = desk.posted()
    if missing := [name for name in NEEDED if name not in posted]:
        raise invalid(f"{missing[0]} is missing.", "missing_value")
    if not isinstance(posted["content"], str) or posted["format"] != "plaintext":
        raise invalid("content must be a text, format must be plaintext.")
    now = desk.world.attio.stamp(desk.world.clock.timestamp())
    row = activities.add_task(
        desk.world,
        content=posted["content"],
        actor=desk.actor,
        completed_at=now if posted["is_completed"] else None,
        **_task_fields(desk, posted),
    )
    return Reply(body={"data": views.task(row)})


def update_task(desk: Desk) -> Reply:
    """The text of a task can never be changed."""
    desk.must("task:read-write", *BESIDE_TASKS)
    task, posted = _task(desk), desk.posted()
    if "content" in posted:
        raise invalid("The content of a task cannot be changed.", "immutable_value")
    completed = posted.get("is_completed")
    row = activities.update_task(
        desk.world,
        task,
        actor=desk.actor,
        completed=None if completed is None else bool(completed),
        **_task_fields(desk, posted),
    )
    return Reply(body={"data": views.task(row)})


def delete_task(desk: Desk) -> Reply:
    desk.must("task:read-write", *BESIDE_TASKS)
    activities.delete_task(desk.world, _task(desk), actor=desk.actor)
    return Reply(body={})


def _note(desk: Desk) -> Note:
    row = desk.rows.notes.get(desk.call.path["note_id"])
    if row is None or not desk.sees(desk.rows.objects[row.parent_object_id]):
        raise not_found(f"The note {desk.call.path['note_id']}")
    return row


def _task(desk: Desk) -> Task:
    row = desk.rows.tasks.get(desk.call.path["task_id"])
    if row is None:
        raise not_found(f"The task {desk.call.path['task_id']}")
    return row


def _wanted(desk: Desk, asked: Mapping[str, str], row: Task) -> bool:
    done = asked.get("is_completed")
    if done is not None and (done == "true") != (row.completed_at is not None):
        return False
    if "linked_object" in asked:
        kind = desk.kind(asked["linked_object"])
        if all(object_id != kind.id for object_id, _ in row.linked):
            return False
    record_id, person = asked.get("linked_record_id"), asked.get("assignee")
    if record_id is not None and all(linked != record_id for _, linked in row.linked):
        return False
    if person in {None, "null"}:
        return person is None or not row.assignee_ids
    names = {name for m in desk.rows.members.values() for name in (m.id, m.email)
             if m.id in row.assignee_ids}  # fmt: skip
    return person in names


def _task_fields(desk: Desk, posted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a task that were posted. Raises Refused with 400 or 404."""
    fields: dict[str, Any] = {}
    if "deadline_at" in posted:
        at = posted["deadline_at"]
        fields["deadline_at"] = None if at is None else _moment(at, "deadline_at")
    if "linked_records" in posted:
        fields["linked"] = tuple(_linked(desk, posted["linked_records"]))
    if "assignees" in posted:
        fields["assignee_ids"] = tuple(_assignees(desk, posted["assignees"]))
    return fields


def _linked(desk: Desk, raw: Any) -> Iterable[tuple[str, str]]:
    for one in _objects(raw, "linked_records"):
        kind = desk.kind(str(one.get("target_object")))
        yield kind.id, desk.record(kind, str(one.get("target_record_id"))).id


def _assignees(desk: Desk, raw: Any) -> Iterable[str]:
    for one in _objects(raw, "assignees"):
        asked = one.get("referenced_actor_id") or one.get("workspace_member_email_address")
        members = desk.rows.members.values()
        found = next((row.id for row in members if asked in {row.id, row.email}), None)
        if found is None:
            raise invalid(f"{asked} is not a member of the workspace.", "value_not_found")
        yield found


def _objects(raw: Any, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(one, Mapping) for one in raw):
        raise invalid(f"{name} must be a list of objects.")
    return raw


def _moment(raw: Any, name: str) -> int:
    try:
        return nanoseconds(str(raw))
    except ValueError as error:
        raise invalid(f"{name} must be an ISO date with a time.") from error
