"""SQL of embedding sets: which there are, which of them answers, how their providers do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.sets import EmbeddingSet, Outage, SetStatus
from mayak.lightrag.queries.embedding import MAX_ATTEMPTS
from mayak.platform.db import Conn, execute, fetch_dicts, fetch_value

LOCK_SETS: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('embedding_sets ' || %(project_id)s::text, 0))
"""

SETS: LiteralString = """
SELECT id, provider, model, space, dimensions, status, rejected_at IS NOT NULL AS rejected,
       created_at, activated_at, failing_since, failure_kind, failure_cause, retry_at, failures
  FROM embedding_sets
 WHERE project_id = %(project_id)s
 ORDER BY created_at, id
"""

HOLD_SET: LiteralString = """
SELECT status FROM embedding_sets WHERE project_id = %(project_id)s AND id = %(id)s FOR SHARE
"""

ADD_SET: LiteralString = """
INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status, activated_at)
VALUES (%(project_id)s, %(provider)s, %(model)s, %(space)s, %(dimensions)s::integer,
        %(status)s::text, CASE WHEN %(status)s::text = 'active' THEN now() END)
RETURNING id
"""

SET_STATUS: LiteralString = """
UPDATE embedding_sets
   SET status = %(status)s::text,
       activated_at = CASE WHEN %(status)s::text = 'active' THEN now() ELSE activated_at END
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

RETIRE_PREVIOUS: LiteralString = """
UPDATE embedding_sets SET status = 'retired'
 WHERE project_id = %(project_id)s AND status = 'previous'
"""

REJECT: LiteralString = """
UPDATE embedding_sets SET rejected_at = CASE WHEN %(rejected)s THEN now() END
 WHERE project_id = %(project_id)s AND id = %(id)s
"""

SET_DIMENSIONS: LiteralString = """
UPDATE embedding_sets SET dimensions = %(dimensions)s
 WHERE project_id = %(project_id)s AND id = %(id)s AND dimensions IS NULL
"""

KEEP_TRIES: LiteralString = """
INSERT INTO embedding_tries (project_id, set_id, text_hash, attempts, error)
SELECT DISTINCT ON (text_hash) project_id, %(set_id)s, text_hash, embedding_attempts,
       embedding_error
  FROM rag_chunks
 WHERE project_id = %(project_id)s AND embedding_attempts > 0 AND embedding_status <> 'ready'
 ORDER BY text_hash, embedding_attempts DESC
    ON CONFLICT (project_id, set_id, text_hash) DO UPDATE
   SET attempts = excluded.attempts, error = excluded.error
"""

TELL_CHUNKS: LiteralString = """
UPDATE rag_chunks AS chunk
   SET embedding_status = told.status, embedding_attempts = told.attempts,
       embedding_error = told.error, updated_at = now()
  FROM (SELECT one.id,
               CASE WHEN made.text_hash IS NOT NULL THEN 'ready'
                    WHEN tried.attempts >= %(max_attempts)s THEN 'failed'
                    ELSE 'pending' END AS status,
               CASE WHEN made.text_hash IS NULL THEN coalesce(tried.attempts, 0)
                    ELSE 0 END AS attempts,
               CASE WHEN made.text_hash IS NULL THEN tried.error END AS error
          FROM rag_chunks AS one
          LEFT JOIN rag_embeddings AS made
            ON made.project_id = %(project_id)s AND made.set_id = %(set_id)s
           AND made.text_hash = one.text_hash
          LEFT JOIN embedding_tries AS tried
            ON tried.project_id = %(project_id)s AND tried.set_id = %(set_id)s
           AND tried.text_hash = one.text_hash
         WHERE one.project_id = %(project_id)s
       ) AS told
 WHERE chunk.project_id = %(project_id)s AND chunk.id = told.id
   AND (chunk.embedding_status, chunk.embedding_attempts)
       IS DISTINCT FROM (told.status, told.attempts)
