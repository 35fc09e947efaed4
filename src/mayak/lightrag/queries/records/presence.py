"""SQL of which records are still there at all, whether they can be quoted or not."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.records import RecordKey, RecordType
from mayak.platform.db import Conn, fetch_dicts


def _present(table: LiteralString) -> LiteralString:
    return f"""
SELECT external_id FROM {table}
 WHERE project_id = %(project_id)s AND external_id = ANY(%(ids)s::text[]) AND deleted_at IS NULL
"""


PRESENT: Mapping[RecordType, LiteralString] = {
    "chatwoot_message": _present("cw_messages"),
    "chatwoot_conversation": _present("cw_conversations"),
    "chatwoot_contact": _present("cw_contacts"),
    "linear_issue": _present("linear_issues_raw"),
    "linear_comment": _present("linear_comments_raw"),
    "linear_project": _present("linear_projects_raw"),
    "attio_company": _present("attio_accounts_raw"),
    "attio_person": _present("attio_people_raw"),
    "attio_deal": _present("attio_opportunities_raw"),
    "attio_note": _present("attio_notes_raw"),
    "attio_task": _present("attio_tasks_raw"),
}


async def present(conn: Conn, project_id: UUID, keys: Iterable[RecordKey]) -> set[RecordKey]:
    """Those of the records that are not deleted at the source."""
    wanted: dict[RecordType, list[str]] = defaultdict(list)
    for kind, external_id in keys:
        wanted[kind].append(external_id)
    found: set[RecordKey] = set()
    for kind, ids in wanted.items():
        rows = await fetch_dicts(conn, PRESENT[kind], project_id=project_id, ids=ids)
        found.update((kind, str(row["external_id"])) for row in rows)
    return found
