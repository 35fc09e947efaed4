"""Exact identifiers in a question: they are looked up, not ranked."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_SEPARATOR = r"[ ,.\u00a0\u202f]?"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_KEY = re.compile(r"(?<![\w-])[^\W\d_]{1,10}-\d+(?:/\w+)?(?!\w)")
_NUMBERED = re.compile(r"(?:№|#|\bno\.?|\bnumber|\bномер\w*)\s*(\d+)(?!\w)", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\w)\+?\d[\d\s()-]{8,}\d(?!\w)")
_VERSION = re.compile(r"(?<![\w.])\d+(?:\.\d{1,2}){1,3}(?![\w.]*\d)")
_AMOUNT = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+|\d{3,})(?![\w])")
_YEAR = re.compile(r"(?:19|20)\d\d")
MOST = 8
"""Identifiers that one question looks up."""
LONGEST_NAME = 6
"""Words of a name that is looked up."""
MOST_NAME_WORDS = 60
_SHORTEST_NAME = 3
_WORD = re.compile(r"\w+")
_LONG_NUMBER = 3
"""Digits from which a bare number says by itself what is meant."""


@dataclass(frozen=True, slots=True)
class Identifier:
    text: str
    key: str
    """The one spelling that `rag_chunks.identifiers` has it in."""
    pattern: str
    """A regular expression that Python and PostgreSQL read alike; letter case does not matter."""


def identifiers(question: str) -> list[Identifier]:
    """Issue and invoice keys, numbers after a number sign, e-mails, phones, versions, amounts.

    In the order of the question's kinds of identifiers, each stretch of it taken once. Of more
    than MOST only the longest are kept: they are the rarest.
    """
    found: list[Identifier] = []
    rest = question
    for shape, pattern in _SHAPES:
        for match in shape.finditer(rest):
            made = pattern(match)
            if made:
                found.append(Identifier(match.group().strip(), *made))
        rest = shape.sub(lambda match: " " * len(match.group()), rest)
    distinct = list({one.pattern: one for one in found}.values())
    longest = sorted(distinct, key=lambda one: -len(one.text))[:MOST]
    return [one for one in distinct if one in longest]


def mentions(text: str, wanted: Iterable[Identifier]) -> int:
    """How many of these identifiers stand in `text`."""
    return sum(bool(re.search(one.pattern, text, re.IGNORECASE)) for one in wanted)


def names(question: str) -> list[str]:
    """Runs of up to LONGEST_NAME words, spelled as in `rag_documents.name`: some may be names."""
    words = list(_WORD.finditer(question.lower().replace("ё", "е")))[:MOST_NAME_WORDS]
    text = question.lower().replace("ё", "е")
    found = {
        text[words[first].start() : words[last].end()]
        for first in range(len(words))
        for last in range(first, min(first + LONGEST_NAME, len(words)))
    }
    return sorted(name for name in found if len(name) >= _SHORTEST_NAME)


_KeyAndPattern = tuple[str, str]


def _literal(match: re.Match[str]) -> _KeyAndPattern:
    return match.group().lower(), rf"(?<!\w){re.escape(match.group())}(?!\w)"


def _version(match: re.Match[str]) -> _KeyAndPattern:
    return match.group(), rf"(?<![\w.,]){re.escape(match.group())}(?!\d)"


def _numbered(match: re.Match[str]) -> _KeyAndPattern:
    number = match.group(1)
    if len(number) >= _LONG_NUMBER:
        return number, rf"(?<!\d){number}(?!\d)"
    return f"№{number}", rf"(?:№|#|no\.?|number|номер\w*)\s*{number}(?!\d)"


def _phone(match: re.Match[str]) -> _KeyAndPattern:
    digits = re.sub(r"\D", "", match.group())[-10:]
    return digits, r"\D{0,2}".join(digits)


def _amount(match: re.Match[str]) -> _KeyAndPattern | None:
    digits = re.sub(r"\D", "", match.group())
    if _YEAR.fullmatch(match.group()):
        return None
    head = len(digits) % 3 or 3
    groups = [digits[:head], *(digits[at : at + 3] for at in range(head, len(digits), 3))]
    return digits, rf"(?<!\d){_SEPARATOR.join(groups)}(?!\d)"


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _KeyAndPattern | None]], ...] = (
    (_EMAIL, _literal),
    (_KEY, _literal),
    (_NUMBERED, _numbered),
    (_PHONE, _phone),
    (_AMOUNT, _amount),
    (_VERSION, _version),
)
