"""Several rankings become one: weighted reciprocal ranks, then few chunks of one document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from mayak.lightrag.model.narrowing import SearchMode

ListName = Literal["dense", "lexical", "cards", "pinned", "links"]

LISTS: Mapping[SearchMode, frozenset[ListName]] = {
    "naive": frozenset({"dense"}),
    "local": frozenset({"cards", "pinned", "links"}),
    "global": frozenset({"dense", "lexical"}),
    "hybrid": frozenset({"dense", "lexical", "cards", "pinned", "links"}),
    "mix": frozenset({"dense", "lexical", "cards", "pinned", "links"}),
}
HOPS: Mapping[SearchMode, int] = {"naive": 0, "local": 1, "global": 0, "hybrid": 1, "mix": 2}
"""How many links away from the best documents a search looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A chunk in one list."""

    id: UUID
    document_id: UUID
    score: float
    """What the list is ordered by; comparable within the list only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    id: UUID
    document_id: UUID
    score: float
    ranks: Mapping[ListName, int]
    """Its place in each list that has it, from 1."""
    identifiers: int = 0
    """How many identifiers of the question stand in it."""


def fuse(
    lists: Mapping[ListName, Sequence[Ranked]],
    *,
    weights: Mapping[ListName, float],
    k: float,
    identifiers: Mapping[UUID, int] | None = None,
) -> list[Fused]:
    """Every chunk of the lists, the best first: by identifiers, then by the sum of
    `weight / (k + rank)` over the lists (Cormack, Clarke and Büttcher 2009), ties by id.

    In a list without `weight` a chunk gains nothing, and is there all the same.
    """
    held = identifiers or {}
    scores: dict[UUID, float] = {}
    ranks: dict[UUID, dict[ListName, int]] = {}
    documents: dict[UUID, UUID] = {}
    for name, ranking in lists.items():
        for rank, one in enumerate(ranking, start=1):
            scores[one.id] = scores.get(one.id, 0.0) + weights.get(name, 0.0) / (k + rank)
            ranks.setdefault(one.id, {})[name] = rank
            documents[one.id] = one.document_id
    made = [
        Fused(
            id=id_,
            document_id=documents[id_],
            score=score,
            ranks=ranks[id_],
            identifiers=held.get(id_, 0),
        )
        for id_, score in scores.items()
    ]
    return sorted(made, key=lambda one: (-one.identifiers, -one.score, one.id))


def collapse(fused: Sequence[Fused], *, most: int, limit: int) -> list[Fused]:
    """The first `limit`, at most `most` of them of one document."""
    kept: list[Fused] = []
    counts: dict[UUID, int] = {}
    for one in fused:
        if len(kept) == limit:
            break
        if counts.get(one.document_id, 0) < most:
            counts[one.document_id] = counts.get(one.document_id, 0) + 1
            kept.append(one)
    return kept
