"""One search: the lists that a mode has, fused, with what is linked to the best of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from mayak.lightrag.model.embedder import Vector
from mayak.lightrag.model.evidence import Background, Found, Listed, Settings
from mayak.lightrag.model.fusion import HOPS, LISTS, Fused, ListName, Ranked, collapse, fuse
from mayak.lightrag.model.identifiers import names
from mayak.lightrag.model.narrowing import Narrowing, SearchMode
from mayak.lightrag.model.questions import Question, words_of
from mayak.lightrag.queries import retrieval
from mayak.lightrag.queries.retrieval import AskedWords, ByWords, Pinned, Section
from mayak.platform.db import Conn

TURNS = 2
"""Previous questions whose words are searched as well."""
EXPLAINED = 20
"""Chunks of each list that a search shows when it explains itself."""


async def search(
    conn: Conn,
    project_id: UUID,
    asked: Question,
    vector: Vector | None,
    set_id: UUID | None,
    settings: Settings | None = None,
    *,
    narrowing: Narrowing | None = None,
    mode: SearchMode = "mix",
    history: Sequence[str] = (),
    explain: bool = False,
) -> Found:
    """The best chunks for a question.

    By words and identifiers alone when it has no `vector`, or the project no active set of them
    (`set_id`).

    A chunk with an identifier of the question comes before all that have none. The last TURNS of
    `history`, earlier questions, the oldest first, are searched by their words only: a vector
    of several questions is near to none of them.
    """
    here = _Here(
        conn=conn,
        project_id=project_id,
        asked=asked,
        words=await retrieval.asked_words(
            conn, project_id, " ".join([asked.words, *map(words_of, history[-TURNS:])])
        ),
        sizes=await retrieval.sizes(conn, project_id),
        vector=vector if set_id is not None else None,
        set_id=set_id,
        settings=settings or Settings(),
        narrowing=narrowing or Narrowing(),
    )
    texts = await _by_words(here)
    lists, fused = await _ranked(here, mode, texts)
    best = collapse(fused, most=here.settings.per_document, limit=here.settings.limit)
    return Found(
        evidence=await retrieval.evidence(
            conn, project_id, best, vector=here.vector, set_id=set_id
        ),
        background=await _background(here),
        idf=texts.idf,
        unknown=texts.unknown,
        chunks=here.sizes["t"],
        lists=await _explained(here, lists) if explain else {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here:
    """What every list of one search is made from."""

    conn: Conn
    project_id: UUID
    asked: Question
    words: AskedWords
    sizes: Mapping[Section, int]
    vector: Vector | None
    set_id: UUID | None
    settings: Settings
    narrowing: Narrowing


async def _ranked(
    here: _Here, mode: SearchMode, texts: ByWords
) -> tuple[dict[ListName, Sequence[Ranked]], list[Fused]]:
    """The lists of a mode, and all of them as one."""
    wanted = LISTS[mode]
    pinned = await _pinned(here) if "pinned" in wanted else Pinned()
    lists: dict[ListName, Sequence[Ranked]] = {
        "dense": await _by_meaning(here) if "dense" in wanted else [],
        "lexical": texts.ranked if "lexical" in wanted else [],
        "cards": await _cards(here) if "cards" in wanted else [],
        "pinned": pinned.ranked,
    }
    fused = _fused(here, lists, pinned)
    if "links" in wanted:
        lists["links"] = await _linked(here, fused, HOPS[mode])
        fused = _fused(here, lists, pinned)
    return lists, fused


async def _by_words(here: _Here, *, section: Section = "t") -> ByWords:
    return await retrieval.by_words(
        here.conn,
        here.project_id,
        here.words,
        section=section,
        chunks=here.sizes[section],
        narrowing=here.narrowing,
        terms=here.settings.terms,
        limit=here.settings.pool,
    )


async def _by_meaning(here: _Here, *, card: bool = False) -> list[Ranked]:
    if here.vector is None or here.set_id is None:
        return []
    return await retrieval.by_meaning(
        here.conn,
        here.project_id,
        here.set_id,
        here.vector,
        card=card,
        chunks=here.sizes["c" if card else "t"],
        narrowing=here.narrowing,
        limit=here.settings.pool,
    )


async def _cards(here: _Here) -> list[Ranked]:
    """Cards by meaning and by words, in one list."""
    if not here.sizes["c"]:
        return []
    words = await _by_words(here, section="c")
    lists: dict[ListName, list[Ranked]] = {
        "dense": await _by_meaning(here, card=True),
        "lexical": words.ranked,
    }
    return [
        Ranked(id=one.id, document_id=one.document_id, score=one.score)
        for one in fuse(lists, weights=here.settings.weights, k=here.settings.k)
    ][: here.settings.pool]


async def _pinned(here: _Here) -> Pinned:
    return await retrieval.pinned(
        here.conn,
        here.project_id,
        identifiers=here.asked.identifiers,
        names=names(here.asked.text),
        vector=here.vector,
        set_id=here.set_id,
        narrowing=here.narrowing,
        limit=here.settings.pool,
    )


def _fused(here: _Here, lists: Mapping[ListName, Sequence[Ranked]], pinned: Pinned) -> list[Fused]:
    return fuse(
        lists,
        weights=here.settings.weights,
        k=here.settings.k,
        identifiers=pinned.identifiers,
    )


async def _linked(here: _Here, fused: Sequence[Fused], hops: int) -> list[Ranked]:
    best = list(dict.fromkeys(one.document_id for one in fused))[: here.settings.linked_from]
    return await retrieval.linked(
        here.conn,
        here.project_id,
        best,
        hops=hops,
        vector=here.vector,
        set_id=here.set_id,
        narrowing=here.narrowing,
        limit=here.settings.pool,
    )


async def _background(here: _Here) -> Background:
    if here.vector is None or here.set_id is None:
        return Background()
    return await retrieval.background(here.conn, here.project_id, here.set_id, here.vector)


async def _explained(
    here: _Here, lists: Mapping[ListName, Sequence[Ranked]]
) -> dict[ListName, list[Listed]]:
    return {
        name: await retrieval.listed(here.conn, here.project_id, ranked[:EXPLAINED])
        for name, ranked in lists.items()
    }
