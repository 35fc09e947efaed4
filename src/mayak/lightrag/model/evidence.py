"""What a search found, and against what it stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from mayak.lightrag.model.chunking import ChunkKind
from mayak.lightrag.model.chunking import Span as Place
from mayak.lightrag.model.fusion import ListName
from mayak.lightrag.model.records import DocumentKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How rankings are joined (weighted reciprocal ranks, the shares measured best), and how deep
    and long a search goes.
    """

    k: float = 20.0
    """How little the very first ranks stand out."""
    dense_weight: float = 2.0
    lexical_weight: float = 1.0
    cards_weight: float = 1.0
    pinned_weight: float = 3.0
    links_weight: float = 0.5
    terms: int = 12
    """How many words of the question, the rarest ones, count in the ranking by words."""
    pool: int = 60
    """How deep each ranking is read."""
    linked_from: int = 5
    """From how many of the best documents links are followed."""
    per_document: int = 6
    """How many chunks of one document a search gives at most."""
    limit: int = 8
    patience: timedelta = timedelta(seconds=10)
    """How long one statement of a search may hold the database."""

    @property
    def weights(self) -> Mapping[ListName, float]:
        return {
            "dense": self.dense_weight,
            "lexical": self.lexical_weight,
            "cards": self.cards_weight,
            "pinned": self.pinned_weight,
            "links": self.links_weight,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    chunk_id: UUID
    document: DocumentKey
    title: str | None
    kind: ChunkKind
    text: str
    places: tuple[Place, ...]
    """Which characters of which record the text is made of."""
    occurred_at: datetime
    lexemes: frozenset[str]
    score: float
    """Weighted sum of reciprocal ranks; comparable within one search only."""
    identifiers: int
    """How many identifiers of the question stand in it."""
    similarity: float | None
    """Cosine with the question; None when either has no vector."""
    ranks: Mapping[ListName, int] = field(default_factory=dict)
    """Its place in each list that has it, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A chunk in one list of a search, for people to look at."""

    chunk_id: UUID
    title: str | None
    text: str
    places: tuple[Place, ...]
    rank: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Cosines of the question with texts of the project, some hundreds drawn by lot."""

    mean: float = 0.0
    deviation: float = 0.0
    chunks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    evidence: list[Evidence] = field(default_factory=list)
    background: Background = field(default_factory=Background)
    idf: Mapping[str, float] = field(default_factory=dict)
    """Per stemmed word of the question: how rare it is among the project's chunks."""
    unknown: frozenset[str] = frozenset()
    """Stemmed words of the question that no chunk of the project has."""
    chunks: int = 0
    """Of texts and talks in the project, as last counted; cards are not."""
    lists: Mapping[ListName, Sequence[Listed]] = field(default_factory=dict)
    """The beginning of each list, when the search was to explain itself."""


__all__ = ["Background", "Evidence", "Found", "Listed", "Place", "Settings"]