"""

FORGET_TRIES: LiteralString = """
DELETE FROM embedding_tries WHERE project_id = %(project_id)s AND set_id = %(set_id)s
"""

DROP_RETIRED_VECTORS: LiteralString = """
DELETE FROM rag_embeddings
 WHERE project_id = %(project_id)s
   AND (set_id, text_hash) IN (
       SELECT made.set_id, made.text_hash
         FROM rag_embeddings AS made
         JOIN embedding_sets AS kept ON kept.project_id = made.project_id AND kept.id = made.set_id
        WHERE made.project_id = %(project_id)s AND kept.status = 'retired'
        LIMIT %(limit)s)
"""

DROP_RETIRED: LiteralString = """
DELETE FROM embedding_sets AS kept
 WHERE kept.project_id = %(project_id)s AND kept.status = 'retired'
   AND NOT EXISTS (SELECT FROM rag_embeddings AS made
                    WHERE made.project_id = kept.project_id AND made.set_id = kept.id)
"""

DROP_UNSAID: LiteralString = """
DELETE FROM rag_embeddings
 WHERE project_id = %(project_id)s
   AND (set_id, text_hash) IN (
       SELECT made.set_id, made.text_hash
         FROM rag_embeddings AS made
        WHERE made.project_id = %(project_id)s AND made.created_at < %(before)s
          AND NOT EXISTS (SELECT FROM rag_chunks AS chunk
                           WHERE chunk.project_id = %(project_id)s
                             AND chunk.text_hash = made.text_hash)
        LIMIT %(limit)s)
"""

COUNT_SETS: LiteralString = """
SELECT kept.id, count(made.text_hash)::integer AS vectors
  FROM embedding_sets AS kept
  LEFT JOIN rag_embeddings AS made ON made.project_id = kept.project_id AND made.set_id = kept.id
   AND EXISTS (SELECT FROM rag_chunks AS chunk
                WHERE chunk.project_id = %(project_id)s AND chunk.text_hash = made.text_hash)
 WHERE kept.project_id = %(project_id)s
 GROUP BY kept.id
"""

COUNT_TEXTS: LiteralString = """
SELECT count(DISTINCT text_hash)::integer FROM rag_chunks WHERE project_id = %(project_id)s
"""

FAILING: LiteralString = """
UPDATE embedding_sets
   SET failing_since = coalesce(failing_since, now()), failure_kind = %(kind)s,
       failure_cause = %(cause)s, failures = failures + 1, retry_at = now() + %(pause)s
 WHERE project_id = %(project_id)s AND id = %(id)s
RETURNING retry_at
"""

SERVING: LiteralString = """
UPDATE embedding_sets
   SET failing_since = NULL, failure_kind = NULL, failure_cause = NULL, retry_at = NULL,
       failures = 0
 WHERE project_id = %(project_id)s AND id = %(id)s AND failing_since IS NOT NULL
"""

OUTAGES: LiteralString = """
SELECT failure_kind AS kind, count(*)::integer AS projects FROM embedding_sets
 WHERE failing_since IS NOT NULL AND status IN ('active', 'building')
 GROUP BY failure_kind
 ORDER BY projects DESC, kind
