"""How ready a project is to be asked, and why it is not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from mayak.automation import service as automation
from mayak.errors import UpstreamKind
from mayak.lightrag.model.answer import Reason
from mayak.lightrag.queries import checks, retrieval
from mayak.lightrag.queries import overview as queries
from mayak.lightrag.queries.overview import Documents, EmbeddingSet, Entity
from mayak.lightrag.service.sets import standing
from mayak.platform.db import Conn
from mayak.sync import service as sync

Health = Literal["ok", "failing", "idle"]
SOURCES = {
    "chatwoot_conversation": "chatwoot",
    "chatwoot_contact": "chatwoot",
    "linear_issue": "linear",
    "linear_project": "linear",
    "attio_company": "attio",
    "attio_person": "attio",
    "attio_deal": "attio",
}
"""Which service a kind of document comes from."""
MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """How the making of vectors goes: idle when it was never asked for."""

    state: Health
    kind: UpstreamKind | None
    """Why its provider fails; None when it does not, or something else does."""
    cause: str | None
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    rows: dict[str, int]
    """Live rows of the mirror, by `connector stream`."""
    synced: dict[str, datetime | None]
    """By connector: everything that was there at that instant is here. None before the first
    complete sync.
    """
    documents: list[Documents]
    chunks: dict[str, int]
    embedding: Embedding
    sets: list[EmbeddingSet]
    oldest_stale_at: datetime | None
    """Since when the chunk that waits longest has waited; None when none does."""
    lag: checks.Lag
    why_empty: Reason | None


async def overview(conn: Conn, project_id: UUID) -> Overview:
    """Everything that the status of one project tells. Reads whole tables."""
    rows = await sync.mirror_counts(conn, project_id)
    chunks = await retrieval.chunks_by_status(conn)
    return Overview(
        rows=rows,
        synced=await _synced(conn, project_id),
        documents=await queries.documents(conn, project_id),
        chunks=chunks,
        embedding=await _embedding(conn, project_id),
        sets=await queries.sets(conn, project_id),
        oldest_stale_at=await queries.oldest_pending(conn, project_id),
        lag=await checks.lag(conn, project_id),
        why_empty=_why_empty(rows, chunks),
    )


async def _synced(conn: Conn, project_id: UUID) -> dict[str, datetime | None]:
    streams: dict[str, list[datetime | None]] = {}
    for state in await sync.states(conn, project_id):
        streams.setdefault(state.connector, []).append(state.last_success_at)
    return {
        connector: min((at for at in ends if at is not None), default=None) if all(ends) else None
        for connector, ends in streams.items()
    }


async def _embedding(conn: Conn, project_id: UUID) -> Embedding:
    now = await standing(conn, project_id)
    outages = [one.outage for one in (now.active, now.building) if one and one.outage]
    if outages:
        worst = outages[0]
        return Embedding(
            state="failing", kind=worst.kind, cause=worst.cause, retry_at=worst.retry_at
        )
    recent = await automation.recent(conn, job_type="embeddings_run", limit=1)
    if not recent:
        return Embedding(state="idle", kind=None, cause=None, retry_at=None)
    last = recent[0]
    failing = last.error_message is not None and last.status in ("failed", "queued")
    return Embedding(
        state="failing" if failing else "ok",
        kind=None,
        cause=last.error_message if failing else None,
        retry_at=last.not_before if failing else None,
    )


def _why_empty(rows: dict[str, int], chunks: dict[str, int]) -> Reason | None:
    if not any(rows.values()):
        return "no_source_rows"
    if not chunks:
        return "none_chunked"
    return None if chunks.get("ready") else "none_embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowings:
    """What a search may be narrowed to."""

    clients: list[Entity]
    people: list[Entity]
    sources: dict[str, int]
    """Documents by service."""
    languages: list[str]


async def narrowings(conn: Conn, project_id: UUID, *, wanted: str) -> Narrowings:
    """Whom documents are about, by a part of the name; at most MOST of each."""
    sources: dict[str, int] = {}
    for made in await queries.documents(conn, project_id):
        name = SOURCES.get(made.source_type)
        if name:
            sources[name] = sources.get(name, 0) + made.documents
    return Narrowings(
        clients=await queries.entities(conn, project_id, "clients", wanted=wanted, limit=MOST),
        people=await queries.entities(conn, project_id, "people", wanted=wanted, limit=MOST),
        sources=sources,
        languages=await queries.languages(conn, project_id),
    )
