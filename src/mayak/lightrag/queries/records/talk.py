"""SQL of the talk around a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.records import Message
from mayak.platform.db import Conn, fetch_all, fetch_one

CONVERSATION_OF: LiteralString = """
SELECT c.external_id, c.subject, c.status, i.name AS inbox, p.name AS contact, c.synced_at,
       m.source_created_at AS focus_at, m.external_id AS focus
  FROM cw_messages AS m
  JOIN cw_conversations AS c ON c.project_id = m.project_id AND c.external_id = m.conversation_id
  LEFT JOIN cw_inboxes_raw AS i ON i.project_id = c.project_id AND i.external_id = c.inbox_id
  LEFT JOIN cw_contacts AS p ON p.project_id = c.project_id AND p.external_id = c.contact_id
 WHERE m.project_id = %(project_id)s AND m.external_id = %(external_id)s
   AND NOT m.private AND m.message_type <> 'activity' AND c.deleted_at IS NULL
"""

MESSAGES_BEFORE: LiteralString = """
SELECT m.external_id, m.conversation_id, m.message_type, m.content_type,
       CASE WHEN m.deleted_at IS NULL THEN m.content END AS content, m.private,
       m.deleted_at IS NOT NULL AS deleted, m.sender_name AS author,
       m.sender_kind AS author_kind, m.source_created_at AS at, m.synced_at
  FROM cw_messages AS m
 WHERE m.project_id = %(project_id)s AND m.conversation_id = %(conversation_id)s
   AND NOT m.private AND m.message_type <> 'activity'
   AND (m.source_created_at, length(m.external_id), m.external_id)
       <= (%(at)s, length(%(focus)s::text), %(focus)s::text)
 ORDER BY m.source_created_at DESC, length(m.external_id) DESC, m.external_id DESC
 LIMIT %(limit)s
"""

MESSAGES_AFTER: LiteralString = """
SELECT m.external_id, m.conversation_id, m.message_type, m.content_type,
       CASE WHEN m.deleted_at IS NULL THEN m.content END AS content, m.private,
       m.deleted_at IS NOT NULL AS deleted, m.sender_name AS author,
       m.sender_kind AS author_kind, m.source_created_at AS at, m.synced_at
  FROM cw_messages AS m
 WHERE m.project_id = %(project_id)s AND m.conversation_id = %(conversation_id)s
   AND NOT m.private AND m.message_type <> 'activity'
   AND (m.source_created_at, length(m.external_id), m.external_id)
       > (%(at)s, length(%(focus)s::text), %(focus)s::text)
 ORDER BY m.source_created_at, length(m.external_id), m.external_id
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConversation:
    external_id: str
    subject: str | None
    status: str
    inbox: str | None
    contact: str | None
    synced_at: datetime
    focus_at: datetime
    focus: str


async def conversation_of(
    conn: Conn, project_id: UUID, external_id: str
) -> SourceConversation | None:
    """The conversation of a message that a client could read; None for any other message."""
    return await fetch_one(
        conn, SourceConversation, CONVERSATION_OF, project_id=project_id, external_id=external_id
    )


async def around(
    conn: Conn, project_id: UUID, talk: SourceConversation, *, before: int, after: int
) -> tuple[list[Message], list[Message]]:
    """Messages up to and with the focus, and those behind it, each list in the order of talk.

    Notes and activity rows are left out; a deleted message is there without its content.
    """
    earlier = await fetch_all(
        conn,
        Message,
        MESSAGES_BEFORE,
        project_id=project_id,
        conversation_id=talk.external_id,
        at=talk.focus_at,
        focus=talk.focus,
        limit=before,
    )
    later = await fetch_all(
        conn,
        Message,
        MESSAGES_AFTER,
        project_id=project_id,
        conversation_id=talk.external_id,
        at=talk.focus_at,
        focus=talk.focus,
        limit=after,
    )
    return earlier[::-1], later
