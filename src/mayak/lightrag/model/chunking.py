"""How a conversation becomes chunks: windows of whole messages, each about one thing."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Literal

from mayak.lightrag.model.language import Language, language
from mayak.lightrag.model.records import Message, RecordKey, RecordType, is_public
from mayak.lightrag.model.sentences import sentences

RULES = 2
"""Raised when this module starts to cut differently, so that every document is cut again."""

LIMIT = 200
"""Tokens of a chunk, by `tokens`."""
OVERLAP = 40
"""The longest message, or end of a piece, that the next chunk repeats; in tokens."""
_UNIT = 12
"""Weights of characters are whole twelfths of a token, so that sums are exact."""


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
    """When its last message was written."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters [start, end) of a message: all of it, unless it is too long for one chunk."""

    message: Message
    start: int
    end: int

    @property
    def text(self) -> str:
        return (self.message.content or "")[self.start : self.end]

    @property
    def prefix(self) -> str:
        return f"{self.message.author}: " if self.message.author else ""

    @property
    def tokens(self) -> float:
        return tokens(self.prefix) + tokens(self.text) + 1

    @property
    def whole(self) -> bool:
        return self.start == 0 and self.end == len(self.message.content or "")


def tokens(text: str) -> float:
    """About how many tokens a multilingual model makes of `text`, without its vocabulary.

    A token per 4 ASCII letters, 3 Cyrillic ones, 2 digits, 1 of anything else. On the built-in
    stories this is 1.0 to 1.3 times what multilingual-e5 counts, nine texts of ten.
    """
    return sum(map(_weight, text)) / _UNIT


def _weight(letter: str) -> int:
    if letter.isascii():
        return 6 if letter.isdigit() else 3
    return 4 if "\u0400" <= letter <= "\u04ff" else 12


def chunks_of(
    messages: Iterable[Message], *, subject: str | None = None, limit: int = LIMIT
) -> list[Chunk]:
    """Cut the public messages of a conversation, oldest first, into chunks of about `limit` tokens.

    The subject stands on top of each chunk, because single messages rarely name their matter.
    A chunk repeats the last message of the one before if that is short. A message too long for
    one chunk is cut at a paragraph, a sentence or a word. Private, deleted and activity rows
    leave no trace.
    """
    header = f"{subject.strip()}\n" if subject and subject.strip() else ""
    header = header if tokens(header) <= limit / 4 else ""
    room = limit - tokens(header)
    public = [message for message in messages if is_public(message)]
    pieces = [piece for message in public for piece in _pieces(message, room)]
    return [_chunk(header, window) for window in _windows(pieces, room)]


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


def _pieces(message: Message, room: float) -> list[_Piece]:
    content = message.content or ""
    prefix = tokens(f"{message.author}: ") if message.author else 0.0
    budget = max(room - prefix - 1, room / 2)
    cuts = cut(content, limit=budget, overlap=min(OVERLAP, budget / 4))
    return [_Piece(message, start, end) for start, end in cuts]


def cut(text: str, *, limit: float, overlap: float) -> list[tuple[int, int]]:
    """Overlapping (start, end) parts of `text` that cover it, each of at most `limit` tokens.

    A part ends at a paragraph if one ends in its second half, else at a sentence, else at a
    word, else wherever the limit falls. The next one starts up to `overlap` tokens earlier.
    `overlap` must be less than half of `limit`, or parts would not move on.
    """
    weights = [0, *accumulate(map(_weight, text))]
    if weights[-1] <= limit * _UNIT:
        return [(0, len(text))]
    starts = [start for start, _ in sentences(text)]
    parts: list[tuple[int, int]] = []
    start = 0
    while True:
        furthest = max(bisect_right(weights, weights[start] + limit * _UNIT) - 1, start + 1)
        if furthest >= len(text):
            return [*parts, (start, len(text))]
        half = bisect_right(weights, weights[start] + limit * _UNIT / 2)
        end = _boundary(text, starts, half, furthest)
        parts.append((start, end))
        earliest = bisect_right(weights, weights[end] - overlap * _UNIT)
        start = max(_restart(text, starts, min(earliest, end), end), start + 1)


def _boundary(text: str, starts: Sequence[int], low: int, high: int) -> int:
    paragraph = text.rfind("\n\n", low, high)
    if paragraph >= 0:
        return paragraph + 2
    place = bisect_right(starts, high) - 1
    if place >= 0 and starts[place] >= low:
        return starts[place]
    return _after_space(text, low, high) or high


def _restart(text: str, starts: Sequence[int], low: int, high: int) -> int:
    """Where the next part begins: at the first sentence or word of [low, high), else at high."""
    place = bisect_right(starts, low - 1)
    if place < len(starts) and starts[place] < high:
        return starts[place]
    word = next((at + 1 for at in range(low, high - 1) if text[at].isspace()), None)
    return word if word is not None else high


def _after_space(text: str, low: int, high: int) -> int | None:
    return next((at for at in range(high, low, -1) if text[at - 1].isspace()), None)


def _chunk(header: str, window: Sequence[_Piece]) -> Chunk:
    text = header
    spans: list[Span] = []
    for number, piece in enumerate(window):
        text += ("\n" if number else "") + piece.prefix
        start = len(text)
        text += piece.text
        spans.append(
            Span(
                type="chatwoot_message",
                field="content",
                external_id=piece.message.external_id,
                start=start,
                end=len(text),
                source_start=piece.start,
            )
        )
    return Chunk(
        text=text,
        text_hash=hashlib.sha256(text.encode()).digest(),
        spans=tuple(spans),
        language=language(" ".join(piece.text for piece in window)),
        occurred_at=max(piece.message.at for piece in window),
    )
