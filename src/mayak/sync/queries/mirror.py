"""SQL of the mirror: how pages of records become rows.

Every statement takes a whole page as one JSON array. Rows that would not change are left out
before the insert, so that reading an unchanged source writes nothing, not even row locks.
"""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.connectors.base import Record
from mayak.platform.db import Conn, fetch_dicts, fetch_one
from mayak.sync.model import MirrorCounts, Saved

SAVE_INBOXES: LiteralString = """
WITH changed AS (
  SELECT new.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, name text, channel_type text)
    LEFT JOIN cw_inboxes_raw AS old
           ON old.project_id = %(project_id)s AND old.external_id = new.external_id
   WHERE old.external_id IS NULL OR old.deleted_at IS NOT NULL
      OR old.content_hash <> decode(new.content_hash, 'hex')
), written AS (
  INSERT INTO cw_inboxes_raw
         (project_id, external_id, content_hash, payload, name, channel_type)
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload, name, channel_type
    FROM changed
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload, name = excluded.name,
         channel_type = excluded.channel_type, revision = excluded.revision,
         synced_at = now(), deleted_at = NULL
  RETURNING 1
)
SELECT count(*) AS written, 0 AS deleted, 0 AS unchanged FROM written
"""

SAVE_CONTACTS: LiteralString = """
WITH changed AS (
  SELECT new.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, name text, email text,
          phone_number text, identifier text, company_name text, source_created_at timestamptz)
    LEFT JOIN cw_contacts AS old
           ON old.project_id = %(project_id)s AND old.external_id = new.external_id
   WHERE old.external_id IS NULL OR old.deleted_at IS NOT NULL
      OR old.content_hash <> decode(new.content_hash, 'hex')
), written AS (
  INSERT INTO cw_contacts
         (project_id, external_id, content_hash, payload, name, email, phone_number, identifier,
          company_name, source_created_at)
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload, name, email,
         phone_number, identifier, company_name, source_created_at
    FROM changed
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload, name = excluded.name,
         email = excluded.email, phone_number = excluded.phone_number,
         identifier = excluded.identifier, company_name = excluded.company_name,
         source_created_at = excluded.source_created_at, revision = excluded.revision,
         synced_at = now(), deleted_at = NULL
  RETURNING 1
)
SELECT count(*) AS written, 0 AS deleted, 0 AS unchanged FROM written
"""

SAVE_CONVERSATIONS: LiteralString = """
WITH changed AS (
  SELECT new.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, uuid text, inbox_id text,
          contact_id text, assignee_name text, status text, priority text, labels text[],
          subject text, waiting_since timestamptz, first_reply_at timestamptz,
          last_activity_at timestamptz, source_created_at timestamptz,
          source_updated_at timestamptz)
    LEFT JOIN cw_conversations AS old
           ON old.project_id = %(project_id)s AND old.external_id = new.external_id
   WHERE old.external_id IS NULL OR old.deleted_at IS NOT NULL
      OR old.content_hash <> decode(new.content_hash, 'hex')
      OR old.source_updated_at IS DISTINCT FROM new.source_updated_at
), written AS (
  INSERT INTO cw_conversations AS old
         (project_id, external_id, content_hash, payload, uuid, inbox_id, contact_id,
          assignee_name, status, priority, labels, subject, waiting_since, first_reply_at,
          last_activity_at, source_created_at, source_updated_at)
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload, uuid, inbox_id,
         contact_id, assignee_name, status, priority, labels, subject, waiting_since,
         first_reply_at, last_activity_at, source_created_at, source_updated_at
    FROM changed
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload, uuid = excluded.uuid,
         inbox_id = excluded.inbox_id, contact_id = excluded.contact_id,
         assignee_name = excluded.assignee_name, status = excluded.status,
         priority = excluded.priority, labels = excluded.labels, subject = excluded.subject,
         waiting_since = excluded.waiting_since, first_reply_at = excluded.first_reply_at,
         last_activity_at = excluded.last_activity_at,
         source_created_at = excluded.source_created_at,
         source_updated_at = excluded.source_updated_at,
         -- A touch alone makes a walk due; it does not make anything derived out of date.
         revision = CASE WHEN old.content_hash <> excluded.content_hash
                           OR old.deleted_at IS NOT NULL
                         THEN excluded.revision ELSE old.revision END,
         synced_at = now(), deleted_at = NULL
  RETURNING 1
)
SELECT count(*) AS written, 0 AS deleted, 0 AS unchanged FROM written
"""

