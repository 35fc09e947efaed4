"""How rows look in answers."""

from collections.abc import Iterable, Iterator
from typing import Any

from mayak.sandbox.attio.rows import (
    WORKSPACE_ID,
    Actor,
    AttioRows,
    Attribute,
    Entry,
    Hook,
    ListRow,
    Member,
    Note,
    ObjectType,
    Record,
    Task,
    Value,
    iso,
)
from mayak.sandbox.attio.values import rendered

Json = dict[str, Any]


def actor(row: Actor) -> Json:
    return {"type": row.type, "id": row.id}


def record(rows: AttioRows, row: Record) -> Json:
    """Every attribute is there, as an empty array when it holds nothing."""
    kind = rows.objects[row.object_id]
    attributes = [a for a in rows.attributes_of(row.object_id) if not a.archived]
    place = kind.singular.lower()
    return {
        "id": {"workspace_id": WORKSPACE_ID, "object_id": row.object_id, "record_id": row.id},
        "created_at": iso(row.created_at),
        "web_url": f"https://app.attio.com/{rows.workspace_slug}/{place}/{row.id}/overview",
        "values": {a.slug: elements(rows, a, held(rows, row, a)) for a in attributes},
    }


def held(rows: AttioRows, row: Record, attribute: Attribute) -> Iterable[Value]:
    """What a record holds of an attribute, wherever that is kept."""
    match attribute.slug if attribute.system else "":
        case "record_id":
            return (Value(row.id, row.created_at, row.created_by),)
        case "created_at":
            return (Value(row.created_at, row.created_at, row.created_by),)
        case "created_by":
            return (Value(tuple(row.created_by), row.created_at, row.created_by),)
    if attribute.derived:
        return sorted(_pointing(rows, row, attribute), key=lambda value: value[1:2] + value[:1])
    return row.values.get(attribute.id, ())


def _pointing(rows: AttioRows, row: Record, attribute: Attribute) -> Iterator[Value]:
    """The other ends of a relationship that is kept there."""
    for source_id, attribute_id in rows.referrers.get(row.id, {}):
        if attribute_id != attribute.inverse:
            continue
        source = rows.record(source_id)
        for value in source.values[attribute_id] if source else ():
            if source is not None and value.core[1] == row.id:
                yield value._replace(core=(source.object_id, source.id))


def elements(rows: AttioRows, attribute: Attribute, values: Iterable[Value]) -> list[Json]:
    return [
        {
            "active_from": iso(value.active_from),
            "active_until": None,
            "created_by_actor": actor(value.actor),
            **rendered(rows, attribute, value.core),
        }
        for value in values
    ]


def object_type(row: ObjectType) -> Json:
    return {
        "id": {"workspace_id": WORKSPACE_ID, "object_id": row.id},
        "api_slug": row.slug,
        "singular_noun": row.singular,
        "plural_noun": row.plural,
        "created_at": iso(row.created_at),
    }


def attribute(rows: AttioRows, row: Attribute) -> Json:
    inverse = rows.attributes.get(row.inverse or "")
    return {
        "id": _attribute_id(row),
        "title": row.title,
        "description": None,
        "api_slug": row.slug,
        "type": row.type,
        "is_system_attribute": row.system,
        "is_writable": row.writable,
        "is_required": False,
        "is_unique": row.unique,
        "is_multiselect": row.multiple,
        "is_default_value_enabled": False,
        "is_archived": row.archived,
        "default_value": None,
        "relationship": None if inverse is None else {"id": _attribute_id(inverse)},
        "created_at": iso(row.created_at),
        "config": {
            "currency": {
                "default_currency_code": row.currency,
                "display_type": "symbol" if row.currency else None,
            },
            "record_reference": {"allowed_object_ids": list(row.targets) or None},
        },
    }


def _attribute_id(row: Attribute) -> Json:
    return {"workspace_id": WORKSPACE_ID, "object_id": row.owner_id, "attribute_id": row.id}


def list_row(rows: AttioRows, row: ListRow) -> Json:
    return {
        "id": {"workspace_id": WORKSPACE_ID, "list_id": row.id},
        "api_slug": row.slug,
        "name": row.name,
        "parent_object": [rows.objects[row.object_id].slug],
        "workspace_access": "full-access",
        "workspace_member_access": [],
        "created_by_actor": actor(row.created_by),
        "created_at": iso(row.created_at),
    }


def entry(rows: AttioRows, row: Entry) -> Json:
    own = [a for a in rows.attributes_of(row.list_id) if not a.archived]
    return {
        "id": {"workspace_id": WORKSPACE_ID, "list_id": row.list_id, "entry_id": row.id},
        "parent_record_id": row.record_id,
        "parent_object": rows.objects[row.object_id].slug,
        "created_at": iso(row.created_at),
        "entry_values": {a.slug: elements(rows, a, row.values.get(a.id, ())) for a in own},
    }


def note(rows: AttioRows, row: Note) -> Json:
    return {
        "id": {"workspace_id": WORKSPACE_ID, "note_id": row.id},
        "parent_object": rows.objects[row.parent_object_id].slug,
        "parent_record_id": row.parent_record_id,
        "title": row.title,
        "meeting_id": row.meeting_id,
        "content_plaintext": row.content,
        "content_markdown": row.content,
        "tags": [],
        "created_by_actor": actor(row.created_by),
        "created_at": iso(row.created_at),
    }


def task(row: Task) -> Json:
    """Without completed_at while it is open, as the real answers are."""
    done = {} if row.completed_at is None else {"completed_at": iso(row.completed_at)}
    return {
        "id": {"workspace_id": WORKSPACE_ID, "task_id": row.id},
        "content_plaintext": row.content,
        "deadline_at": None if row.deadline_at is None else iso(row.deadline_at),
        "is_completed": row.completed_at is not None,
        **done,
        "linked_records": [
            {"target_object_id": object_id, "target_record_id": record_id}
            for object_id, record_id in row.linked
        ],
        "assignees": [
            {"referenced_actor_type": "workspace-member", "referenced_actor_id": id_}
            for id_ in row.assignee_ids
        ],
        "created_by_actor": actor(row.created_by),
        "created_at": iso(row.created_at),
    }


def member(row: Member) -> Json:
    return {
        "id": {"workspace_id": WORKSPACE_ID, "workspace_member_id": row.id},
        "first_name": row.first_name,
        "last_name": row.last_name,
        "avatar_url": None,
        "email_address": row.email,
        "access_level": row.access_level,
        "created_at": iso(row.created_at),
    }


def hook(row: Hook, *, status: str) -> Json:
    """Without the secret, which is shown once."""
    return {
        "id": {"workspace_id": WORKSPACE_ID, "webhook_id": row.id},
        "target_url": row.target_url,
        "subscriptions": [
            {"event_type": one.event_type, "filter": one.filter} for one in row.subscriptions
        ],
        "status": status,
        "created_at": iso(row.created_at),
    }
