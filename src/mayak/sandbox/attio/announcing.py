"""What is told to webhooks: that something happened to an id, never what."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mayak.sandbox.attio.rows import WORKSPACE_ID, Actor, Attribute, Entry, Note, Record
from mayak.sandbox.world import World

EVENT_TYPES = (
    "comment.created", "comment.resolved", "comment.unresolved", "comment.deleted",
    "list.created", "list.updated", "list.deleted", "list-attribute.created",
    "list-attribute.updated", "list-entry.created", "list-entry.updated", "list-entry.deleted",
    "object-attribute.created", "object-attribute.updated", "note.created", "note.updated",
    "note.deleted", "note-content.updated", "record.created", "record.merged", "record.updated",
    "record.deleted", "task.created", "task.updated", "task.deleted",
    "workspace-member.created", "call-recording.created",
)  # fmt: skip
"""What may be subscribed; only a part of it ever happens here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttioEvent:
    event_type: str
    id: Mapping[str, str]
    beside: Mapping[str, str] = field(default_factory=dict)
    """Further ids, at the side of `id`: parents, the record that was merged away."""
    actor: Actor


def announce(
    world: World,
    event_type: str,
    ids: Mapping[str, str],
    actor: Actor,
    **beside: str,
) -> None:
    event = AttioEvent(
        event_type=event_type,
        id={"workspace_id": WORKSPACE_ID, **ids},
        beside=beside,
        actor=actor,
    )
    for listener in world.attio_listeners:
        listener(event)


def announce_record(
    world: World,
    event_type: str,
    row: Record,
    actor: Actor,
    *,
    attribute: Attribute | None = None,
    duplicate: Record | None = None,
) -> None:
    ids = {"object_id": row.object_id, "record_id": row.id}
    beside = {}
    if attribute is not None:
        ids["attribute_id"] = attribute.id
    if duplicate is not None:
        beside = {"duplicate_object_id": duplicate.object_id, "duplicate_record_id": duplicate.id}
    announce(world, event_type, ids, actor, **beside)


def announce_note(world: World, event_type: str, row: Note, actor: Actor) -> None:
    announce(
        world,
        event_type,
        {"note_id": row.id},
        actor,
        parent_object_id=row.parent_object_id,
        parent_record_id=row.parent_record_id,
    )


def announce_entry(world: World, event_type: str, row: Entry, actor: Actor) -> None:
    announce(
        world,
        event_type,
        {"list_id": row.list_id, "entry_id": row.id},
        actor,
        parent_object_id=row.object_id,
        parent_record_id=row.record_id,
    )
