"""SQL of questions that were asked: every one is kept with its whole answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_one

SAVE_RUN: LiteralString = """
INSERT INTO lightrag_query_runs
       (project_id, id, user_id, question, locale, status, mode, reason, answer, timings, asked_at)
VALUES (%(project_id)s, %(id)s, %(user_id)s, %(question)s, %(locale)s, %(status)s, %(mode)s,
        %(reason)s, %(answer)s::jsonb, %(timings)s::jsonb, %(asked_at)s)
"""

GET_RUN: LiteralString = """
SELECT answer, feedback FROM lightrag_query_runs
 WHERE project_id = %(project_id)s AND id = %(id)s AND status <> 'error'
"""

LIST_RUNS: LiteralString = """
SELECT id, question, status, asked_at,
       jsonb_array_length(coalesce(answer -> 'citations', '[]')) AS citations
  FROM lightrag_query_runs
 WHERE project_id = %(project_id)s AND status <> 'error'
   AND (%(before_at)s::timestamptz IS NULL
        OR (asked_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
 ORDER BY asked_at DESC, id DESC
 LIMIT %(limit)s
"""

SAVE_FEEDBACK: LiteralString = """
UPDATE lightrag_query_runs
   SET feedback = %(value)s, feedback_comment = %(comment)s
 WHERE project_id = %(project_id)s AND id = %(id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    answer: dict[str, Any]
    feedback: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    id: UUID
    question: str
    status: str
    asked_at: datetime
    citations: int


async def save(
    conn: Conn,
    project_id: UUID,
    *,
    id: UUID,  # noqa: A002  # the name of the column
    user_id: UUID | None,
    question: str,
    locale: str,
    status: str,
    mode: str,
    reason: str | None,
    answer: dict[str, Any],
    asked_at: datetime,
) -> None:
    """`answer` is what a later reader gets, word for word."""
    await execute(
        conn,
        SAVE_RUN,
        project_id=project_id,
        id=id,
        user_id=user_id,
        question=question,
        locale=locale,
        status=status,
        mode=mode,
        reason=reason,
        answer=orjson.dumps(answer).decode(),
        timings=orjson.dumps(answer.get("timings", {})).decode(),
        asked_at=asked_at,
    )


async def get(conn: Conn, project_id: UUID, run_id: UUID) -> StoredRun | None:
    return await fetch_one(conn, StoredRun, GET_RUN, project_id=project_id, id=run_id)


async def page(
    conn: Conn, project_id: UUID, *, limit: int, before: tuple[datetime, UUID] | None
) -> list[ListedRun]:
    """The questions asked before one of them, the newest first; failed ones are left out."""
    before_at, before_id = before or (None, None)
    return await fetch_all(
        conn,
        ListedRun,
        LIST_RUNS,
        project_id=project_id,
        limit=limit,
        before_at=before_at,
        before_id=before_id,
    )


async def save_feedback(
    conn: Conn, project_id: UUID, run_id: UUID, *, value: str | None, comment: str | None
) -> bool:
    """False when there is no such run."""
    rows = await execute(
        conn, SAVE_FEEDBACK, project_id=project_id, id=run_id, value=value, comment=comment
    )
    return rows == 1
