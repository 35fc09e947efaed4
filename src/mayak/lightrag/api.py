"""HTTP face of LightRAG: ask, read an answer again, open its sources, see how ready it is."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mayak.access.deps import CurrentProject, CurrentUser, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.http.paging import Page, decode_moment, encode_moment
from mayak.http.services import Services
from mayak.kit.clock import now
from mayak.kit.resources import Resources
from mayak.lightrag import queries, service
from mayak.lightrag.model.answer import Answer, Feedback, Mode, Reason
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.examples import ExampleQuestions
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.questions import LONGEST
from mayak.lightrag.model.records import AuthorKind, DocumentType, RecordType
from mayak.platform.db import Conn, Database
from mayak.sync import service as sync
from mayak.sync.service import Sources

router = APIRouter(tags=["lightrag"])


class QueryInput(BaseModel):
    question: Annotated[str, Field(max_length=4 * LONGEST)]
    """From 1 to 2000 characters once the space around it is cut."""
    locale: Locale | None = None
    """The language around the quotes; that of the question when left out."""


class FeedbackInput(BaseModel):
    value: Feedback | None
    comment: Annotated[str | None, Field(max_length=2000)] = None


class SentenceView(BaseModel):
    text: str
    citations: list[int]


class CitationView(BaseModel):
    """A quote that stands in the stored record, word for word, as this is read."""

    index: int
    quote: str
    source_type: RecordType
    external_id: str
    field: str
    start: int
    end: int
    """The quote is characters [start, end) of the field, in Unicode code points."""
    url: str | None
    author: str | None
    author_kind: AuthorKind | None
    document_type: DocumentType
    document_id: str
    title: str | None
    """What people call the document: the subject of a talk, the key and title of an issue."""
    occurred_at: datetime
    synced_at: datetime


class TimingsView(BaseModel):
    embed_ms: float
    search_ms: float
    answer_ms: float
    total_ms: float


class AnswerView(BaseModel):
    id: UUID
    question: str
    status: Literal["answered", "empty"]
    mode: Mode
    reason: Reason | None
    reason_text: str | None
    answer: str
    sentences: list[SentenceView]
    citations: list[CitationView]
    notes: list[str]
    timings: TimingsView
    asked_at: datetime
    feedback: Feedback | None

    @classmethod
    def of(cls, answer: Answer) -> "AnswerView":
        return cls.model_validate(answer, from_attributes=True)


class QuerySummaryView(BaseModel):
    id: UUID
    question: str
    status: Literal["answered", "empty"]
    asked_at: datetime
    citations: int


class SourceCounts(BaseModel):
    contacts: int
    conversations: int
    messages: int
    last_synced_at: datetime | None
    """Everything that was there at this instant is here; None before the first complete sync."""


class ChunkCounts(BaseModel):
    total: int
    pending: int
    processing: int
    ready: int
    failed: int


class EmbeddingView(BaseModel):
    provider: str
    model: str
    dimensions: int | None


class StatusView(BaseModel):
    sources: SourceCounts
    chunks: ChunkCounts
    embedding: EmbeddingView
    suggestions: list[str]


class RefreshView(BaseModel):
    runs: list[RunView]


class SourceConversationView(BaseModel):
    external_id: str
    subject: str | None
    status: str
    inbox: str | None
    contact: str | None
    url: str | None


class SourceMessageView(BaseModel):
    external_id: str
    author: str | None
    author_kind: AuthorKind | None
    content: str | None
    """None when the message was deleted."""
    deleted: bool
    private: Literal[False] = False
    created_at: datetime
    focus: bool


class SourceView(BaseModel):
    conversation: SourceConversationView
    messages: list[SourceMessageView]
    has_before: bool
    has_after: bool
    synced_at: datetime

    @classmethod
    def of(cls, source: service.Source, links: SourceLinks) -> "SourceView":
        talk = source.conversation
        return cls(
            conversation=SourceConversationView(
                external_id=talk.external_id,
                subject=talk.subject,
                status=talk.status,
                inbox=talk.inbox,
                contact=talk.contact,
                url=links.conversation(talk.external_id),
            ),
            messages=[
                SourceMessageView(
                    external_id=message.external_id,
                    author=message.author,
                    author_kind=message.author_kind,
                    content=message.content,
                    deleted=message.deleted,
                    created_at=message.at,
                    focus=message.external_id == talk.focus,
                )
                for message in source.messages
            ],
            has_before=source.has_before,
            has_after=source.has_after,
            synced_at=talk.synced_at,
        )


@router.post("/lightrag/query", dependencies=[allow("lightrag.ask")])
async def query(
    asked: QueryInput, project: CurrentProject, user: CurrentUser, services: Services
) -> AnswerView:
    """Answer a question from the project's messages, each sentence with a quote, or say why not."""
    answer = await service.ask(
        services.get(Database),
        services.get(Embedder),
        project.id,
        asked.question,
        locale=asked.locale,
        links=services.get(SourceLinks),
        at=now(),
        user_id=user.id,
        zone=ZoneInfo(project.time_zone),
    )
    return AnswerView.of(answer)


