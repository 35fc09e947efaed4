"""SQL of documents: what they are made of, which chunks they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.lightrag.model.chunking import RULES, Chunk
from mayak.lightrag.model.records import DocumentType, Message
from mayak.lightrag.queries.stale import Stale
from mayak.platform.db import Conn, execute, execute_many, fetch_all, fetch_dicts

LIVE_CONVERSATIONS: LiteralString = """
SELECT external_id, subject
  FROM cw_conversations
 WHERE project_id = %(project_id)s AND external_id = ANY(%(ids)s) AND deleted_at IS NULL
"""

CONVERSATION_MESSAGES: LiteralString = """
SELECT external_id, conversation_id, message_type, content_type, content, private,
       deleted_at IS NOT NULL AS deleted, sender_name AS author, sender_kind AS author_kind,
       source_created_at AS at, synced_at
  FROM cw_messages
 WHERE project_id = %(project_id)s AND conversation_id = ANY(%(ids)s)
 ORDER BY conversation_id, source_created_at, length(external_id), external_id
"""

SAVE_DOCUMENTS: LiteralString = """
INSERT INTO rag_documents
       (project_id, source_type, external_id, title, source_revision, source_revisions,
        source_rows, rules)
SELECT %(project_id)s, %(kind)s, made.external_id, made.title, made.revision, made.revisions,
       made.made_of, %(rules)s
  FROM jsonb_to_recordset(%(documents)s::jsonb)
    AS made (external_id text, title text, revision bigint, revisions numeric, made_of integer)
 ORDER BY made.external_id
    ON CONFLICT (project_id, source_type, external_id) DO UPDATE
   SET title = excluded.title, source_revision = excluded.source_revision,
       source_revisions = excluded.source_revisions,
       source_rows = excluded.source_rows, rules = excluded.rules, updated_at = now(),
       linked = false
RETURNING external_id, id
"""

CHUNKS_OF_DOCUMENTS: LiteralString = """
SELECT document_id, id, ordinal, text_hash, spans, language, occurred_at
  FROM rag_chunks
 WHERE project_id = %(project_id)s AND document_id = ANY(%(document_ids)s)
 ORDER BY document_id, ordinal
"""

DROP_CHUNKS: LiteralString = """
DELETE FROM rag_chunks WHERE project_id = %(project_id)s AND id = ANY(%(ids)s)
"""

MOVE_CHUNK: LiteralString = """
UPDATE rag_chunks
   SET ordinal = %(ordinal)s, spans = %(spans)s::jsonb, language = %(language)s,
       occurred_at = %(occurred_at)s, updated_at = now()
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

ADD_CHUNK: LiteralString = """
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at)
VALUES (%(project_id)s, %(document_id)s, %(ordinal)s, %(kind)s, %(language)s, %(text)s,
        %(text_hash)s, %(spans)s::jsonb, %(occurred_at)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    external_id: str
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptChunk:
    document_id: UUID
    id: UUID
    ordinal: int
    text_hash: bytes
    spans: list[dict[str, Any]]
    language: str
    occurred_at: Any


async def conversations(conn: Conn, project_id: UUID, ids: Sequence[str]) -> list[Conversation]:
    """Those of `ids` that are not deleted."""
    return await fetch_all(
        conn, Conversation, LIVE_CONVERSATIONS, project_id=project_id, ids=list(ids)
    )


async def messages(conn: Conn, project_id: UUID, ids: Sequence[str]) -> list[Message]:
    """Every row of these conversations, private and deleted ones too, in the order of talk."""
    return await fetch_all(
        conn, Message, CONVERSATION_MESSAGES, project_id=project_id, ids=list(ids)
    )


async def save_documents(
    conn: Conn, project_id: UUID, kind: DocumentType, made: Sequence[tuple[Stale, str | None]]
) -> dict[str, UUID]:
    """Note of what rows documents are made now, and their titles. Their ids by external id."""
    documents = [
        {
            "external_id": made_of.external_id,
            "title": title,
            "revision": made_of.revision,
            "revisions": str(made_of.revisions),
            "made_of": made_of.rows,
        }
        for made_of, title in made
    ]
    rows = await fetch_dicts(
        conn,
        SAVE_DOCUMENTS,
        project_id=project_id,
        kind=kind,
        documents=orjson.dumps(documents).decode(),
        rules=RULES,
    )
    return {row["external_id"]: row["id"] for row in rows}


async def kept_chunks(
    conn: Conn, project_id: UUID, document_ids: Sequence[UUID]
) -> list[KeptChunk]:
    return await fetch_all(
        conn,
        KeptChunk,
        CHUNKS_OF_DOCUMENTS,
        project_id=project_id,
        document_ids=list(document_ids),
    )


async def drop_chunks(conn: Conn, project_id: UUID, ids: Sequence[UUID]) -> int:
    return await execute(conn, DROP_CHUNKS, project_id=project_id, ids=list(ids)) if ids else 0


async def move_chunks(
    conn: Conn, project_id: UUID, moved: Sequence[tuple[UUID, int, Chunk]]
) -> int:
    """Give chunks whose text stayed their new place and spans; id and vector stay."""
    rows = [
        {"project_id": project_id, "id": id_, "ordinal": ordinal, **_columns(chunk)}
        for id_, ordinal, chunk in moved
    ]
    return await execute_many(conn, MOVE_CHUNK, rows)


async def add_chunks(conn: Conn, project_id: UUID, added: Sequence[tuple[UUID, int, Chunk]]) -> int:
    """Insert chunks of these documents at these places, to be embedded."""
    rows = [
        {
            "project_id": project_id,
            "document_id": document_id,
            "ordinal": ordinal,
            "kind": chunk.kind,
            "text": chunk.text,
            "text_hash": chunk.text_hash,
            **_columns(chunk),
        }
        for document_id, ordinal, chunk in added
    ]
    return await execute_many(conn, ADD_CHUNK, rows)


def spans_as_json(chunk: Chunk) -> list[dict[str, Any]]:
    return [
        {
            "type": span.type,
            "external_id": span.external_id,
            "field": span.field,
            "start": span.start,
            "end": span.end,
            "source_start": span.source_start,
        }
        for span in chunk.spans
    ]


def _columns(chunk: Chunk) -> dict[str, object]:
    return {
        "spans": orjson.dumps(spans_as_json(chunk)).decode(),
        "language": chunk.language,
        "occurred_at": chunk.occurred_at,
    }