SAVE_MESSAGES: LiteralString = """
WITH changed AS (
  SELECT new.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, deleted boolean,
          conversation_id text, message_type text, content_type text, content text,
          private boolean, sender_kind text, sender_id text, sender_name text,
          source_created_at timestamptz)
    LEFT JOIN cw_messages AS old
           ON old.project_id = %(project_id)s AND old.external_id = new.external_id
   WHERE old.external_id IS NULL OR (old.deleted_at IS NOT NULL) <> new.deleted
      OR old.content_hash <> decode(new.content_hash, 'hex')
), written AS (
  INSERT INTO cw_messages AS old
         (project_id, external_id, content_hash, payload, deleted_at, conversation_id,
          message_type, content_type, content, private, sender_kind, sender_id, sender_name,
          source_created_at)
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload,
         CASE WHEN deleted THEN now() END, conversation_id, message_type, content_type, content,
         private, sender_kind, sender_id, sender_name, source_created_at
    FROM changed
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload,
         deleted_at = CASE WHEN excluded.deleted_at IS NULL THEN NULL
                           ELSE coalesce(old.deleted_at, excluded.deleted_at) END,
         conversation_id = excluded.conversation_id, message_type = excluded.message_type,
         content_type = excluded.content_type, content = excluded.content,
         private = excluded.private, sender_kind = excluded.sender_kind,
         sender_id = excluded.sender_id, sender_name = excluded.sender_name,
         source_created_at = excluded.source_created_at, revision = excluded.revision,
         synced_at = now()
  RETURNING deleted_at IS NOT NULL AS deleted
)
SELECT count(*) FILTER (WHERE NOT deleted) AS written,
       count(*) FILTER (WHERE deleted) AS deleted,
       0 AS unchanged
  FROM written
"""

SAVE_ATTACHMENTS: LiteralString = """
WITH changed AS (
  SELECT new.*
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
         (external_id text, content_hash text, payload jsonb, message_id text, file_type text,
          extension text, file_size bigint, data_url text)
    LEFT JOIN cw_attachments_raw AS old
           ON old.project_id = %(project_id)s AND old.external_id = new.external_id
   WHERE old.external_id IS NULL OR old.deleted_at IS NOT NULL
      OR old.content_hash <> decode(new.content_hash, 'hex')
), written AS (
  INSERT INTO cw_attachments_raw
         (project_id, external_id, content_hash, payload, message_id, file_type, extension,
          file_size, data_url)
  SELECT %(project_id)s, external_id, decode(content_hash, 'hex'), payload, message_id,
         file_type, extension, file_size, data_url
    FROM changed
      ON CONFLICT (project_id, external_id) DO UPDATE
     SET content_hash = excluded.content_hash, payload = excluded.payload,
         message_id = excluded.message_id, file_type = excluded.file_type,
         extension = excluded.extension, file_size = excluded.file_size,
         data_url = excluded.data_url, revision = excluded.revision,
         synced_at = now(), deleted_at = NULL
  RETURNING 1
)
SELECT count(*) AS written, 0 AS deleted, 0 AS unchanged FROM written
"""

STATEMENTS: dict[str, LiteralString] = {
    "inbox": SAVE_INBOXES,
    "contact": SAVE_CONTACTS,
    "conversation": SAVE_CONVERSATIONS,
    "message": SAVE_MESSAGES,
    "attachment": SAVE_ATTACHMENTS,
}

CONTACT_PAYLOADS: LiteralString = """
SELECT external_id, payload
  FROM cw_contacts
 WHERE project_id = %(project_id)s AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL
"""

COUNTS: LiteralString = """
SELECT (SELECT count(*) FROM cw_inboxes_raw
         WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS inboxes,
       (SELECT count(*) FROM cw_contacts
         WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS contacts,
       (SELECT count(*) FROM cw_conversations
         WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS conversations,
       (SELECT count(*) FROM cw_messages
         WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS messages
"""


async def save(conn: Conn, project_id: UUID, kind: str, records: Sequence[Record]) -> Saved:
    """Write the records, all of one kind, that are new, different or back from deletion."""
    if not records:
        return Saved()
    rows = {record.external_id: _row(record) for record in records}
    saved = await fetch_one(
        conn,
        Saved,
        STATEMENTS[kind],
        project_id=project_id,
        rows=orjson.dumps(list(rows.values())).decode(),
    )
    assert saved is not None
    unchanged = len(rows) - saved.written - saved.deleted
    return Saved(written=saved.written, deleted=saved.deleted, unchanged=unchanged)


def _row(record: Record) -> dict[str, Any]:
    return {
        **record.fields,
        "external_id": record.external_id,
        "content_hash": record.content_hash.hex(),
        "payload": record.payload,
        "deleted": record.deleted,
    }


async def contact_payloads(
    conn: Conn, project_id: UUID, external_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What we hold of these contacts, by id. A tombstone may be of an account left behind."""
    rows = await fetch_dicts(
        conn, CONTACT_PAYLOADS, project_id=project_id, external_ids=list(external_ids)
    )
    return {row["external_id"]: row["payload"] for row in rows}


async def counts(conn: Conn, project_id: UUID) -> MirrorCounts:
    found = await fetch_one(conn, MirrorCounts, COUNTS, project_id=project_id)
    assert found is not None
    return found
