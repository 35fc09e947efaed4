"""SQL of coverage: which records have become documents, and which chunks have their vectors."""

from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, fetch_dicts

CHUNKED: LiteralString = """
WITH talks AS (
  SELECT said.external_id,
         EXISTS (SELECT 1 FROM rag_documents AS made
                  WHERE made.project_id = said.project_id
                    AND made.source_type = 'chatwoot_conversation'
                    AND made.external_id = said.external_id) AS done
    FROM cw_conversations AS said
   WHERE said.project_id = %(project_id)s AND said.deleted_at IS NULL
     AND EXISTS (SELECT 1 FROM cw_messages AS message
                  WHERE message.project_id = said.project_id
                    AND message.conversation_id = said.external_id
                    AND message.deleted_at IS NULL)
)
SELECT count(*) FILTER (WHERE done)::integer AS have, count(*)::integer AS whole,
       coalesce((SELECT array_agg(external_id)
                   FROM (SELECT external_id FROM talks WHERE NOT done
                          ORDER BY external_id LIMIT %(limit)s) AS late), '{}') AS lacking
  FROM talks
"""

EMBEDDED: LiteralString = """
SELECT count(*) FILTER (WHERE embedding_status = 'ready')::integer AS have,
       count(*)::integer AS whole,
       coalesce((SELECT array_agg(external_id)
                   FROM (SELECT DISTINCT made.external_id
                           FROM rag_chunks AS chunk
                           JOIN rag_documents AS made
                             ON made.project_id = chunk.project_id AND made.id = chunk.document_id
                          WHERE chunk.project_id = %(project_id)s
                            AND chunk.embedding_status <> 'ready'
                          ORDER BY made.external_id LIMIT %(limit)s) AS late), '{}') AS lacking
  FROM rag_chunks
 WHERE project_id = %(project_id)s
"""


async def chunked(conn: Conn, project_id: UUID, *, limit: int) -> tuple[int, int, list[str]]:
    """Conversations with words that have a document, of how many, and some that have none."""
    [row] = await fetch_dicts(conn, CHUNKED, project_id=project_id, limit=limit)
    return row["have"], row["whole"], row["lacking"]


async def embedded(conn: Conn, project_id: UUID, *, limit: int) -> tuple[int, int, list[str]]:
    """Chunks with a vector, of how many, and some conversations that have chunks without."""
    [row] = await fetch_dicts(conn, EMBEDDED, project_id=project_id, limit=limit)
    return row["have"], row["whole"], row["lacking"]
