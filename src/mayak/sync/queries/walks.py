"""SQL of walks and of what is gone: which conversations to read, which rows to bury."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value, fetch_values
from mayak.sync.model import DueWalk

DUE: LiteralString = """
WITH broken AS (
  SELECT parent_id AS external_id,
         bool_or(external_id = 'conversation ' || parent_id AND status = 'dead_letter') AS dead,
         bool_or(status IN ('pending', 'retrying') AND next_retry_at <= now()) AS again
    FROM connector_errors
   WHERE project_id = %(project_id)s AND connector = 'chatwoot' AND stream = 'messages'
     AND status <> 'resolved' AND parent_id IS NOT NULL
   GROUP BY parent_id
)
SELECT due.external_id, due.source_updated_at, due.walk_cursor
  FROM cw_conversations AS due
  LEFT JOIN broken ON broken.external_id = due.external_id
 WHERE due.project_id = %(project_id)s AND due.deleted_at IS NULL
   AND (%(inboxes)s::text[] IS NULL OR due.inbox_id = ANY(%(inboxes)s::text[]))
   AND (due.walked_at_source IS NULL OR broken.again
        OR due.walked_at_source IS DISTINCT FROM due.source_updated_at)
   AND (broken.dead IS NOT TRUE OR %(dead_too)s)
 ORDER BY due.last_activity_at DESC NULLS LAST, due.external_id
"""

KEEP_CURSOR: LiteralString = """
UPDATE cw_conversations
   SET walk_cursor = %(cursor)s::jsonb
 WHERE project_id = %(project_id)s AND external_id = %(conversation_id)s
"""

FINISH: LiteralString = """
UPDATE cw_conversations
   -- Another reader may have come further meanwhile.
   SET walk_cursor = NULL, walked_at_source = greatest(walked_at_source, %(walked_at_source)s)
 WHERE project_id = %(project_id)s AND external_id = %(conversation_id)s
"""

WALK_AGAIN: LiteralString = """
UPDATE cw_conversations
   SET walked_at_source = NULL, walk_cursor = NULL
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND (%(inbox_id)s::text IS NULL OR inbox_id = %(inbox_id)s::text)
   AND NOT external_id = ANY(%(listed)s)
"""

UNLISTED: LiteralString = """
SELECT count(*) AS live, count(*) FILTER (WHERE NOT external_id = ANY(%(listed)s)) AS unlisted
  FROM cw_conversations
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND (%(inbox_id)s::text IS NULL OR inbox_id = %(inbox_id)s::text)
"""

BURY_MESSAGES: LiteralString = """
UPDATE cw_messages
   SET deleted_at = now(), synced_at = now(), observed_at = %(observed_at)s,
       revision = nextval('source_revision')
   -- Why the project is selected: see `mirror`.
 WHERE project_id = (SELECT %(project_id)s::uuid) AND conversation_id = %(conversation_id)s
   AND deleted_at IS NULL AND observed_at <= %(observed_at)s
   AND external_id::bigint >= %(first)s AND external_id::bigint < %(past)s
   AND NOT external_id = ANY(%(present)s)
"""

BURY_ATTACHMENTS: LiteralString = """
UPDATE cw_attachments_raw AS file
   SET deleted_at = now(), synced_at = now(), observed_at = %(observed_at)s,
       revision = nextval('source_revision')
  FROM cw_messages AS message
 WHERE file.project_id = (SELECT %(project_id)s::uuid) AND file.deleted_at IS NULL
   AND file.observed_at <= %(observed_at)s
   AND NOT file.external_id = ANY(%(present)s)
   AND message.project_id = file.project_id AND message.external_id = file.message_id
   AND message.conversation_id = %(conversation_id)s
   AND message.external_id::bigint >= %(first)s AND message.external_id::bigint < %(past)s
   AND NOT message.external_id = ANY(%(unread)s)
