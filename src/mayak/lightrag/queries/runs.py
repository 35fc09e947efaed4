"""SQL of questions that were asked: every one is kept with its whole answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_one

SAVE_RUN: LiteralString = """
INSERT INTO lightrag_query_runs
       (project_id, id, user_id, question, locale, status, kind, mode, searched, reason, answer,
        timings, duration_ms, quality_score, filters, asked_at)
VALUES (%(project_id)s, %(id)s, %(user_id)s, %(question)s, %(locale)s, %(status)s, %(kind)s,
        %(mode)s, %(searched)s, %(reason)s, %(answer)s::jsonb, %(timings)s::jsonb,
        %(duration_ms)s, %(quality_score)s, %(filters)s::jsonb, %(asked_at)s)
"""

GET_RUN: LiteralString = """
SELECT answer, feedback, feedback_comment FROM lightrag_query_runs
 WHERE project_id = %(project_id)s AND id = %(id)s AND status <> 'error'
"""

LIST_RUNS: LiteralString = """
SELECT run.id, run.question, run.status, run.kind, run.mode, run.searched, run.reason,
       run.duration_ms, run.quality_score, run.feedback, run.feedback_reason, run.user_id,
       run.asked_at,
       jsonb_array_length(coalesce(run.answer -> 'citations', '[]')) AS citations
  FROM lightrag_query_runs AS run
 WHERE run.project_id = %(project_id)s
   AND CASE %(status)s::text WHEN 'kept' THEN run.status <> 'error'
            ELSE run.status = coalesce(%(status)s::text, run.status) END
   AND (%(feedback)s::text IS NULL OR run.feedback = %(feedback)s)
   AND (%(before_at)s::timestamptz IS NULL
        OR (run.asked_at, run.id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
 ORDER BY run.asked_at DESC, run.id DESC
 LIMIT %(limit)s
"""

SAVE_FEEDBACK: LiteralString = """
UPDATE lightrag_query_runs
   SET feedback = %(value)s, feedback_reason = %(reason)s, feedback_comment = %(comment)s
 WHERE project_id = %(project_id)s AND id = %(id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    answer: dict[str, Any]
    feedback: str | None
    feedback_comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    id: UUID
    question: str
    status: str
    kind: str
    mode: str
    searched: str
    reason: str | None
    duration_ms: float | None
    quality_score: float | None
    feedback: str | None
    feedback_reason: str | None
    user_id: UUID | None
    asked_at: datetime
    citations: int


async def save(
    conn: Conn,
    project_id: UUID,
    answer: Mapping[str, Any],
    *,
    user_id: UUID | None,
) -> None:
    """`answer` is what a later reader gets, word for word; its fields fill the columns."""
    columns = ("question", "locale", "status", "kind", "mode", "searched", "reason", "asked_at")
    timings = answer.get("timings", {})
    await execute(
        conn,
        SAVE_RUN,
        project_id=project_id,
        id=answer["id"],
        user_id=user_id,
        answer=orjson.dumps(answer).decode(),
        timings=orjson.dumps(timings).decode(),
        duration_ms=timings.get("total_ms"),
        quality_score=answer.get("quality_score"),
        filters=orjson.dumps(answer.get("filters", {})).decode(),
        **{name: answer[name] for name in columns},
    )


async def get(conn: Conn, project_id: UUID, run_id: UUID) -> StoredRun | None:
    return await fetch_one(conn, StoredRun, GET_RUN, project_id=project_id, id=run_id)


async def page(
    conn: Conn,
    project_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None,
    status: str | None = None,
    feedback: str | None = None,
) -> list[ListedRun]:
    """The questions asked before one of them, the newest first.

    `status` is one of their states, `kept` for all but failed ones, None for all.
    """
    before_at, before_id = before or (None, None)
    return await fetch_all(
        conn,
        ListedRun,
        LIST_RUNS,
        project_id=project_id,
        limit=limit,
        status=status,
        feedback=feedback,
        before_at=before_at,
        before_id=before_id,
    )


async def save_feedback(
    conn: Conn,
    project_id: UUID,
    run_id: UUID,
    *,
    value: str | None,
    reason: str | None,
    comment: str | None,
) -> bool:
    """False when there is no such run."""
    rows = await execute(
        conn,
        SAVE_FEEDBACK,
        project_id=project_id,
        id=run_id,
        value=value,
        reason=reason,
        comment=comment,
    )
    return rows == 1
