"""Answers that were given: the history, one of them again, what readers think of it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mayak.access import service as access
from mayak.access.deps import CurrentProject, Tx, allow
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.lightrag import service
from mayak.lightrag.api.views import AnswerView
from mayak.lightrag.model.answer import (
    Feedback,
    FeedbackReason,
    Kind,
    Mode,
    Reason,
    Searched,
)
from mayak.lightrag.service import RunStatus
from mayak.platform.db import Database

router = APIRouter()


class FeedbackInput(BaseModel):
    value: Feedback | None
    """null takes it back."""
    reason: FeedbackReason | None = None
    comment: Annotated[str | None, Field(max_length=2000)] = None


class FeedbackOnInput(FeedbackInput):
    query_id: UUID


class QuerySummaryView(BaseModel):
    id: UUID
    question: str
    status: Literal["answered", "empty"]
    kind: Kind
    asked_at: datetime
    citations: int
    feedback: Feedback | None


class QuestionRunView(BaseModel):
    """A question and how it ended."""

    id: UUID
    question: str
    status: RunStatus
    """error: it failed, or its asker went away."""
    kind: Kind
    mode: Mode
    searched: Searched
    reason: Reason | None
    duration_ms: float | None
    quality_score: float | None
    user_id: UUID | None
    user: str | None
    """The name of who asked; null for the command line."""
    feedback: Feedback | None
    feedback_reason: FeedbackReason | None
    citations: int
    asked_at: datetime


@router.get("/lightrag/queries", dependencies=[allow("lightrag.read")])
async def list_queries(
    project: CurrentProject,
    tx: Tx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[QuerySummaryView]:
    """The questions that were asked, the newest first; without those that failed."""
    found = await service.asked_before(
        tx, project.id, limit=limit + 1, before=decode_moment(cursor)
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[QuerySummaryView.model_validate(one, from_attributes=True) for one in found[:limit]],
        next_cursor=encode_moment(last.asked_at, last.id) if last else None,
    )


@router.get("/lightrag/runs", dependencies=[allow("lightrag.read")])
async def list_question_runs(
    project: CurrentProject,
    services: Services,
    status: RunStatus | None = None,
    feedback: Feedback | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[QuestionRunView]:
    """Every question, failed ones too, the newest first: how it ended, and what people thought."""
    database = services.get(Database)
    before = decode_moment(cursor)
    # Closed before the names are read: a request that holds a connection may not wait for another.
    async with database.transaction(project.id) as conn:
        found = await service.asked_before(
            conn, project.id, limit=limit + 1, before=before, status=status, feedback=feedback
        )
    shown = found[:limit]
    names = await access.user_names(database, [one.user_id for one in shown if one.user_id])
    last = shown[-1] if len(found) > limit else None
    return Page(
        items=[
            QuestionRunView.model_validate(
                {
                    **{name: getattr(one, name, None) for name in QuestionRunView.model_fields},
                    "user": names.get(one.user_id) if one.user_id else None,
                }
            )
            for one in shown
        ],
        next_cursor=encode_moment(last.asked_at, last.id) if last else None,
    )


@router.get("/lightrag/queries/{query_id}", dependencies=[allow("lightrag.read")])
async def read_query(query_id: UUID, project: CurrentProject, tx: Tx) -> AnswerView:
    """An answer as it was given, less the quotes whose records were deleted, hidden or changed."""
    return AnswerView.of(await service.answer_of(tx, project.id, query_id))


@router.post("/lightrag/queries/{query_id}/feedback", dependencies=[allow("lightrag.ask")])
async def give_feedback(
    query_id: UUID, given: FeedbackInput, project: CurrentProject, tx: Tx
) -> AnswerView:
    """Say whether an answer helped; null takes it back. A "down" makes a case for review."""
    return await _rate(given, query_id, project.id, tx)


@router.post("/lightrag/feedback", dependencies=[allow("lightrag.ask")])
async def give_feedback_on(given: FeedbackOnInput, project: CurrentProject, tx: Tx) -> AnswerView:
    """The same as `POST /lightrag/queries/{query_id}/feedback`."""
    return await _rate(given, given.query_id, project.id, tx)


async def _rate(given: FeedbackInput, query_id: UUID, project_id: UUID, tx: Tx) -> AnswerView:
    comment = given.comment.replace("\x00", "") if given.comment else None
    answer = await service.rate(
        tx, project_id, query_id, value=given.value, reason=given.reason, comment=comment
    )
    return AnswerView.of(answer)