"""


async def lock_sets(conn: Conn, project_id: UUID) -> None:
    """Until the transaction ends, nobody else changes which sets there are."""
    await conn.execute(LOCK_SETS, {"project_id": project_id})


async def sets(conn: Conn, project_id: UUID) -> list[EmbeddingSet]:
    """All sets of a project, the oldest first."""
    return [_set(row) for row in await fetch_dicts(conn, SETS, project_id=project_id)]


def _set(row: Mapping[str, Any]) -> EmbeddingSet:
    outage = None
    if row["failing_since"] is not None:
        outage = Outage(
            since=row["failing_since"],
            kind=row["failure_kind"],
            cause=row["failure_cause"],
            retry_at=row["retry_at"],
            failures=row["failures"],
        )
    names = ("id", "provider", "model", "space", "dimensions", "status", "rejected")
    dates = ("created_at", "activated_at")
    return EmbeddingSet(outage=outage, **{name: row[name] for name in names + dates})


async def hold_set(conn: Conn, project_id: UUID, set_id: UUID) -> SetStatus | None:
    """The status of a set, which stays until the transaction ends; None when it is gone."""
    found: SetStatus | None = await fetch_value(conn, HOLD_SET, project_id=project_id, id=set_id)
    return found


async def add_set(conn: Conn, project_id: UUID, embedder: Embedder, *, status: SetStatus) -> UUID:
    made = await fetch_value(
        conn,
        ADD_SET,
        project_id=project_id,
        provider=embedder.provider,
        model=embedder.model,
        space=embedder.space,
        dimensions=embedder.dimensions,
        status=status,
    )
    return UUID(str(made))


async def set_status(conn: Conn, project_id: UUID, set_id: UUID, status: SetStatus) -> None:
    await execute(conn, SET_STATUS, project_id=project_id, id=set_id, status=status)


async def reject(conn: Conn, project_id: UUID, set_id: UUID, *, rejected: bool) -> None:
    await execute(conn, REJECT, project_id=project_id, id=set_id, rejected=rejected)


async def know_dimensions(conn: Conn, project_id: UUID, set_id: UUID, dimensions: int) -> None:
    await execute(conn, SET_DIMENSIONS, project_id=project_id, id=set_id, dimensions=dimensions)


async def switch(conn: Conn, project_id: UUID, *, leave: UUID, to: UUID) -> int:
    """Make `to` the active set; `leave`, which was, is kept to go back to, and what was kept
    before is retired. How many chunks changed their state by that.
    """
    # `to` too, if it is what was kept: two are never previous, nor two active, not for a moment.
    await execute(conn, RETIRE_PREVIOUS, project_id=project_id)
    await execute(conn, KEEP_TRIES, project_id=project_id, set_id=leave)
    await set_status(conn, project_id, leave, "previous")
    await set_status(conn, project_id, to, "active")
    changed = await execute(
        conn, TELL_CHUNKS, project_id=project_id, set_id=to, max_attempts=MAX_ATTEMPTS
    )
    await forget_tries(conn, project_id, to)
    return changed


async def activate(conn: Conn, project_id: UUID, set_id: UUID) -> None:
    """Make a set the active one where none is."""
    await set_status(conn, project_id, set_id, "active")
    await execute(
        conn, TELL_CHUNKS, project_id=project_id, set_id=set_id, max_attempts=MAX_ATTEMPTS
    )
    await forget_tries(conn, project_id, set_id)


async def forget_tries(conn: Conn, project_id: UUID, set_id: UUID) -> None:
    await execute(conn, FORGET_TRIES, project_id=project_id, set_id=set_id)


async def drop_retired(conn: Conn, project_id: UUID, *, limit: int) -> int:
    """Delete up to `limit` vectors of retired sets, and the sets that have none left. How many
    vectors went.
    """
    gone = await execute(conn, DROP_RETIRED_VECTORS, project_id=project_id, limit=limit)
    if gone < limit:
        await execute(conn, DROP_RETIRED, project_id=project_id)
    return gone


async def drop_unsaid(conn: Conn, project_id: UUID, *, before: datetime, limit: int) -> int:
    """Delete vectors made before then whose text no chunk says any more."""
    return await execute(conn, DROP_UNSAID, project_id=project_id, before=before, limit=limit)


async def count_vectors(conn: Conn, project_id: UUID) -> dict[UUID, int]:
    """Of how many texts of the project each set has the vector. Reads all of them."""
    rows = await fetch_dicts(conn, COUNT_SETS, project_id=project_id)
    return {row["id"]: row["vectors"] for row in rows}


async def count_texts(conn: Conn, project_id: UUID) -> int:
    return int(await fetch_value(conn, COUNT_TEXTS, project_id=project_id))


async def note_failure(
    conn: Conn, project_id: UUID, set_id: UUID, *, kind: str, cause: str, pause: timedelta
) -> datetime | None:
    """A provider failed; when it may be asked again. None when the set is gone."""
    found: datetime | None = await fetch_value(
        conn, FAILING, project_id=project_id, id=set_id, kind=kind, cause=cause[:500], pause=pause
    )
    return found


async def note_success(conn: Conn, project_id: UUID, set_id: UUID) -> None:
    await execute(conn, SERVING, project_id=project_id, id=set_id)


async def outages(conn: Conn) -> Sequence[Mapping[str, Any]]:
    """Kinds of failures of providers, and in how many sets that `conn` sees."""
    return await fetch_dicts(conn, OUTAGES)