@router.get("/lightrag/status", dependencies=[allow("lightrag.read")])
async def status(project: CurrentProject, tx: Tx, services: Services) -> StatusView:
    """What there is to answer from, how much of it is ready, and what to ask first."""
    counts = await sync.mirror_counts(tx, project.id)
    streams = [one.last_success_at for one in await sync.states(tx, project.id)]
    finished = [at for at in streams if at is not None]
    chunks = await queries.chunks_by_status(tx)
    embedder = services.get(Embedder)
    examples = services.find(ExampleQuestions)
    return StatusView(
        sources=SourceCounts(
            contacts=counts["chatwoot contacts"],
            conversations=counts["chatwoot conversations"],
            messages=counts["chatwoot messages"],
            last_synced_at=min(finished) if finished and len(finished) == len(streams) else None,
        ),
        chunks=ChunkCounts(
            total=sum(chunks.values()),
            pending=chunks.get("pending", 0),
            processing=chunks.get("processing", 0),
            ready=chunks.get("ready", 0),
            failed=chunks.get("failed", 0),
        ),
        embedding=EmbeddingView(
            provider=embedder.provider, model=embedder.model, dimensions=embedder.dimensions
        ),
        suggestions=examples.of(project.slug) if examples else [],
    )


@router.post("/lightrag/refresh", status_code=202, dependencies=[allow("lightrag.refresh")])
async def refresh(project: CurrentProject, tx: Tx, services: Services) -> RefreshView:
    """Read the sources again, which then renews the chunks; just these when nothing is bound."""
    registry = services.get(Registry)
    syncs = "chatwoot_sync" in registry and await _is_bound(tx, project.id, services)
    run = await trigger(
        tx, registry, project.id, "chatwoot_sync" if syncs else "embeddings_run", because="refresh"
    )
    return RefreshView(runs=[RunView.of(run)])


async def _is_bound(conn: Conn, project_id: UUID, services: Resources) -> bool:
    return services.find(Sources) is not None and await sync.anything_bound(conn, project_id)


@router.get("/lightrag/queries", dependencies=[allow("lightrag.read")])
async def list_queries(
    project: CurrentProject,
    tx: Tx,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> Page[QuerySummaryView]:
    """The questions that were asked, the newest first."""
    found = await service.asked_before(
        tx, project.id, limit=limit + 1, before=decode_moment(cursor)
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[QuerySummaryView.model_validate(one, from_attributes=True) for one in found[:limit]],
        next_cursor=encode_moment(last.asked_at, last.id) if last else None,
    )


@router.get("/lightrag/queries/{query_id}", dependencies=[allow("lightrag.read")])
async def read_query(query_id: UUID, project: CurrentProject, tx: Tx) -> AnswerView:
    """An answer as it was given, less the quotes whose messages were deleted, hidden or changed."""
    return AnswerView.of(await service.answer_of(tx, project.id, query_id))


@router.post("/lightrag/queries/{query_id}/feedback", dependencies=[allow("lightrag.ask")])
async def give_feedback(
    query_id: UUID, given: FeedbackInput, project: CurrentProject, tx: Tx
) -> AnswerView:
    """Say whether an answer helped; null takes it back."""
    comment = given.comment.replace("\x00", "") if given.comment else None
    answer = await service.rate(tx, project.id, query_id, value=given.value, comment=comment)
    return AnswerView.of(answer)


@router.get("/lightrag/sources/{source_type}/{external_id}", dependencies=[allow("lightrag.read")])
async def read_source(
    source_type: Literal["chatwoot_message"],  # noqa: ARG001  # there is one kind so far
    external_id: str,
    project: CurrentProject,
    tx: Tx,
    services: Services,
) -> SourceView:
    """The conversation around a quoted message. Private notes are never part of it."""
    found = await service.source(tx, project.id, external_id.replace("\x00", ""))
    return SourceView.of(found, services.get(SourceLinks))


@router.post("/jobs/embeddings/run", status_code=202, dependencies=[allow("jobs.run")])
async def run_embeddings(project: CurrentProject, tx: Tx, services: Services) -> RunView:
    """Cut and embed what changed; a run that is waiting already is joined."""
    return RunView.of(await trigger(tx, services.get(Registry), project.id, "embeddings_run"))
