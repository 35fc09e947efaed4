"""How a document becomes chunks: windows of whole messages, notes or comments, about one thing."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mayak.lightrag.model.cutting import LIMIT, OVERLAP, cut, tokens
from mayak.lightrag.model.language import Language, language
from mayak.lightrag.model.records import Message, RecordKey, RecordType, is_public

RULES = 3
"""Raised when documents are cut or written differently, so that every one is cut again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Characters [start, end) of a chunk are those of a field of a record from `source_start` on.

    Counted in code points, as Python and PostgreSQL do.
    """

    type: RecordType
    external_id: str
    field: str
    start: int
    end: int
    source_start: int

    @property
    def key(self) -> RecordKey:
        return self.type, self.external_id


ChunkKind = Literal["messages", "text", "card"]
"""A window of a talk; what somebody wrote at length; what is known of one entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    kind: ChunkKind = "messages"
    text: str
    text_hash: bytes
    spans: tuple[Span, ...]
    language: Language
    occurred_at: datetime
    """When its last message was written; of a card, when its entity last changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A field of a record as it is written into chunks: on a line of its own."""

    key: RecordKey
    field: str
    text: str
    prefix: str
    """What stands before each part of it: its author, or what it says."""
    at: datetime


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters [start, end) of a passage: all of it, unless it is too long for one chunk."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def tokens(self) -> float:
        return tokens(self.passage.prefix) + tokens(self.text) + 1

    @property
    def whole(self) -> bool:
        return self.start == 0 and self.end == len(self.passage.text)


def chunks_of(
    messages: Iterable[Message], *, subject: str | None = None, limit: int = LIMIT
) -> list[Chunk]:
    """Cut the public messages of a conversation, oldest first, into chunks of about `limit` tokens.

    The subject stands on top of each chunk, because single messages rarely name their matter.
    A chunk repeats the last message of the one before if that is short. A message too long for
    one chunk is cut at a paragraph, a sentence or a word. Private, deleted and activity rows
    leave no trace.
    """
    said = [
        Passage(
            key=("chatwoot_message", message.external_id),
            field="content",
            text=message.content or "",
            prefix=prefix_of(message.author),
            at=message.at,
        )
        for message in messages
        if is_public(message)
    ]
    return windows_of(said, heading=subject, kind="messages", limit=limit)


def prefix_of(author: str | None) -> str:
    return f"{author}: " if author else ""


def windows_of(
    passages: Sequence[Passage], *, heading: str | None, kind: ChunkKind, limit: int = LIMIT
) -> list[Chunk]:
    """Passages in reading order as chunks of at most about `limit` tokens, the heading on each."""
    header = f"{heading.strip()}\n" if heading and heading.strip() else ""
    header = header if tokens(header) <= limit / 4 else ""
    room = limit - tokens(header)
    pieces = [piece for passage in passages for piece in _pieces(passage, room)]
    return [_chunk(header, window, kind) for window in _windows(pieces, room)]


def _windows(pieces: Sequence[_Piece], room: float) -> list[list[_Piece]]:
    windows: list[list[_Piece]] = []
    window: list[_Piece] = []
    filled = 0.0
    for piece in pieces:
        if window and filled + piece.tokens > room:
            windows.append(window)
            last = window[-1]
            repeat = last.whole and last.tokens <= OVERLAP and len(window) > 1
            window = [last] if repeat and last.tokens + piece.tokens <= room else []
            filled = sum(one.tokens for one in window)
        window.append(piece)
        filled += piece.tokens
    return [*windows, window] if window else windows


def _pieces(passage: Passage, room: float) -> list[_Piece]:
    budget = max(room - tokens(passage.prefix) - 1, room / 2)
    cuts = cut(passage.text, limit=budget, overlap=min(OVERLAP, budget / 4))
    return [_Piece(passage, start, end) for start, end in cuts]


def _chunk(header: str, window: Sequence[_Piece], kind: ChunkKind) -> Chunk:
    text = header
    spans: list[Span] = []
    for number, piece in enumerate(window):
        text += ("\n" if number else "") + piece.passage.prefix
        start = len(text)
        text += piece.text
        spans.append(span(piece.passage.key, piece.passage.field, start, len(text), piece.start))
    return Chunk(
        kind=kind,
        text=text,
        text_hash=hash_of(text),
        spans=tuple(spans),
        language=language(" ".join(piece.text for piece in window)),
        occurred_at=max(piece.passage.at for piece in window),
    )


def span(key: RecordKey, field: str, start: int, end: int, source_start: int = 0) -> Span:
    return Span(
        type=key[0],
        external_id=key[1],
        field=field,
        start=start,
        end=end,
        source_start=source_start,
    )


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
