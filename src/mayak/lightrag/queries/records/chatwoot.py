"""SQL of what Chatwoot has: messages, conversations, contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from mayak.lightrag.model.records import Message, RecordType

MESSAGES: LiteralString = """
SELECT m.external_id, m.conversation_id, m.message_type, m.content_type, m.content, m.private,
       (m.deleted_at IS NOT NULL OR c.deleted_at IS NOT NULL) AS deleted,
       m.sender_name AS author, m.sender_kind AS author_kind, m.source_created_at AS at,
       m.synced_at, c.subject
  FROM cw_messages AS m
  JOIN cw_conversations AS c ON c.project_id = m.project_id AND c.external_id = m.conversation_id
 WHERE m.project_id = %(project_id)s AND m.external_id = ANY(%(ids)s)
"""

CONVERSATIONS: LiteralString = """
SELECT 'chatwoot_conversation' AS type, c.external_id,
       'chatwoot_conversation' AS document_type, c.external_id AS document_id,
       c.subject AS title,
       jsonb_build_object(
         'subject', c.subject, 'status', c.status, 'priority', c.priority,
         'assignee', c.assignee_name, 'labels', array_to_string(c.labels, ', '),
         'inbox', i.name, 'contact', coalesce(p.name, p.email, p.phone_number),
         'created', to_char(c.source_created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'),
         'last_activity', to_char(c.last_activity_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(c.last_activity_at, c.source_updated_at, c.source_created_at, c.synced_at) AS at,
       c.synced_at, c.deleted_at IS NULL AS public, NULL AS url
  FROM cw_conversations AS c
  LEFT JOIN cw_inboxes_raw AS i ON i.project_id = c.project_id AND i.external_id = c.inbox_id
  LEFT JOIN cw_contacts AS p ON p.project_id = c.project_id AND p.external_id = c.contact_id
 WHERE c.project_id = %(project_id)s AND c.external_id = ANY(%(ids)s)
"""

CONTACTS: LiteralString = """
SELECT 'chatwoot_contact' AS type, p.external_id,
       'chatwoot_contact' AS document_type, p.external_id AS document_id,
       coalesce(p.name, p.email, p.phone_number) AS title,
       jsonb_build_object(
         'name', p.name, 'email', p.email, 'phone', p.phone_number,
         'company', p.company_name, 'identifier', p.identifier,
         'conversations', (
           SELECT string_agg(concat_ws(' ', '#' || c.external_id, c.subject), '; '
                             ORDER BY c.last_activity_at DESC NULLS LAST, c.external_id)
             FROM cw_conversations AS c
            WHERE c.project_id = p.project_id AND c.contact_id = p.external_id
              AND c.deleted_at IS NULL)
       ) AS fields,
       NULL AS author, NULL AS author_kind,
       coalesce(p.source_updated_at, p.source_created_at, p.synced_at) AS at,
       p.synced_at, p.deleted_at IS NULL AS public, NULL AS url
  FROM cw_contacts AS p
 WHERE p.project_id = %(project_id)s AND p.external_id = ANY(%(ids)s)
"""

RECORDS: Mapping[RecordType, LiteralString] = {
    "chatwoot_conversation": CONVERSATIONS,
    "chatwoot_contact": CONTACTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Message):
    subject: str | None
