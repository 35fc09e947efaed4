"""How much of the copy can be searched: what reconciliation asks of those down the line."""

from uuid import UUID

from mayak.lightrag.model.records import DocumentType
from mayak.lightrag.queries import coverage as queries
from mayak.platform.db import Conn
from mayak.sync.model.reconciliation import LACKING_SHOWN, Stage

STREAMS: tuple[tuple[str, str, DocumentType], ...] = (
    ("chatwoot", "conversations", "chatwoot_conversation"),
    ("chatwoot", "contacts", "chatwoot_contact"),
    ("linear", "issues", "linear_issue"),
    ("linear", "projects", "linear_project"),
    ("attio", "companies", "attio_company"),
    ("attio", "deals", "attio_deal"),
    ("attio", "people", "attio_person"),
)
"""Streams whose records are documents. Messages, comments, notes and tasks are parts of theirs."""


async def coverage(conn: Conn, project_id: UUID) -> list[Stage]:
    """Records that were cut into chunks, and chunks that have their vectors, by stream.

    Nothing is said of a stream that has no records here.
    """
    found: list[Stage] = []
    for connector, stream, kind in STREAMS:
        have, of, lacking = await queries.chunked(conn, project_id, kind, limit=LACKING_SHOWN)
        ready, chunks, waiting = await queries.embedded(conn, project_id, kind, limit=LACKING_SHOWN)
        if of == chunks == 0 and kind != "chatwoot_conversation":
            continue
        found += [
            Stage(
                name="chunked", connector=connector, stream=stream,
                have=have, of=of, lacking=lacking,
            ),
            Stage(
                name="embedded", connector=connector, stream=stream,
                have=ready, of=chunks, lacking=waiting,
            ),
        ]  # fmt: skip
    return found
