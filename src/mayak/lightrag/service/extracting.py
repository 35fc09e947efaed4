"""The sentences of a project's records that answer a question."""

import asyncio
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
from mayak.lightrag.model.persons import meant
from mayak.lightrag.model.quality import Features, features
from mayak.lightrag.model.questions import Question
from mayak.lightrag.model.records import Record, RecordKey
from mayak.lightrag.model.sought import COMPARED, SOURCE_OF, Rival, pointed, rivals, told
from mayak.lightrag.model.standing import borne_out
from mayak.lightrag.model.wanted import Wanted, wanted
from mayak.lightrag.queries import records, retrieval
from mayak.lightrag.service.searching import search
from mayak.platform.db import Conn, Database
from mayak.sync import service as sync

RIVAL_CHUNKS = 20
"""Chunks in which the record is looked for that a question wants to be pointed to."""
RIVAL_CARDS = 6.0
"""There cards weigh more: each says all that its record is."""


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
    rivals: list[Rival]
    """Records of the kind that the question asks to be pointed to; none when it asks for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """The record that a question wants to be pointed to."""

    wanted: Wanted
    vector: Vector
    """Of what tells which one."""
    who: str | None = None
    """The external id of the person who is called by name."""


async def vector_of(embedder: Embedder, text: str) -> Vector | None:
    try:
        return await embedder.query(text)
    except Upstream:
        return None


async def aim_of(
    database: Database,
    project_id: UUID,
    embedder: Embedder,
    asked: Question,
    vector: Vector | None,
    wish: Wish,
) -> Aim | None:
    """What the question wants to be pointed to. One that tells nothing itself, as "is there an
    issue for this?", goes with the question before it.

    No transaction is open while names are compared or a vector is made.
    """
    aimed = wanted(asked.text)
    if aimed is None or vector is None or wish.mode == "naive":
        return None
    source = SOURCE_OF[aimed.kind]
    if wish.narrowing.sources and source not in wish.narrowing.sources:
        return None
    who = None
    if aimed.person:
        async with database.transaction(project_id) as conn:
            people = await records.people(conn, project_id)
        who = await asyncio.to_thread(meant, aimed.person, people)
        if who is None:
            return None
    if not aimed.told:
        said = f"{wish.history[-1]} {asked.text}" if wish.history else ""
        vector = await vector_of(embedder, said) if said else None
    return None if vector is None else Aim(wanted=aimed, vector=vector, who=who)


async def look(
    conn: Conn,
    project_id: UUID,
    asked: Question,
    vector: Vector | None,
    aim: Aim | None,
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
    near = await _rivals(conn, project_id, asked, aim, model, settings, wish) if aim else []
    wanted = {place.key for one in found.evidence for place in one.places}
    wanted |= {one.key for one in near}
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
        rivals=near,
        sourced=state.chunks > 0 or any((await sync.mirror_counts(conn, project_id)).values()),
        current=current,
    )


async def _rivals(
    conn: Conn,
    project_id: UUID,
    asked: Question,
    aim: Aim,
    model: str,
    settings: Settings,
    wish: Wish,
) -> list[Rival]:
    """Records of the kind that is sought, found by a search of its service alone; of people only
    the one who is called by name.
    """
    kind = aim.wanted.kind
    found = await search(
        conn,
        project_id,
        asked,
        aim.vector,
        await retrieval.set_of(conn, project_id, model),
        replace(settings, limit=RIVAL_CHUNKS, per_document=2, cards_weight=RIVAL_CARDS),
        narrowing=replace(wish.narrowing, sources=(SOURCE_OF[kind],)),
        mode="hybrid",
    )
    near = rivals(found.evidence, kind)
    return [one for one in near if one.key[1] == aim.who] if aim.who else near[:COMPARED]


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
    """What the chance is told by that quotes are right; None without any, and when `pointed`."""
    pointed: RecordKey | None = None
    """The record that was sought, when the first of them name it."""


async def choose(
    embedder: Embedder, asked: Question, vector: Vector | None, aim: Aim | None, search: Search
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
        chosen = []
    ranked = sorted(scored, key=lambda one: -one.score)
    if aim and (named := await _pointed(embedder, asked, aim, search, rest)):
        chosen = choice.first(named, chosen)
        others = [one for one in ranked if one not in chosen]
        it = named[0].candidate.record.key
        return Choice(chosen=chosen, others=others, rest=rest, features=None, pointed=it)
    if not chosen:
        return Choice(chosen=[], others=[], rest=rest, features=None)
    return Choice(
        chosen=chosen,
        others=[one for one in ranked if one not in chosen],
        rest=rest,
        features=features(asked, search.found, chosen, ranked, rest=rest),
    )


async def _pointed(
    embedder: Embedder, asked: Question, aim: Aim, search: Search, rest: float
) -> list[Scored]:
    """What there is to say of the record that was sought; nothing when none stands out."""
    if not search.rivals:
        return []
    if aim.who:
        rival, name = search.rivals[0], None
    else:
        try:
            close = await embedder.sentences([one.name for one in search.rivals])
        except Upstream:
            return []
        names = [choice.closeness(float(cosine), rest) for cosine in close @ aim.vector]
        best = pointed(asked, search.found, search.rivals, names, rest=rest)
        if best is None:
            return []
        rival, name = best, names[search.rivals.index(best)]
    record = search.current.get(rival.key)
    if record is None or not record.public:
        return []
    return told(aim.wanted, search.found, rival, record, name)


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
        "pointed": dict(zip(("type", "id"), chosen.pointed, strict=True))
        if chosen.pointed
        else None,
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
