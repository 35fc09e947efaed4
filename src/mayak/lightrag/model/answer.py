"""An answer: sentences with citations, every citation a quote that stands in the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal
from uuid import UUID

from mayak.lightrag.model.choice import Scored
from mayak.lightrag.model.labels import SAID, label
from mayak.lightrag.model.language import Locale
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.model.records import (
    AuthorKind,
    DocumentType,
    Record,
    RecordKey,
    RecordType,
)
from mayak.lightrag.model.table import Table
from mayak.lightrag.model.wording import framed, framed_fact

Status = Literal["answered", "empty", "error"]
Kind = Literal["quotes", "composed", "table"]
Mode = Literal["naive", "local", "global", "hybrid", "mix"]
Searched = Literal["hybrid", "lexical", "rows", "none"]
Reason = Literal[
    "no_source_rows", "none_chunked", "none_embedded", "filtered", "below_threshold", "gone"
]
Note = Literal[
    "embeddings_unavailable",
    "still_embedding",
    "sources_gone",
    "counted_then",
    "model_unavailable",
    "sentences_dropped",
]
Feedback = Literal["up", "down"]
FeedbackReason = Literal["wrong", "incomplete", "not_found", "outdated", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    index: int
    """From 1, as the sentence refers to it."""
    quote: str
    source_type: RecordType
    external_id: str
    field: str
    label: str | None = None
    """What people call the field; None for what somebody said or wrote."""
    start: int
    end: int
    """The quote is characters [start, end) of the record's field, counted in code points."""
    url: str | None
    author: str | None
    author_kind: AuthorKind | None
    document_type: DocumentType
    document_id: str
    title: str | None
    """What people call the document."""
    occurred_at: datetime
    synced_at: datetime

    @property
    def key(self) -> RecordKey:
        return self.source_type, self.external_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    text: str
    citations: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Milliseconds."""

    embed_ms: float = 0.0
    search_ms: float = 0.0
    answer_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    id: UUID
    question: str
    locale: Locale
    status: Status
    kind: Kind = "quotes"
    """How it was made: of quotes alone, by a model from quotes, or by counting rows."""
    mode: Mode = "mix"
    """Which way of searching was asked for."""
    searched: Searched = "none"
    """How it went: with vectors, by words alone, over rows, or not at all."""
    reason: Reason | None = None
    """Why there is no answer; None when there is one."""
    reason_text: str | None = None
    answer: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    table: Table | None = None
    notes: list[str] = field(default_factory=list)
    quality_score: float | None = None
    """The chance that it is right, from 0.0 to 1.0; None where it is not known."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    """What the search was narrowed to, as asked."""
    history: list[str] = field(default_factory=list)
    """Earlier questions that came with this one, the oldest first."""
    explain: Mapping[str, Any] | None = None
    """The ranks behind it, when somebody asked for them."""
    timings: Timings = field(default_factory=Timings)
    asked_at: datetime
    feedback: Feedback | None = None
    feedback_comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an answer is about to claim that a record says."""

    key: RecordKey
    field: str
    start: int
    end: int
    text: str


def quotes(chosen: Sequence[Scored]) -> list[Quote]:
    """The quotes of the chosen sentences; neighbours on one line of a message become one."""
    made: list[Quote] = []
    for one in chosen:
        candidate = one.candidate
        quote = Quote(
            key=candidate.record.key,
            field=candidate.field,
            start=candidate.start,
            end=candidate.end,
            text=candidate.text,
        )
        content = candidate.record.fields[candidate.field]
        place = next((at for at, other in enumerate(made) if _adjoin(other, quote, content)), None)
        if place is None:
            made.append(quote)
        else:
            made[place] = _joined(made[place], quote, content)
    return made


def _adjoin(one: Quote, other: Quote, content: str) -> bool:
    first, second = sorted((one, other), key=lambda quote: quote.start)
    gap = content[first.end : second.start]
    same = (one.key, one.field) == (other.key, other.field)
    return same and not gap.strip() and "\n" not in gap


def _joined(one: Quote, other: Quote, content: str) -> Quote:
    start, end = min(one.start, other.start), max(one.end, other.end)
    return Quote(key=one.key, field=one.field, start=start, end=end, text=content[start:end])


def verify(quote: Quote, record: Record | None) -> bool:
    """Whether the record still says exactly this, exactly there, for everyone to read."""
    if record is None or not record.public or not quote.text:
        return False
    return record.fields.get(quote.field, "")[quote.start : quote.end] == quote.text


def compose(
    made: Sequence[Quote],
    records: Mapping[RecordKey, Record],
    *,
    locale: Locale,
    links: SourceLinks,
    at: datetime,
    zone: tzinfo,
) -> tuple[list[Sentence], list[Citation]]:
    """Sentences and citations of the quotes that `records` bear out; the others are dropped."""
    said: list[Sentence] = []
    citations: list[Citation] = []
    for quote in made:
        record = records.get(quote.key)
        if record is None or not verify(quote, record):
            continue
        index = len(citations) + 1
        citation = cited(index, quote, record, links, locale)
        citations.append(citation)
        text = _framed(citation, record, locale, at, zone)
        said.append(Sentence(text=text, citations=[index]))
    return said, citations


def _framed(citation: Citation, record: Record, locale: Locale, at: datetime, zone: tzinfo) -> str:
    day = record.at.astimezone(zone)
    if citation.label is None:
        return framed(record.author, day, citation.quote, locale, at, where=record.title)
    source = record.key[0].split("_", 1)[0].capitalize()
    about = (citation.label, record.title or record.key[1])
    return framed_fact(about, citation.quote, source, day, locale, at)


def cited(index: int, quote: Quote, record: Record, links: SourceLinks, locale: Locale) -> Citation:
    """A quote with everything that tells where it stands."""
    return Citation(
        index=index,
        quote=quote.text,
        source_type=record.key[0],
        external_id=record.key[1],
        field=quote.field,
        label=None if quote.field in SAID else label(quote.field, locale),
        start=quote.start,
        end=quote.end,
        url=links.page(record),
        author=record.author,
        author_kind=record.author_kind,
        document_type=record.document[0],
        document_id=record.document[1],
        title=record.title,
        occurred_at=record.at,
        synced_at=record.synced_at,
    )
