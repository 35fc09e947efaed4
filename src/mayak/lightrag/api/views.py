"""Answers as they travel."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from mayak.lightrag.model.answer import (
    Answer,
    Feedback,
    Kind,
    Mode,
    Reason,
    Searched,
)
from mayak.lightrag.model.chunking import ChunkKind
from mayak.lightrag.model.language import Language, Locale
from mayak.lightrag.model.narrowing import SourceName
from mayak.lightrag.model.records import AuthorKind, DocumentType, RecordType
from mayak.lightrag.model.table import CellKind

SENTINEL_OF_LIFE = 10.0
"""Seconds of silence after which a stream says that it lives: proxies close silent ones."""


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
    label: str | None
    """What people call the field, such as Stage; null for what somebody said or wrote."""
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


class ColumnView(BaseModel):
    key: str
    label: str
    kind: CellKind


class TableRowView(BaseModel):
    cells: dict[str, str | int | float | None]
    citation: int | None
    """The index of the quote that names the row; null for a group of rows."""
    url: str | None
    source_type: RecordType | None
    external_id: str | None


class TableView(BaseModel):
    columns: list[ColumnView]
    rows: list[TableRowView]
    total: int
    """How many rows there are, shown or not."""
    shown: int
    result: str | None
    """The figure that was asked for, written out; null for a list."""


class TimingsView(BaseModel):
    embed_ms: float
    search_ms: float
    answer_ms: float
    total_ms: float


class NarrowingView(BaseModel):
    """What the search was narrowed to; what is empty limits nothing."""

    sources: list[SourceName] = []
    clients: list[str] = []
    people: list[str] = []
    since: datetime | None = None
    until: datetime | None = None
    languages: list[Language] = []


class RankedView(BaseModel):
    chunk_id: UUID
    title: str | None
    text: str
    rank: int
    """From 1."""
    score: float


class ListsView(BaseModel):
    """Each ranking by itself, the best first."""

    dense: list[RankedView] = []
    lexical: list[RankedView] = []
    cards: list[RankedView] = []
    pinned: list[RankedView] = []
    links: list[RankedView] = []


class RanksView(BaseModel):
    """The place in each ranking, from 1; null where it is not in it."""

    dense: int | None = None
    lexical: int | None = None
    cards: int | None = None
    pinned: int | None = None
    links: int | None = None


class FusedView(BaseModel):
    chunk_id: UUID
    document_type: DocumentType
    document_id: str
    title: str | None
    kind: ChunkKind | None = None
    text: str
    score: float
    ranks: RanksView


class PointedView(BaseModel):
    type: RecordType
    id: str


class ExplainView(BaseModel):
    lists: ListsView
    fused: list[FusedView]
    """What the answer was made from, the best first."""
    features: dict[str, float] | None
    """What speaks for an answer made of quotes, each about 0 to 1; null for any other."""
    pointed: PointedView | None
    """The record that the question was pointed to."""
    settings: dict[str, Any]


class AnswerView(BaseModel):
    id: UUID
    question: str
    locale: Locale
    status: Literal["answered", "empty"]
    kind: Kind
    """quotes: sentences of records. composed: a model wrote it from quotes. table: rows."""
    mode: Mode
    """Which way of searching was asked for."""
    searched: Searched
    """How it went."""
    reason: Reason | None
    reason_text: str | None
    answer: str
    sentences: list[SentenceView]
    citations: list[CitationView]
    table: TableView | None
    notes: list[str]
    quality_score: float | None
    """The chance that the answer is right, from 0 to 1; null for a refusal."""
    filters: NarrowingView
    history: list[str]
    timings: TimingsView
    explain: ExplainView | None
    asked_at: datetime
    feedback: Feedback | None
    feedback_comment: str | None

    @classmethod
    def of(cls, answer: Answer) -> "AnswerView":
        return cls.model_validate(answer, from_attributes=True)
