"""SQL of the records behind an answer: their present state, and the talk around one of them.

Every statement gives the same columns, so that a value is written in one way only: as a card shows
it, as a chunk holds it and as a quote is checked. Days are those of UTC.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.records import DocumentType, Record, RecordKey, RecordType, record_of
from mayak.lightrag.queries.records import attio, chatwoot, linear
from mayak.lightrag.queries.records.presence import present
from mayak.lightrag.queries.records.rows import Row
from mayak.lightrag.queries.records.talk import Place, around, end_of, place_of
from mayak.platform.db import Conn, fetch_all, fetch_dicts

RECORDS: Mapping[RecordType, LiteralString] = {
    **chatwoot.RECORDS,
    **linear.RECORDS,
    **attio.RECORDS,
}
"""By external ids; messages have rules of their own."""

PARTS: Mapping[DocumentType, tuple[LiteralString, ...]] = {**linear.PARTS, **attio.PARTS}
"""What documents consist of beside their own record, in reading order; by ids of documents."""


async def records(
    conn: Conn, project_id: UUID, keys: Iterable[RecordKey]
) -> dict[RecordKey, Record]:
    """The present state of these records; private and deleted ones too, marked as not public."""
    wanted: dict[RecordType, set[str]] = defaultdict(set)
    for kind, external_id in keys:
        wanted[kind].add(external_id)
    found: dict[RecordKey, Record] = {}
    for kind, ids in wanted.items():
        made: Iterable[Record] = ()
        if kind == "chatwoot_message":
            said = await fetch_all(
                conn, chatwoot.Said, chatwoot.MESSAGES, project_id=project_id, ids=sorted(ids)
            )
            made = [record_of(message, message.subject) for message in said]
        elif kind in RECORDS:
            rows = await fetch_all(conn, Row, RECORDS[kind], project_id=project_id, ids=sorted(ids))
            made = [row.record() for row in rows]
        found |= {record.key: record for record in made}
    return found


async def parts(
    conn: Conn, project_id: UUID, kind: DocumentType, ids: Iterable[str]
) -> dict[str, list[Record]]:
    """The other records of these documents in the order in which they are read, deleted ones too.

    An issue's comments, the notes and tasks of an entity. A talk's messages are not among them.
    """
    found: dict[str, list[Record]] = defaultdict(list)
    listed = list(ids)
    for statement in PARTS.get(kind, ()):
        for row in await fetch_all(conn, Row, statement, project_id=project_id, ids=listed):
            found[row.document_id].append(row.record())
    return found


async def people(conn: Conn, project_id: UUID) -> dict[str, str]:
    """The names of the project's people in the CRM by external id."""
    rows = await fetch_dicts(conn, attio.NAMES, project_id=project_id)
    return {row["external_id"]: row["name"] for row in rows}


__all__ = ["Place", "around", "end_of", "parts", "people", "place_of", "present", "records"]
