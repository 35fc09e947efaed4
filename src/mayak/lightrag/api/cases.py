"""Answers that a reader found wrong, for a person to look at."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.lightrag import service
from mayak.lightrag.model.answer import FeedbackReason
from mayak.lightrag.service import CaseStatus

router = APIRouter()
Note = Annotated[str | None, Field(max_length=4000)]


class CaseInput(BaseModel):
    status: CaseStatus
    expected: Note = None
    """What a right answer would say."""
    note: Note = None


class CaseView(BaseModel):
    id: UUID
    query_id: UUID
    question: str
    answer: dict[str, Any]
    """The answer as it was given, less the quotes whose records were deleted, hidden or changed, of
    the shape of an AnswerView.
    """
    reason: FeedbackReason | None
    comment: str | None
    status: CaseStatus
    expected: str | None
    note: str | None
    reviewer_id: UUID | None
    reviewed_at: datetime | None
    created_at: datetime


@router.get("/lightrag/cases", dependencies=[allow("lightrag.review")])
async def list_cases(
    project: CurrentProject,
    tx: Tx,
    status: CaseStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[CaseView]:
    """What readers found wrong, the newest first."""
    found = await service.listed_cases(
        tx, project.id, limit=limit + 1, before=decode_moment(cursor), status=status
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[CaseView.model_validate(one, from_attributes=True) for one in found[:limit]],
        next_cursor=encode_moment(last.created_at, last.id) if last else None,
    )


@router.post("/lightrag/cases/{case_id}", dependencies=[allow("lightrag.review")])
async def review_case(
    case_id: UUID, given: CaseInput, project: CurrentProject, user: CurrentUser, tx: Tx
) -> CaseView:
    """Accept a case, with what would have been right, or dismiss it; open takes that back."""
    case = await service.review(
        tx,
        project.id,
        case_id,
        status=given.status,
        expected=_plain(given.expected),
        note=_plain(given.note),
        reviewer_id=user.id,
    )
    return CaseView.model_validate(case, from_attributes=True)


def _plain(text: str | None) -> str | None:
    return text.replace("\x00", "") if text else None