"""

BURY_CONVERSATIONS: LiteralString = """
WITH gone AS (
  UPDATE cw_conversations
     SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision'),
         walked_at_source = NULL, walk_cursor = NULL
   WHERE project_id = %(project_id)s AND external_id = ANY(%(external_ids)s)
     AND deleted_at IS NULL
  RETURNING external_id
), silent AS (
  UPDATE cw_messages
     SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
   WHERE project_id = %(project_id)s AND deleted_at IS NULL
     AND conversation_id = ANY(%(external_ids)s)
  RETURNING external_id
), files AS (
  UPDATE cw_attachments_raw AS file
     SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
    FROM cw_messages AS message
   WHERE file.project_id = %(project_id)s AND file.deleted_at IS NULL
     AND message.project_id = file.project_id AND message.external_id = file.message_id
     AND message.conversation_id = ANY(%(external_ids)s)
  RETURNING file.external_id
)
SELECT count(*) FROM silent
"""

OUTSIDE: LiteralString = """
SELECT external_id
  FROM cw_conversations AS said
 WHERE project_id = %(project_id)s
   AND (inbox_id IS NULL OR NOT inbox_id = ANY(%(inboxes)s))
   AND (deleted_at IS NULL OR EXISTS (
         SELECT 1 FROM cw_messages AS message
          WHERE message.project_id = said.project_id
            AND message.conversation_id = said.external_id AND message.deleted_at IS NULL))
"""

DOUBTFUL_CONTACTS: LiteralString = """
SELECT external_id
  FROM cw_contacts AS contact
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT external_id = ANY(%(listed)s)
   AND (payload ? 'contact_inboxes' OR NOT EXISTS (
         SELECT 1 FROM cw_conversations AS said
          WHERE said.project_id = contact.project_id AND said.contact_id = contact.external_id
            AND said.deleted_at IS NULL))
 ORDER BY synced_at
 LIMIT %(limit)s
