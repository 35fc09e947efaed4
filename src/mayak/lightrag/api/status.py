"""What there is to answer from, how much of it is ready, and how to make it fresher."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from mayak.access.deps import CurrentProject, Tx, allow
from mayak.automation.api import RunView
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.errors import UpstreamKind
from mayak.http.services import Services
from mayak.kit.resources import Resources
from mayak.lightrag import service
from mayak.lightrag.model.answer import Reason
from mayak.lightrag.model.asking import ChatModel
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.model.examples import ExampleQuestions
from mayak.lightrag.model.language import Language, Locale
from mayak.lightrag.model.narrowing import SourceName
from mayak.lightrag.model.records import DocumentType
from mayak.lightrag.model.sets import advice
from mayak.lightrag.model.wording import reason_text
from mayak.platform.db import Conn
from mayak.sync import service as sync
from mayak.sync.model import CONNECTORS
from mayak.sync.service import Sources

router = APIRouter()
BY_WORDS: dict[Locale, str] = {
    "en": "Answers come from words until it is back; it is tried again by itself.",
    "ru": "Пока его нет, ответы ищутся по словам; попытки повторяются сами.",
}
EXACT_UP_TO = 10_000
"""Chunks of a project up to which every vector is compared."""


class ChatwootCounts(BaseModel):
    contacts: int
    conversations: int
    messages: int
    last_synced_at: datetime | None
    """Everything that was there at this instant is here; null before the first complete sync."""


class LinearCounts(BaseModel):
    issues: int
    comments: int
    projects: int
    last_synced_at: datetime | None


class AttioCounts(BaseModel):
    companies: int
    people: int
    deals: int
    notes: int
    tasks: int
    last_synced_at: datetime | None


class SourceCounts(BaseModel):
    chatwoot: ChatwootCounts
    linear: LinearCounts
    attio: AttioCounts


class DocumentCounts(BaseModel):
    source_type: DocumentType
    documents: int
    chunks: int
    ready: int
    pending: int
    failed: int


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
    state: Literal["ok", "failing", "idle"]
    kind: UpstreamKind | None
    """Why the provider fails; null when it does not, or something else does."""
    cause: str | None
    next_step: str | None
    retry_at: datetime | None


class EmbeddingSetView(BaseModel):
    id: UUID
    provider: str
    model: str
    dimensions: int | None
    status: str
    vectors: int
    wanted: int
    """Distinct texts: with as many vectors the set is complete."""
    rejected_at: datetime | None


class IndexView(BaseModel):
    path: Literal["exact", "hnsw"]
    """Whether every vector is compared, or an index is walked."""
    chunks: int


class LagView(BaseModel):
    oldest_stale_at: datetime | None
    """Since when the chunk that waits longest has waited; null when none does."""
    stale_documents: int
    """Documents that the last refresh found out of date and that nobody has made anew since."""
    checked_at: datetime | None
    """When that refresh looked; null before the first. What was synced later is not counted yet."""


class AnswersView(BaseModel):
    composed_by: str | None
    """The model that writes answers; null: they are quotes."""


class StatusView(BaseModel):
    sources: SourceCounts
    documents: list[DocumentCounts]
    chunks: ChunkCounts
    embedding: EmbeddingView
    sets: list[EmbeddingSetView]
    index: IndexView
    lag: LagView
    answers: AnswersView
    why_empty: Reason | None
    """Why nothing can be answered from texts; null when something can."""
    why_empty_text: str | None
    suggestions: list[str]


class EntityView(BaseModel):
    key: str
    name: str
    documents: int


class SourceDocumentsView(BaseModel):
    name: SourceName
    documents: int


class FiltersView(BaseModel):
    clients: list[EntityView]
    people: list[EntityView]
    sources: list[SourceDocumentsView]
    languages: list[Language]


class RefreshView(BaseModel):
    runs: list[RunView]


@router.get("/lightrag/status", dependencies=[allow("lightrag.read")])
async def status(
    project: CurrentProject, tx: Tx, services: Services, locale: Locale = "en"
) -> StatusView:
    """What there is to answer from, how much of it is ready, why not, and what to ask first."""
    seen = await service.overview(tx, project.id)
    examples = services.find(ExampleQuestions)
    chat = services.find(ChatModel)
    total = sum(seen.chunks.values())
    return StatusView(
        sources=_sources(seen),
        documents=[
            DocumentCounts.model_validate(one, from_attributes=True) for one in seen.documents
        ],
        chunks=ChunkCounts(
            total=total,
            pending=seen.chunks.get("pending", 0),
            processing=seen.chunks.get("processing", 0),
            ready=seen.chunks.get("ready", 0),
            failed=seen.chunks.get("failed", 0),
        ),
        embedding=_embedding(services.get(Embedder), seen, locale),
        sets=[EmbeddingSetView.model_validate(one, from_attributes=True) for one in seen.sets],
        index=IndexView(path="exact" if total <= EXACT_UP_TO else "hnsw", chunks=total),
        lag=LagView(
            oldest_stale_at=seen.oldest_stale_at,
            stale_documents=seen.lag.stale_documents,
            checked_at=seen.lag.checked_at,
        ),
        answers=AnswersView(composed_by=chat.model if chat else None),
        why_empty=seen.why_empty,
        why_empty_text=reason_text(seen.why_empty, locale) if seen.why_empty else None,
        suggestions=examples.of(project.slug) if examples else [],
    )


def _sources(seen: service.Overview) -> SourceCounts:
    counts = {
        connector: {
            name.removeprefix(f"{connector} "): rows
            for name, rows in seen.rows.items()
            if name.startswith(f"{connector} ")
        }
        | {"last_synced_at": seen.synced.get(connector)}
        for connector in CONNECTORS
    }
    return SourceCounts.model_validate(counts)


def _embedding(embedder: Embedder, seen: service.Overview, locale: Locale) -> EmbeddingView:
    kind = seen.embedding.kind
    words = BY_WORDS[locale] if seen.embedding.state == "failing" else None
    return EmbeddingView(
        provider=embedder.provider,
        model=embedder.model,
        dimensions=embedder.dimensions,
        state=seen.embedding.state,
        kind=kind,
        cause=seen.embedding.cause,
        next_step=f"{advice(kind, locale)} {words}" if kind else words,
        retry_at=seen.embedding.retry_at,
    )


@router.get("/lightrag/filters", dependencies=[allow("lightrag.read")])
async def filters(
    project: CurrentProject,
    tx: Tx,
    q: Annotated[str, Query(max_length=200, description="A part of the name.")] = "",
) -> FiltersView:
    """What a search may be narrowed to: clients, people, sources, languages; 50 of each at most."""
    found = await service.narrowings(tx, project.id, wanted=q.strip())
    return FiltersView(
        clients=[EntityView.model_validate(one, from_attributes=True) for one in found.clients],
        people=[EntityView.model_validate(one, from_attributes=True) for one in found.people],
        sources=[
            SourceDocumentsView.model_validate({"name": name, "documents": documents})
            for name, documents in found.sources.items()
        ],
        languages=found.languages,  # type: ignore[arg-type]  # the column has a check of the same
    )


@router.post("/lightrag/refresh", status_code=202, dependencies=[allow("lightrag.refresh")])
async def refresh(project: CurrentProject, tx: Tx, services: Services) -> RefreshView:
    """Read every bound source again, which then renews the chunks; just these without any."""
    registry = services.get(Registry)
    jobs = [name for name in await _bound_syncs(tx, project.id, services) if name in registry]
    runs = [
        await trigger(tx, registry, project.id, name, because="refresh")
        for name in jobs or ["embeddings_run"]
    ]
    return RefreshView(runs=[RunView.of(run) for run in runs])


async def _bound_syncs(conn: Conn, project_id: UUID, services: Resources) -> list[str]:
    if services.find(Sources) is None:
        return []
    return [f"{connector}_sync" for connector in await sync.bound_connectors(conn, project_id)]


@router.post("/jobs/embeddings/run", status_code=202, dependencies=[allow("jobs.run")])
async def run_embeddings(project: CurrentProject, tx: Tx, services: Services) -> RunView:
    """Cut and embed what changed; a run that is waiting already is joined."""
    return RunView.of(await trigger(tx, services.get(Registry), project.id, "embeddings_run"))
