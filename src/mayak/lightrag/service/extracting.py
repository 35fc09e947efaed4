"""The sentences of a project's records that answer a question."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from mayak.errors import Upstream
from mayak.lightrag.model import choice
from mayak.lightrag.model.answer import Note, Reason, Searched
from mayak.lightrag.model.asking import Wish
from mayak.lightrag.model.choice import Candidate, Scored
from mayak.lightrag.model.convincing import convincing
from mayak.lightrag.model.embedder import Embedder, Vector
from mayak.lightrag.model.evidence import Evidence, Found, Listed, Settings
from mayak.lightrag.model.quality import Features, features
from mayak.lightrag.model.questions import Question
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.standing import borne_out
from mayak.lightrag.queries import records, retrieval
from mayak.lightrag.service.searching import search
from mayak.platform.db import Conn
from mayak.sync import service as sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What one look at the database gave."""

    state: retrieval.State
    found: Found
    candidates: list[Candidate]
    sourced: bool
    """Whether the project has a chunk, or a live row in any mirror."""
    current: Mapping[RecordKey, Record]
    """The present state of the records that the found chunks are made of."""


async def vector_of(embedder: Embedder, asked: Question) -> Vector | None:
    try:
        return await embedder.query(asked.text)
    except Upstream:
        return None


async def look(
    conn: Conn,
    project_id: UUID,
    asked: Question,
    vector: Vector | None,
    model: str,
    settings: Settings,
    wish: Wish,
) -> Search:
    state = await retrieval.state(conn, project_id)
    found = await search(
        conn,
        project_id,
        asked,
        vector,
        await retrieval.set_of(conn, project_id, model),
        settings,
        narrowing=wish.narrowing,
        mode=wish.mode,
        history=wish.history,
        explain=wish.explain,
    )
    wanted = {place.key for one in found.evidence for place in one.places}
    wanted |= {
        place.key for ranked in found.lists.values() for one in ranked for place in one.places
    }
    current = await records.records(conn, project_id, sorted(wanted))
    listed = choice.candidates(found, current)
    words = await retrieval.lexemes(conn, [candidate.spoken for candidate in listed])
    with_words = [
        replace(candidate, lexemes=known) for candidate, known in zip(listed, words, strict=True)
    ]
    return Search(
        state=state,
        found=found,
        candidates=with_words,
        sourced=state.chunks > 0 or any((await sync.mirror_counts(conn, project_id)).values()),
        current=current,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Sentences that answer, and those that come close."""

    chosen: list[Scored]
    """To be shown; none when they do not convince."""
    others: list[Scored]
    """What a model may use beside them, the best first."""
    rest: float
    """The cosine of unrelated texts."""
    features: Features | None
    """What the chance that the answer is right is told by; None without an answer."""


async def choose(
    embedder: Embedder, asked: Question, vector: Vector | None, search: Search
) -> Choice:
    """The sentences to show; none when they do not convince."""
    rest = choice.resting(search.found, embedder.resting)
    scored = choice.plain_score(asked, search.found, search.candidates)
    if vector is not None and scored:
        scored = sorted(scored, key=lambda one: -one.score)[: choice.WEIGHED]
        try:
            meant = await embedder.sentences([one.candidate.spoken for one in scored])
        except Upstream:
            pass
        else:
            near = [choice.closeness(float(cosine), rest) for cosine in meant @ vector]
            scored = choice.with_meaning(scored, near)
    chosen = choice.best(asked, scored)
    if not convincing(asked, search.found, chosen, rest=rest):
        return Choice(chosen=[], others=[], rest=rest, features=None)
    ranked = sorted(scored, key=lambda one: -one.score)
    return Choice(
        chosen=chosen,
        others=[one for one in ranked if one not in chosen],
        rest=rest,
        features=features(asked, search.found, chosen, ranked, rest=rest),
    )


def reason_of(search: Search, *, had_quotes: bool) -> Reason:
    """Why nothing that was found makes an answer."""
    if not search.sourced:
        return "no_source_rows"
    if not search.state.chunks:
        return "none_chunked"
    if not search.state.ready:
        return "none_embedded"
    if had_quotes or (search.found.evidence and not search.candidates):
        return "filtered"
    return "below_threshold"


def searched(search: Search, vector: Vector | None) -> Searched:
    """How the search went."""
    if not search.state.chunks:
        return "none"
    return "hybrid" if vector is not None and search.found.background.chunks else "lexical"


def notes_of(search: Search, vector: Vector | None) -> list[str]:
    notes: list[Note] = []
    if vector is None:
        notes.append("embeddings_unavailable")
    if search.state.pending:
        notes.append("still_embedding")
    return [*notes]


def explained(search: Search, chosen: Choice, settings: Settings) -> dict[str, Any]:
    """The ranks behind an answer, and what speaks for it, as JSON.

    A chunk that its records no longer bear out keeps its ranks and shows no words until it is cut
    again.
    """
    return {
        "features": asdict(chosen.features) if chosen.features else None,
        "lists": {
            name: [
                {
                    "chunk_id": one.chunk_id,
                    "rank": one.rank,
                    "score": one.score,
                    **_words(one, search.current),
                }
                for one in listed
            ]
            for name, listed in search.found.lists.items()
        },
        "fused": [
            {
                "chunk_id": one.chunk_id,
                "document_type": one.document[0],
                "document_id": one.document[1],
                "kind": one.kind,
                "score": one.score,
                "ranks": dict(one.ranks),
                **_words(one, search.current),
            }
            for one in search.found.evidence
        ],
        "settings": {
            name: value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in asdict(settings).items()
        },
    }


def _words(chunk: Evidence | Listed, records: Mapping[RecordKey, Record]) -> dict[str, str | None]:
    if not borne_out(chunk, records):
        return {"title": None, "text": ""}
    return {"title": chunk.title, "text": chunk.text}
