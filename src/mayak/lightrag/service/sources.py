"""A quoted record in its surroundings: the talk, the issue or the entity that it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mayak.errors import NotFound
from mayak.lightrag.model.cards import FACTS, HEADINGS, STATES, TEXTS
from mayak.lightrag.model.records import AuthorKind, Message, Record, RecordKey
from mayak.lightrag.queries import links, records
from mayak.lightrag.queries.links import Neighbour
from mayak.platform.db import Conn

BEFORE = 15
AFTER = 15
LINKS = 50


@dataclass(eq=False)
class SourceNotFound(NotFound):
    code = "source_not_found"
    message = "There is no {source_type} {external_id} to show in this project."

    source_type: str
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One text of a document, in its place."""

    key: RecordKey
    field: str
    author: str | None
    author_kind: AuthorKind | None
    content: str | None
    """None when it was deleted."""
    deleted: bool
    at: datetime
    focus: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    to: Neighbour
    record: Record | None
    """Its own record; None when it is gone and its document is not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    document: Record
    status: str | None
    facts: list[tuple[str, str]]
    """Fields and values of its card."""
    entries: list[Entry]
    """In reading order."""
    has_before: bool
    has_after: bool
    links: list[Linked]


async def source(
    conn: Conn, project_id: UUID, key: RecordKey, *, before: int = BEFORE, after: int = AFTER
) -> Source:
    """The record `key` and what is read with it. Raises SourceNotFound, for notes and activity
    rows of a talk as well.
    """
    if key[0] == "chatwoot_message":
        place = await records.place_of(conn, project_id, key[1])
        document: RecordKey | None = ("chatwoot_conversation", place.external_id) if place else None
    else:
        found = (await records.records(conn, project_id, [key])).get(key)
        document = found.document if found and found.public else None
    whole = (await records.records(conn, project_id, [document])) if document else {}
    if document is None or document not in whole or not whole[document].public:
        raise SourceNotFound(key[0], key[1])
    own = whole[document]
    entries = await _entries(conn, project_id, own, key, before=before, after=after)
    return Source(
        document=own,
        status=next((own.fields[name] for name in STATES if name in own.fields), None),
        facts=[
            (name, own.fields[name])
            for name in FACTS.get(own.document[0], ())
            if name in own.fields
        ],
        entries=entries[0],
        has_before=entries[1],
        has_after=entries[2],
        links=await _links(conn, project_id, own),
    )


async def _entries(
    conn: Conn, project_id: UUID, own: Record, key: RecordKey, *, before: int, after: int
) -> tuple[list[Entry], bool, bool]:
    if own.document[0] == "chatwoot_conversation":
        return await _talk(conn, project_id, own, key, before=before, after=after)
    parts = await records.parts(conn, project_id, own.document[0], [own.document[1]])
    shown = _fields(own, facts=own.key == key)
    listed = [_entry(own, field, key) for field in shown]
    listed += [
        _entry(part, field, key)
        for part in parts[own.document[1]]
        if part.public
        for field in _fields(part)
    ]
    at = next((place for place, one in enumerate(listed) if one.focus), 0)
    # What is asked for is shown whole, however many fields it has.
    last = max((place for place, one in enumerate(listed) if one.focus), default=at)
    return (
        listed[max(0, at - before) : last + after + 1],
        at > before,
        len(listed) > last + after + 1,
    )


def _fields(record: Record, *, facts: bool = False) -> list[str]:
    """The texts of a record; of an entity that is asked for, everything that can be quoted."""
    kind = record.document[0]
    names = (*HEADINGS.get(kind, ()), *FACTS.get(kind, ())) if facts else ()
    wanted = dict.fromkeys((*names, *TEXTS.get(record.key[0], ())))
    return [name for name in wanted if record.fields.get(name, "").strip()]


def _entry(record: Record, field: str, key: RecordKey) -> Entry:
    return Entry(
        key=record.key,
        field=field,
        author=record.author,
        author_kind=record.author_kind,
        content=record.fields[field],
        deleted=False,
        at=record.at,
        focus=record.key == key,
    )


async def _talk(
    conn: Conn, project_id: UUID, own: Record, key: RecordKey, *, before: int, after: int
) -> tuple[list[Entry], bool, bool]:
    if key == own.key:
        place = await records.end_of(conn, project_id, own.key[1])
    else:
        place = await records.place_of(conn, project_id, key[1])
    if place is None:
        return [], False, False
    # One more on each side than is shown tells whether the talk goes on there.
    earlier, later = await records.around(
        conn, project_id, place, before=before + 2, after=after + 1
    )
    shown: Sequence[Message] = [*earlier[-(before + 1) :], *later[:after]]
    entries = [
        Entry(
            key=("chatwoot_message", message.external_id),
            field="content",
            author=message.author,
            author_kind=message.author_kind,
            content=message.content,
            deleted=message.deleted,
            at=message.at,
            focus=message.external_id == key[1] and key != own.key,
        )
        for message in shown
    ]
    return entries, len(earlier) > before + 1, len(later) > after


async def _links(conn: Conn, project_id: UUID, own: Record) -> list[Linked]:
    beside = await links.neighbours(conn, project_id, own.document, limit=LINKS)
    keys: list[RecordKey] = [(one.type, one.external_id) for one in beside]
    known = await records.records(conn, project_id, keys)
    return [Linked(to=one, record=known.get((one.type, one.external_id))) for one in beside]
