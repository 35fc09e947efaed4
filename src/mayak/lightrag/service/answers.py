"""Answers that were given: read again, judged, and looked at by people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import TypeAdapter

from mayak.errors import NotFound
from mayak.lightrag.model.answer import Answer, Feedback, FeedbackReason
from mayak.lightrag.model.standing import still_standing, unquoted
from mayak.lightrag.queries import cases, records, runs
from mayak.platform.db import Conn

CaseStatus = Literal["open", "accepted", "dismissed"]
RunStatus = Literal["answered", "empty", "error"]
_STORED = TypeAdapter(Answer)


@dataclass(eq=False)
class AnswerNotFound(NotFound):
    code = "answer_not_found"
    message = "There is no answer {answer_id} in this project."

    answer_id: UUID


@dataclass(eq=False)
class CaseNotFound(NotFound):
    code = "case_not_found"
    message = "There is no case {case_id} in this project."

    case_id: UUID


async def answer_of(conn: Conn, project_id: UUID, answer_id: UUID) -> Answer:
    """An answer as it was given, with the feedback it has now, without the quotes and rows that
    their records no longer bear out. Raises AnswerNotFound.
    """
    stored = await runs.get(conn, project_id, answer_id)
    if stored is None:
        raise AnswerNotFound(answer_id)
    given = _STORED.validate_python(
        {
            **stored.answer,
            "feedback": stored.feedback,
            "feedback_comment": stored.feedback_comment,
        }
    )
    [standing] = await _standing(conn, project_id, [given])
    return standing


async def _standing(conn: Conn, project_id: UUID, given: Sequence[Answer]) -> list[Answer]:
    """Kept answers, each without what its records no longer bear out."""
    keys = {citation.key for one in given for citation in one.citations}
    found = await records.records(conn, project_id, keys)
    rows = {key for one in given for key in unquoted(one)}
    present = await records.present(conn, project_id, rows)
    return [still_standing(one, found, present) for one in given]


async def asked_before(
    conn: Conn,
    project_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    status: RunStatus | Literal["kept"] | None = "kept",
    feedback: Feedback | None = None,
) -> list[runs.ListedRun]:
    """Questions and how they ended, the newest first, from behind `before` on.

    Failed ones only when `status` is None, which means all, or `error`.
    """
    return await runs.page(
        conn, project_id, limit=limit, before=before, status=status, feedback=feedback
    )


async def rate(
    conn: Conn,
    project_id: UUID,
    answer_id: UUID,
    *,
    value: Feedback | None,
    reason: FeedbackReason | None = None,
    comment: str | None = None,
) -> Answer:
    """Keep what a reader thinks of an answer; None takes it back. Raises AnswerNotFound.

    Of a bad one a case is made; what is taken back, or turned, before anybody looked at it goes.
    """
    await runs.save_feedback(
        conn, project_id, answer_id, value=value, reason=reason, comment=comment
    )
    answer = await answer_of(conn, project_id, answer_id)
    if value == "down":
        await cases.open_case(conn, project_id, answer_id, reason=reason, comment=comment)
    else:
        await cases.take_back(conn, project_id, answer_id)
    return answer


async def listed_cases(
    conn: Conn,
    project_id: UUID,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    status: CaseStatus | None = None,
) -> list[cases.Case]:
    """Cases in this state, or all, the newest first. Their answers are held to the records, as
    `answer_of` does.
    """
    found = await cases.page(conn, project_id, limit=limit, before=before, status=status)
    return await _as_they_stand(conn, project_id, found)


async def _as_they_stand(
    conn: Conn, project_id: UUID, found: Sequence[cases.Case]
) -> list[cases.Case]:
    given = [_STORED.validate_python(case.answer) for case in found]
    standing = await _standing(conn, project_id, given)
    return [
        replace(case, answer=_STORED.dump_python(answer, mode="json"))
        for case, answer in zip(found, standing, strict=True)
    ]


async def review(
    conn: Conn,
    project_id: UUID,
    case_id: UUID,
    *,
    status: CaseStatus,
    expected: str | None,
    note: str | None,
    reviewer_id: UUID | None,
) -> cases.Case:
    """Settle a case, or open it again; its answer as it stands now. Raises CaseNotFound."""
    case = await cases.review(
        conn,
        project_id,
        case_id,
        status=status,
        expected=expected,
        note=note,
        reviewer_id=reviewer_id,
    )
    if case is None:
        raise CaseNotFound(case_id)
    [standing] = await _as_they_stand(conn, project_id, [case])
    return standing
