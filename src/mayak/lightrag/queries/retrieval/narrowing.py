"""Which chunks a search is limited to, as parameters of its statements."""

from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.model.records import DocumentType
from mayak.platform.db import Conn

_TYPES: dict[str, tuple[DocumentType, ...]] = {
    "chatwoot": ("chatwoot_conversation", "chatwoot_contact"),
    "linear": ("linear_issue", "linear_project"),
    "attio": ("attio_company", "attio_person", "attio_deal"),
}

FITS: LiteralString = """
       (%(types)s::text[] IS NULL OR document.source_type = ANY(%(types)s::text[]))
   AND (%(clients)s::text[] IS NULL OR document.clients && %(clients)s::text[])
   AND (%(people)s::text[] IS NULL OR document.people && %(people)s::text[])
   AND (%(since)s::timestamptz IS NULL OR chunk.occurred_at >= %(since)s::timestamptz)
   AND (%(until)s::timestamptz IS NULL OR chunk.occurred_at < %(until)s::timestamptz)
   AND (%(languages)s::text[] IS NULL OR chunk.language = ANY(%(languages)s::text[]))
"""
"""A condition on `chunk` and its `document`. Statements with it run unprepared, so that what is not
asked for costs nothing.
"""

COUNT_FITTING: LiteralString = f"""
SELECT count(*)
  FROM (SELECT FROM rag_chunks AS chunk
          JOIN rag_documents AS document
            ON document.project_id = %(project_id)s AND document.id = chunk.document_id
         WHERE chunk.project_id = %(project_id)s AND (chunk.kind = 'card') = %(card)s AND {FITS}
         LIMIT %(most)s) AS first_ones
"""


def limits(narrowing: Narrowing) -> dict[str, object]:
    """The parameters of FITS; None where nothing is limited."""
    types = [type_ for source in narrowing.sources for type_ in _TYPES[source]]
    return {
        "types": types or None,
        "clients": list(narrowing.clients) or None,
        "people": list(narrowing.people) or None,
        "since": narrowing.since,
        "until": narrowing.until,
        "languages": list(narrowing.languages) or None,
    }


async def count_fitting(
    conn: Conn, project_id: UUID, narrowing: Narrowing, *, card: bool, most: int
) -> int:
    """How many chunks are left by `narrowing`; counts no further than `most`."""
    async with conn.cursor() as cursor:
        values = {"project_id": project_id, "card": card, "most": most, **limits(narrowing)}
        await cursor.execute(COUNT_FITTING, values, prepare=False)
        [row] = await cursor.fetchall()
    return int(row[0])
