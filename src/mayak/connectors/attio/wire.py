"""Attio's own words: what its things must have, and what they become in the mirror.

Only an id is required. Answers break their own specification in known places (null values,
members that are not there, new types of attributes), so what cannot be read is left empty,
and what is not known is kept in the payload.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mayak.connectors.attio import values
from mayak.connectors.attio.mapping import Attribute, Catalog
from mayak.connectors.base import Record, Rejected
from mayak.kit.text import content_hash

Json = dict[str, Any]

KINDS: Mapping[str, str] = {
    "attributes": "attribute", "members": "member", "companies": "company", "deals": "deal",
    "people": "person", "notes": "note", "tasks": "task",
}  # fmt: skip
"""Streams in reading order, with the kind of their records."""
ID_NAMES: Mapping[str, str] = {
    "attribute": "attribute_id", "member": "workspace_member_id", "company": "record_id",
    "deal": "record_id", "person": "record_id", "note": "note_id", "task": "task_id",
}  # fmt: skip
KNOWN = frozenset({"id", "created_at", "web_url", "values"})
"""Members of a record beside which there are none yet."""

Id = Annotated[str, Field(min_length=1)]
Text = Annotated[str | None, BeforeValidator(values.text)]
Moment = Annotated[datetime | None, BeforeValidator(values.moment)]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True)


class RecordId(Wire):
    record_id: Id


class AttributeId(Wire):
    attribute_id: Id


class MemberId(Wire):
    workspace_member_id: Id


class NoteId(Wire):
    note_id: Id


class TaskId(Wire):
    task_id: Id


class Actor(Wire):
    type: Text = None
    id: Text = None


class CrmRecord(Wire):
    id: RecordId
    created_at: Moment = None
    web_url: Text = None
    values: Json | None = None


class AttributeWire(Wire):
    id: AttributeId
    api_slug: str
    title: Text = None
    type: str
    is_multiselect: bool | None = None
    is_unique: bool | None = None
    is_archived: bool | None = None
    created_at: Text = None
    config: Json | None = None


class Member(Wire):
    id: MemberId
    first_name: Text = None
    last_name: Text = None
    email_address: Text = None
    access_level: Text = None


class Note(Wire):
    id: NoteId
    parent_object: Text = None
    parent_record_id: Text = None
    title: Text = None
    content_plaintext: Text = None
    meeting_id: Text = None
    created_by_actor: Actor | None = None
    created_at: Moment = None


class Task(Wire):
    id: TaskId
    content_plaintext: Text = None
    deadline_at: Moment = None
    is_completed: bool | None = None
    completed_at: Moment = None
    linked_records: list[Json] | None = None
    assignees: list[Json] | None = None
    created_by_actor: Actor | None = None
    created_at: Moment = None


def attribute(raw: Json) -> Attribute:
    """What the mapping needs of an attribute."""
    wire = AttributeWire.model_validate(raw)
    currency = (wire.config or {}).get("currency")
    code = currency.get("default_currency_code") if isinstance(currency, dict) else None
    return Attribute(
        id=wire.id.attribute_id,
        slug=wire.api_slug,
        title=wire.title or "",
        type=wire.type,
        archived=wire.is_archived is True,
        created_at=wire.created_at or "",
        currency=values.text(code),
    )


def attribute_record(raw: Json, catalog: Catalog) -> Record:
    wire = AttributeWire.model_validate(raw)
    mapped_to = catalog.field_of(wire.id.attribute_id)
    return Record(
        kind="attribute",
        external_id=wire.id.attribute_id,
        payload=raw,
        # What it is to us is our own choice, and changes while the source says the same.
        content_hash=content_hash({"source": raw, "mapped_to": mapped_to}),
        fields={
            "object": catalog.stream,
            "slug": wire.api_slug,
            "title": wire.title,
            "type": wire.type,
            "is_multiselect": wire.is_multiselect is True,
            "is_unique": wire.is_unique is True,
            "is_archived": wire.is_archived is True,
            "mapped_to": mapped_to,
        },
    )


def record(raw: Json, catalog: Catalog) -> Record:
    """A company, deal or person, its fields read from where the catalog says they are."""
    wire = CrmRecord.model_validate(raw)
    found = wire.values or {}
    fields = _fields(found, catalog)
    # What a later version adds beside the values is kept as well, so its changes are changes.
    added = {name: item for name, item in raw.items() if name not in KNOWN}
    return Record(
        kind=KINDS[catalog.stream],
        external_id=wire.id.record_id,
        payload=raw,
        # With the fields: another choice of attributes changes them and not the values.
        content_hash=content_hash(
            {
                "values": values.meaning(found, catalog.ids),
                "fields": {
                    name: values.in_order(item) if isinstance(item, list) else item
                    for name, item in fields.items()
                },
                **({"added": added} if added else {}),
            }
        ),
        fields={**fields, "web_url": wire.web_url, "source_created_at": wire.created_at},
    )


def _fields(found: Json, catalog: Catalog) -> dict[str, object]:
    def of(name: str) -> list[Json]:
        mapped = catalog.fields.get(name)
        return values.current(found, mapped.slug if mapped else None)

    match catalog.stream:
        case "companies":
            return {
                "name": values.first(of("name")),
                "domains": values.labels(of("domains")),
                "stage": values.first(of("stage")),
                "owner_id": values.first(of("owner_id")),
                "person_ids": values.labels(of("person_ids")),
            }
        case "deals":
            mapped = catalog.fields.get("amount")
            usual = mapped.currency if mapped else None
            amount, currency = values.amount(of("amount"), currency=usual)
            return {
                "name": values.first(of("name")),
                "stage": values.first(of("stage")),
                "amount": amount,
                "currency": currency,
                "company_id": values.first(of("company_id")),
                "person_ids": values.labels(of("person_ids")),
                "owner_id": values.first(of("owner_id")),
                "close_date": values.day(values.first(of("close_date"))),
                "next_step": values.first(of("next_step")),
            }
        case _:
            emails = [one.lower() for one in values.labels(of("emails"))]
            return {
                "name": values.first(of("name")),
                "emails": list(dict.fromkeys(emails)),
                "phones": values.labels(of("phones")),
                "job_title": values.first(of("job_title")),
                "company_id": values.first(of("company_id")),
            }


def member(raw: Json) -> Record:
    wire = Member.model_validate(raw)
    return Record(
        kind="member",
        external_id=wire.id.workspace_member_id,
        payload=raw,
        # Addresses of pictures are made anew now and then.
        content_hash=content_hash({k: item for k, item in raw.items() if k != "avatar_url"}),
        fields={
            "name": " ".join(filter(None, (wire.first_name, wire.last_name))) or None,
            "email": wire.email_address,
            "access_level": wire.access_level,
        },
    )


def note(raw: Json) -> Record:
    wire = Note.model_validate(raw)
    author = wire.created_by_actor or Actor()
    return Record(
        kind="note",
        external_id=wire.id.note_id,
        payload=raw,
        content_hash=content_hash({k: item for k, item in raw.items() if k != "web_url"}),
        fields={
            "parent_object": wire.parent_object,
            "parent_id": wire.parent_record_id,
            "title": wire.title,
            "content": wire.content_plaintext,
            "author_kind": author.type,
            "author_id": author.id,
            "meeting_id": wire.meeting_id,
            "source_created_at": wire.created_at,
        },
    )


def task(raw: Json) -> Record:
    wire = Task.model_validate(raw)
    lists = {
        name: values.in_order(raw[name])
        for name in ("linked_records", "assignees")
        if isinstance(raw.get(name), list)
    }
    meaning = {k: item for k, item in raw.items() if k != "web_url"} | lists
    return Record(
        kind="task",
        external_id=wire.id.task_id,
        payload=raw,
        content_hash=content_hash(meaning),
        fields={
            "content": wire.content_plaintext,
            "deadline_at": wire.deadline_at,
            "completed": wire.is_completed is True,
            "completed_at": wire.completed_at,
            "linked_ids": _ids(wire.linked_records, "target_record_id"),
            "assignee_ids": _ids(wire.assignees, "referenced_actor_id"),
            "author_id": (wire.created_by_actor or Actor()).id,
            "source_created_at": wire.created_at,
        },
    )


def parse(
    make: Callable[[Json], Record], kind: str, rows: Iterable[Any]
) -> tuple[list[Record], list[Rejected]]:
    """Records of the rows that fit, each once, and one rejection for each that does not."""
    records: dict[str, Record] = {}
    rejected: list[Rejected] = []
    for raw in rows:
        try:
            made = make(_object(raw))
            records[made.external_id] = made
        except (ValidationError, TypeError, ValueError, OverflowError) as error:
            rejected.append(_rejection(kind, raw, error))
    return list(records.values()), rejected


def values_of(rows: Iterable[Any]) -> list[Json]:
    """The values of records, of whatever can be read of them."""
    found = [raw.get("values") for raw in rows if isinstance(raw, dict)]
    return [one for one in found if isinstance(one, dict)]


def id_of(kind: str, raw: Any) -> str | None:
    """The id of a row of a kind; None when it has none."""
    ids = raw.get("id") if isinstance(raw, dict) else None
    found = ids.get(ID_NAMES[kind]) if isinstance(ids, dict) else None
    return found if isinstance(found, str) and found else None


def _object(raw: Any) -> Json:
    if not isinstance(raw, dict):
        raise TypeError(f"a record is an object, not {type(raw).__name__}")
    return raw


def _ids(listed: list[Json] | None, name: str) -> list[str]:
    found = (values.text(one.get(name)) for one in listed or [])
    return list(dict.fromkeys(id_ for id_ in found if id_))


def _rejection(kind: str, raw: Any, error: Exception) -> Rejected:
    reason = str(error)
    if isinstance(error, ValidationError):
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        reason = f"{kind} {where}: {problem['msg']}"
    return Rejected(kind=kind, external_id=id_of(kind, raw), reason=reason, payload=raw)