"""

BURY_STRANGERS: LiteralString = """
UPDATE cw_contacts AS contact
   SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
   AND NOT EXISTS (
         SELECT 1 FROM cw_conversations AS said
          WHERE said.project_id = contact.project_id AND said.contact_id = contact.external_id
            AND said.deleted_at IS NULL)
   AND NOT EXISTS (
         SELECT 1
           FROM jsonb_path_query(payload, '$.contact_inboxes[*].inbox.id') AS seen (inbox_id)
          WHERE seen.inbox_id #>> '{}' = ANY(%(inboxes)s))
"""

BURY_CONTACTS: LiteralString = """
UPDATE cw_contacts
   SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
 WHERE project_id = %(project_id)s AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL
"""

ABSENT_INBOXES: LiteralString = """
SELECT count(*) FROM cw_inboxes_raw
 WHERE project_id = %(project_id)s AND NOT external_id = ANY(%(present)s) AND deleted_at IS NULL
"""

BURY_INBOXES: LiteralString = """
UPDATE cw_inboxes_raw
   SET deleted_at = now(), synced_at = now(), observed_at = now(),
       revision = nextval('source_revision')
 WHERE project_id = %(project_id)s AND NOT external_id = ANY(%(present)s)
   AND deleted_at IS NULL
"""


async def due(
    conn: Conn, project_id: UUID, *, inboxes: Collection[str] | None, dead_too: bool
) -> list[DueWalk]:
    """Conversations to be read, latest activity first; `dead_too` tries dead letters again."""
    return await fetch_all(
        conn,
        DueWalk,
        DUE,
        project_id=project_id,
        inboxes=None if inboxes is None else list(inboxes),
        dead_too=dead_too,
    )


async def keep_cursor(
    conn: Conn, project_id: UUID, conversation_id: str, cursor: Mapping[str, Any]
) -> None:
    await execute(
        conn,
        KEEP_CURSOR,
        project_id=project_id,
        conversation_id=conversation_id,
        cursor=orjson.dumps(cursor).decode(),
    )


async def finish(
    conn: Conn, project_id: UUID, conversation_id: str, walked_at_source: datetime | None
) -> None:
    await execute(
        conn,
        FINISH,
        project_id=project_id,
        conversation_id=conversation_id,
        walked_at_source=walked_at_source,
    )


async def walk_again(
    conn: Conn, project_id: UUID, *, inbox_id: str | None, listed: Collection[str]
) -> int:
    """Make a walk due for every conversation that a whole listing did not show."""
    return await execute(
        conn, WALK_AGAIN, project_id=project_id, inbox_id=inbox_id, listed=list(listed)
    )


async def unlisted(
    conn: Conn, project_id: UUID, *, inbox_id: str | None, listed: Collection[str]
) -> tuple[int, int]:
    """How many conversations are live, and how many of them a whole listing did not show."""
    [row] = await fetch_dicts(
        conn, UNLISTED, project_id=project_id, inbox_id=inbox_id, listed=list(listed)
    )
    return row["live"], row["unlisted"]


async def bury_messages(
    conn: Conn,
    project_id: UUID,
    conversation_id: str,
    *,
    window: tuple[int, int],
    present: Collection[str],
    observed_at: datetime,
) -> int:
    """Tombstones for what a proven id window of a conversation did not show."""
    return await execute(
        conn,
        BURY_MESSAGES,
        project_id=project_id,
        conversation_id=conversation_id,
        first=window[0],
        past=window[1],
        present=list(present),
        observed_at=observed_at,
    )


async def bury_attachments(
    conn: Conn,
    project_id: UUID,
    conversation_id: str,
    *,
    window: tuple[int, int],
    present: Collection[str],
    unread: Collection[str],
    observed_at: datetime,
) -> int:
    """The same for attachments, sparing those of the messages that could not be read."""
    return await execute(
        conn,
        BURY_ATTACHMENTS,
        project_id=project_id,
        conversation_id=conversation_id,
        first=window[0],
        past=window[1],
        present=list(present),
        unread=list(unread),
        observed_at=observed_at,
    )


async def bury_conversations(conn: Conn, project_id: UUID, external_ids: Collection[str]) -> int:
    """Tombstones for conversations with all they hold; the number of messages among it."""
    count: int = await fetch_value(
        conn, BURY_CONVERSATIONS, project_id=project_id, external_ids=list(external_ids)
    )
    return count


async def outside(conn: Conn, project_id: UUID, inboxes: Collection[str]) -> list[str]:
    """Conversations of inboxes other than these that are live or hold live messages."""
    return await fetch_values(conn, OUTSIDE, project_id=project_id, inboxes=list(inboxes))


async def doubtful_contacts(
    conn: Conn, project_id: UUID, listed: Collection[str], *, limit: int
) -> list[str]:
    """Contacts that a whole listing should have shown, or that nobody has a conversation with."""
    return await fetch_values(
        conn, DOUBTFUL_CONTACTS, project_id=project_id, listed=list(listed), limit=limit
    )


async def bury_strangers(conn: Conn, project_id: UUID, inboxes: Collection[str]) -> int:
    """Tombstones for contacts that touch none of these inboxes."""
    return await execute(conn, BURY_STRANGERS, project_id=project_id, inboxes=list(inboxes))


async def bury_contacts(conn: Conn, project_id: UUID, external_ids: Collection[str]) -> int:
    return await execute(
        conn, BURY_CONTACTS, project_id=project_id, external_ids=list(external_ids)
    )


async def absent_inboxes(conn: Conn, project_id: UUID, present: Collection[str]) -> int:
    """How many live inboxes are not among `present`."""
    count: int = await fetch_value(
        conn, ABSENT_INBOXES, project_id=project_id, present=list(present)
    )
    return count


async def bury_inboxes(conn: Conn, project_id: UUID, present: Collection[str]) -> int:
    """Tombstones for every inbox that is not among `present`."""
    return await execute(conn, BURY_INBOXES, project_id=project_id, present=list(present))
