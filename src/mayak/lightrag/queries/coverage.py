"""SQL of coverage: which records have become documents, and which chunks have their vectors."""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.records import DocumentType
from mayak.platform.db import Conn, fetch_dicts


def _chunked(kind: LiteralString, table: LiteralString, worded: LiteralString) -> LiteralString:
    return f"""
WITH listed AS (
  SELECT own.external_id,
         EXISTS (SELECT 1 FROM rag_documents AS made
                  WHERE made.project_id = own.project_id AND made.source_type = '{kind}'
                    AND made.external_id = own.external_id) AS done
    FROM {table} AS own
   WHERE own.project_id = %(project_id)s AND own.deleted_at IS NULL AND {worded}
)
SELECT count(*) FILTER (WHERE done)::integer AS have, count(*)::integer AS whole,
       coalesce((SELECT array_agg(external_id)
                   FROM (SELECT external_id FROM listed WHERE NOT done
                          ORDER BY external_id LIMIT %(limit)s) AS late), '{{}}') AS lacking
  FROM listed
"""


_SPOKEN: LiteralString = """
         EXISTS (SELECT 1 FROM cw_messages AS message
                  WHERE message.project_id = own.project_id
                    AND message.conversation_id = own.external_id
                    AND message.deleted_at IS NULL)
"""

CHUNKED: Mapping[DocumentType, LiteralString] = {
    "chatwoot_conversation": _chunked("chatwoot_conversation", "cw_conversations", _SPOKEN),
    "chatwoot_contact": _chunked("chatwoot_contact", "cw_contacts", "true"),
    "linear_issue": _chunked("linear_issue", "linear_issues_raw", "true"),
    "linear_project": _chunked("linear_project", "linear_projects_raw", "true"),
    "attio_company": _chunked("attio_company", "attio_accounts_raw", "true"),
    "attio_deal": _chunked("attio_deal", "attio_opportunities_raw", "true"),
    "attio_person": _chunked("attio_person", "attio_people_raw", "true"),
}

EMBEDDED: LiteralString = """
WITH listed AS (
  SELECT made.external_id, chunk.embedding_status = 'ready' AS done
    FROM rag_documents AS made
    JOIN rag_chunks AS chunk
      ON chunk.project_id = made.project_id AND chunk.document_id = made.id
   WHERE made.project_id = %(project_id)s AND made.source_type = %(kind)s
)
SELECT count(*) FILTER (WHERE done)::integer AS have, count(*)::integer AS whole,
       coalesce((SELECT array_agg(external_id)
                   FROM (SELECT DISTINCT external_id FROM listed WHERE NOT done
                          ORDER BY external_id LIMIT %(limit)s) AS late), '{}') AS lacking
  FROM listed
"""


async def chunked(
    conn: Conn, project_id: UUID, kind: DocumentType, *, limit: int
) -> tuple[int, int, list[str]]:
    """Records with words that have a document, of how many, and some that have none."""
    [row] = await fetch_dicts(conn, CHUNKED[kind], project_id=project_id, limit=limit)
    return row["have"], row["whole"], row["lacking"]


async def embedded(
    conn: Conn, project_id: UUID, kind: DocumentType, *, limit: int
) -> tuple[int, int, list[str]]:
    """Chunks with a vector, of how many, and some documents that have chunks without."""
    [row] = await fetch_dicts(conn, EMBEDDED, project_id=project_id, kind=kind, limit=limit)
    return row["have"], row["whole"], row["lacking"]
