"""SQL of the talk around a message."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.records import Message
from mayak.platform.db import Conn, fetch_all, fetch_one

CONVERSATION_OF: LiteralString = """
SELECT c.external_id, m.source_created_at AS focus_at, m.external_id AS focus
  FROM cw_messages AS m
  JOIN cw_conversations AS c ON c.project_id = m.project_id AND c.external_id = m.conversation_id
 WHERE m.project_id = %(project_id)s AND m.external_id = %(external_id)s
   AND NOT m.private AND m.message_type <> 'activity' AND c.deleted_at IS NULL
"""

END_OF_CONVERSATION: LiteralString = """
SELECT m.conversation_id AS external_id, m.source_created_at AS focus_at, m.external_id AS focus
  FROM cw_messages AS m
 WHERE m.project_id = %(project_id)s AND m.conversation_id = %(external_id)s
   AND NOT m.private AND m.message_type <> 'activity'
 ORDER BY m.source_created_at DESC, length(m.external_id) DESC, m.external_id DESC
 LIMIT 1
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
class Place:
    """A message in its conversation."""

    external_id: str
    focus_at: datetime
    focus: str


async def place_of(conn: Conn, project_id: UUID, external_id: str) -> Place | None:
    """The place of a message that a client could read; None for any other message."""
    return await fetch_one(
        conn, Place, CONVERSATION_OF, project_id=project_id, external_id=external_id
    )


async def end_of(conn: Conn, project_id: UUID, conversation_id: str) -> Place | None:
    """The last message of a conversation that a client could read; None when there is none."""
    return await fetch_one(
        conn, Place, END_OF_CONVERSATION, project_id=project_id, external_id=conversation_id
    )


async def around(
    conn: Conn, project_id: UUID, talk: Place, *, before: int, after: int
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
