"""SQL of connector errors: one row per failing thing, as those write it who read a source."""

from collections.abc import Collection, Mapping, Sequence
from typing import LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_value, fetch_values
from mayak.sync.model import (
    DEAD_AFTER,
    FIRST_RETRY,
    LONGEST_RETRY,
    Connector,
)

REPORT: LiteralString = """
INSERT INTO connector_errors AS old
       (project_id, connector, stream, kind, fingerprint, message, external_id, parent_id, payload,
        next_step, next_retry_at)
SELECT %(project_id)s::uuid, %(connector)s::text, %(stream)s::text, new.kind, new.fingerprint,
       new.message, new.external_id, new.parent_id, new.payload, new.next_step,
       now() + %(first)s::interval
  FROM jsonb_to_recordset(%(rows)s::jsonb) AS new
       (kind text, fingerprint text, message text, external_id text, parent_id text, payload jsonb,
        next_step text)
 WHERE NOT EXISTS (
         -- A person looked at this very record and said that it does not matter.
         SELECT 1 FROM connector_errors AS known
          WHERE known.project_id = %(project_id)s::uuid AND known.connector = %(connector)s::text
            AND known.stream = %(stream)s::text AND known.fingerprint = new.fingerprint
            AND known.discarded_at IS NOT NULL AND new.payload IS NOT NULL
            AND known.external_id IS NOT DISTINCT FROM new.external_id
            AND known.payload = new.payload)
    ON CONFLICT (project_id, connector, stream, fingerprint, coalesce(external_id, ''))
       WHERE status <> 'resolved'
    DO UPDATE
   SET attempt = old.attempt + 1,
       message = excluded.message,
       retried_by = NULL,
       payload = excluded.payload,
       next_step = excluded.next_step,
       last_seen_at = now(),
       status = CASE WHEN old.attempt + 1 >= %(dead_after)s THEN 'dead_letter' ELSE 'pending' END,
       next_retry_at =
         CASE WHEN old.attempt + 1 < %(dead_after)s THEN
           now() + least(%(longest)s::interval, %(first)s::interval * power(2, old.attempt))
         END
"""

RESOLVE: LiteralString = """
UPDATE connector_errors
   SET status = 'resolved', resolved_at = now(), next_retry_at = NULL,
       resolved_by = CASE status WHEN 'retrying' THEN 'retry' ELSE 'sync' END
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status <> 'resolved' AND external_id = ANY(%(external_ids)s)
"""

RESOLVE_STREAM: LiteralString = """
UPDATE connector_errors
   SET status = 'resolved', resolved_at = now(), next_retry_at = NULL,
       resolved_by = CASE status WHEN 'retrying' THEN 'retry' ELSE 'sync' END
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status <> 'resolved' AND external_id IS NULL AND payload IS NULL
"""

DROP_OUTSIDE: LiteralString = """
DELETE FROM connector_errors AS error
 WHERE project_id = %(project_id)s AND connector = 'chatwoot'
   AND (external_id IS NOT NULL OR payload IS NOT NULL)
   AND CASE stream
       WHEN 'inboxes' THEN NOT coalesce(
         substr(external_id, length('inbox ') + 1) = ANY(%(inboxes)s), false)
       WHEN 'messages' THEN NOT EXISTS (
         SELECT 1 FROM cw_conversations AS said
          WHERE said.project_id = error.project_id AND said.external_id = error.parent_id
            AND said.deleted_at IS NULL)
       ELSE NOT coalesce(payload ->> 'inbox_id' = ANY(%(inboxes)s), false)
        AND NOT EXISTS (
         SELECT 1
           FROM jsonb_path_query(payload, '$.contact_inboxes[*].inbox.id') AS seen (inbox_id)
          WHERE seen.inbox_id #>> '{}' = ANY(%(inboxes)s))
       END
"""

FAILING: LiteralString = """
SELECT external_id
  FROM connector_errors
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status <> 'resolved' AND external_id IS NOT NULL
"""

RETRY_DUE: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_errors
   WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
     -- A lease that is over was of a retry that died.
     AND status IN ('pending', 'retrying') AND external_id IS NOT NULL AND next_retry_at <= now())
"""

UNRESOLVED: LiteralString = """
SELECT count(*)
  FROM connector_errors
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
   AND status <> 'resolved'
"""


async def report(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    rows: Sequence[Mapping[str, object]],
) -> None:
    """Open errors, or count one more attempt of those that are open.

    Each row has kind, fingerprint, message, external_id, parent_id, payload and next_step. A
    fingerprint and external id may occur only once among `rows`.
    """
    if not rows:
        return
    await execute(
        conn,
        REPORT,
        project_id=project_id,
        connector=connector,
        stream=stream,
        rows=orjson.dumps(list(rows)).decode(),
        first=FIRST_RETRY,
        longest=LONGEST_RETRY,
        dead_after=DEAD_AFTER,
    )


async def resolve(
    conn: Conn, project_id: UUID, connector: Connector, stream: str, external_ids: Collection[str]
) -> None:
    """These records came through."""
    if external_ids:
        await execute(
            conn,
            RESOLVE,
            project_id=project_id,
            connector=connector,
            stream=stream,
            external_ids=list(external_ids),
        )


async def resolve_stream(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> None:
    """The stream as a whole came through; its rejected records stay open."""
    await execute(conn, RESOLVE_STREAM, project_id=project_id, connector=connector, stream=stream)


async def drop_outside(conn: Conn, project_id: UUID, inboxes: Collection[str]) -> None:
    """Remove the errors of records that touch none of these inboxes, with what they quote.

    Comes after the conversations of other inboxes were buried.
    """
    await execute(conn, DROP_OUTSIDE, project_id=project_id, inboxes=list(inboxes))


async def failing(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> set[str]:
    """Ids of the records of a stream that have an open error."""
    return set(
        await fetch_values(conn, FAILING, project_id=project_id, connector=connector, stream=stream)
    )


async def retry_due(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> bool:
    """Whether a record of the stream was put aside and is to be tried again by now."""
    due: bool = await fetch_value(
        conn, RETRY_DUE, project_id=project_id, connector=connector, stream=stream
    )
    return due


async def unresolved(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> int:
    count: int = await fetch_value(
        conn, UNRESOLVED, project_id=project_id, connector=connector, stream=stream
    )
    return count
