"""How a long text is cut: at a paragraph, a sentence or a word, and never inside a link."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from mayak.lightrag.model.sentences import sentences

LIMIT = 200
"""Tokens of a chunk, by `tokens`."""
OVERLAP = 40
"""The longest message, or end of a piece, that the next chunk repeats; in tokens."""
_UNIT = 12
"""Weights of characters are whole twelfths of a token, so that sums are exact."""
_WHOLE = re.compile(
    r"^```.*?^```[ \t]*$"  # a block of code
    r"|!?\[[^\[\]\n]{0,300}\]\([^()\s]{0,2000}\)"  # a link or an image
    r"|`[^`\n]{1,300}`"
    r"|https?://\S{1,2000}",
    re.MULTILINE | re.DOTALL,
)


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


def cut(text: str, *, limit: float, overlap: float) -> list[tuple[int, int]]:
    """Overlapping (start, end) parts of `text` that cover it, each of at most `limit` tokens.

    A part ends at a paragraph if one ends in its second half, else at a sentence, else at a
    word, else wherever the limit falls. The next one starts up to `overlap` tokens earlier.
    Links, images and blocks of code stay in one piece unless they fill half a part. `overlap` must
    be less than half of `limit`, or parts would not move on.
    """
    weights = [0, *accumulate(map(_weight, text))]
    if weights[-1] <= limit * _UNIT:
        return [(0, len(text))]
    starts = [start for start, _ in sentences(text)]
    whole = [match.span() for match in _WHOLE.finditer(text)]
    parts: list[tuple[int, int]] = []
    start = 0
    while True:
        furthest = max(bisect_right(weights, weights[start] + limit * _UNIT) - 1, start + 1)
        if furthest >= len(text):
            return [*parts, (start, len(text))]
        half = bisect_right(weights, weights[start] + limit * _UNIT / 2)
        end = _boundary(text, starts, half, furthest)
        around = _stretch(whole, end)
        end = around[0] if around and around[0] > half else end
        parts.append((start, end))
        earliest = bisect_right(weights, weights[end] - overlap * _UNIT)
        again = _restart(text, starts, min(earliest, end), end)
        around = _stretch(whole, again)
        start = max(min(around[1], end) if around else again, start + 1)


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


def _stretch(whole: Sequence[tuple[int, int]], at: int) -> tuple[int, int] | None:
    """The stretch that a cut at `at` would tear apart."""
    place = bisect_left(whole, (at,)) - 1
    return whole[place] if place >= 0 and at < whole[place][1] else None


def _after_space(text: str, low: int, high: int) -> int | None:
    return next((at for at in range(high, low, -1) if text[at - 1].isspace()), None)
