"""Rows of Chatwoot that match a plan: conversations, messages that clients can read, contacts."""

from typing import LiteralString

from mayak.lightrag.queries.counting.tail import TAIL

CONVERSATIONS: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, row.external_id AS key, row.subject AS title, NULL::text AS url,
         row.status AS state, row.assignee_name AS person, contact.name AS client,
         inbox.name AS place, row.priority, NULL::numeric AS amount, NULL::text AS currency,
         NULL::float AS estimate, (row.waiting_since AT TIME ZONE %(zone)s::text)::date AS day,
         row.source_created_at AS created, row.labels
    FROM cw_conversations AS row
    LEFT JOIN cw_contacts AS contact
      ON contact.project_id = row.project_id AND contact.external_id = row.contact_id
    LEFT JOIN cw_inboxes_raw AS inbox
      ON inbox.project_id = row.project_id AND inbox.external_id = row.inbox_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
     AND (NOT %(open)s::boolean OR row.status = 'open')
     AND (NOT %(closed)s::boolean OR row.status = 'resolved')
     AND (NOT %(waiting)s::boolean OR (row.status <> 'resolved' AND 'incoming' = (
           SELECT said.message_type
             FROM cw_messages AS said
            WHERE said.project_id = row.project_id AND said.conversation_id = row.external_id
              AND said.message_type IN ('incoming', 'outgoing') AND NOT said.private
              AND said.deleted_at IS NULL
            ORDER BY said.source_created_at DESC, length(said.external_id) DESC,
                     said.external_id DESC
            LIMIT 1)))
     AND (NOT %(unassigned)s::boolean OR row.assignee_name IS NULL)
     AND (%(status)s::text IS NULL OR row.status = %(status)s::text)
     AND (%(urgency)s::text IS NULL OR coalesce(row.priority, 'none') = %(urgency)s::text)
     AND (%(people)s::text[] IS NULL OR row.assignee_name = ANY(%(people)s::text[]))
     AND (%(contacts)s::text[] IS NULL OR row.contact_id = ANY(%(contacts)s::text[]))
     AND (%(labels)s::text[] IS NULL OR row.labels && %(labels)s::text[])
     AND (%(since)s::timestamptz IS NULL OR row.source_created_at >= %(since)s::timestamptz)
     AND (%(until)s::timestamptz IS NULL OR row.source_created_at < %(until)s::timestamptz)
"""
    + TAIL
)

MESSAGES: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, NULL::text AS key, left(row.content, 200) AS title, NULL::text AS url,
         NULL::text AS state, row.sender_name AS person, contact.name AS client,
         talk.subject AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, NULL::date AS day,
         row.source_created_at AS created, '{}'::text[] AS labels
    FROM cw_messages AS row
    JOIN cw_conversations AS talk
      ON talk.project_id = row.project_id AND talk.external_id = row.conversation_id
    LEFT JOIN cw_contacts AS contact
      ON contact.project_id = talk.project_id AND contact.external_id = talk.contact_id
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL AND talk.deleted_at IS NULL
     AND NOT row.private AND row.message_type IN ('incoming', 'outgoing')
     AND (NOT %(incoming)s::boolean OR row.message_type = 'incoming')
     AND (NOT %(outgoing)s::boolean OR row.message_type = 'outgoing')
     AND (%(senders)s::text[] IS NULL OR row.sender_name = ANY(%(senders)s::text[]))
     AND (%(since)s::timestamptz IS NULL OR row.source_created_at >= %(since)s::timestamptz)
     AND (%(until)s::timestamptz IS NULL OR row.source_created_at < %(until)s::timestamptz)
"""
    + TAIL
)

CONTACTS: LiteralString = (
    """
WITH matching AS (
  SELECT row.external_id, NULL::text AS key,
         coalesce(row.name, row.email, row.phone_number) AS title, NULL::text AS url,
         NULL::text AS state, NULL::text AS person, row.company_name AS client,
         NULL::text AS place, NULL::text AS priority, NULL::numeric AS amount,
         NULL::text AS currency, NULL::float AS estimate, NULL::date AS day,
         row.source_created_at AS created, '{}'::text[] AS labels
    FROM cw_contacts AS row
   WHERE row.project_id = %(project_id)s AND row.deleted_at IS NULL
"""
    + TAIL
)
