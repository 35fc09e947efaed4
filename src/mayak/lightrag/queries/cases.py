"""SQL of cases: answers that a reader found wrong, for a person to look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_all, fetch_one

OPEN_CASE: LiteralString = """
INSERT INTO lightrag_cases AS old (project_id, query_id, question, answer, reason, comment)
SELECT project_id, id, question, answer, %(reason)s, %(comment)s
  FROM lightrag_query_runs
 WHERE project_id = %(project_id)s AND id = %(query_id)s
    ON CONFLICT (project_id, query_id) DO UPDATE
   SET reason = excluded.reason, comment = excluded.comment, status = 'open', updated_at = now()
"""

TAKE_BACK: LiteralString = """
DELETE FROM lightrag_cases
 WHERE project_id = %(project_id)s AND query_id = %(query_id)s AND status = 'open'
"""

REVIEW: LiteralString = """
UPDATE lightrag_cases
   SET status = %(status)s, expected = %(expected)s, note = %(note)s,
       reviewer_id = CASE %(status)s::text WHEN 'open' THEN NULL ELSE %(reviewer_id)s::uuid END,
       reviewed_at = CASE %(status)s::text WHEN 'open' THEN NULL ELSE now() END,
       updated_at = now()
 WHERE project_id = %(project_id)s AND id = %(id)s
RETURNING id, query_id, question, answer, reason, comment, status, expected, note, reviewer_id,
          reviewed_at, created_at
"""

LIST_CASES: LiteralString = """
SELECT id, query_id, question, answer, reason, comment, status, expected, note, reviewer_id,
       reviewed_at, created_at
  FROM lightrag_cases
 WHERE project_id = %(project_id)s
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(before_at)s::timestamptz IS NULL
        OR (created_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
 ORDER BY created_at DESC, id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: UUID
    query_id: UUID
    question: str
    answer: dict[str, Any]
    """As it was given."""
    reason: str | None
    comment: str | None
    status: str
    expected: str | None
    """What a right answer would say."""
    note: str | None
    reviewer_id: UUID | None
    reviewed_at: datetime | None
    created_at: datetime


async def open_case(
    conn: Conn, project_id: UUID, query_id: UUID, *, reason: str | None, comment: str | None
) -> None:
    """A case of this answer; one that there is already is open again, with the new words."""
    await execute(
        conn, OPEN_CASE, project_id=project_id, query_id=query_id, reason=reason, comment=comment
    )


async def take_back(conn: Conn, project_id: UUID, query_id: UUID) -> None:
    """Without the feedback there is no case; one that was reviewed stays."""
    await execute(conn, TAKE_BACK, project_id=project_id, query_id=query_id)


async def review(
    conn: Conn,
    project_id: UUID,
    case_id: UUID,
    *,
    status: str,
    expected: str | None,
    note: str | None,
    reviewer_id: UUID | None,
) -> Case | None:
    """The case as it is now; None when there is none."""
    return await fetch_one(
        conn,
        Case,
        REVIEW,
        project_id=project_id,
        id=case_id,
        status=status,
        expected=expected,
        note=note,
        reviewer_id=reviewer_id,
    )


async def page(
    conn: Conn,
    project_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None,
    status: str | None,
) -> list[Case]:
    """Cases in this state, or all, the newest first."""
    before_at, before_id = before or (None, None)
    return await fetch_all(
        conn,
        Case,
        LIST_CASES,
        project_id=project_id,
        limit=limit,
        status=status,
        before_at=before_at,
        before_id=before_id,
    )
