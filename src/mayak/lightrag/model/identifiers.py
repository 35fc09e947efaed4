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
"""Identifiers that one question looks up: each is matched against every chunk of the project."""
_LONG_NUMBER = 3
"""Digits from which a bare number says by itself what is meant."""


@dataclass(frozen=True, slots=True)
class Identifier:
    text: str
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
                found.append(Identifier(match.group().strip(), made))
        rest = shape.sub(lambda match: " " * len(match.group()), rest)
    distinct = list({one.pattern: one for one in found}.values())
    longest = sorted(distinct, key=lambda one: -len(one.text))[:MOST]
    return [one for one in distinct if one in longest]


def mentions(text: str, wanted: Iterable[Identifier]) -> int:
    """How many of these identifiers stand in `text`."""
    return sum(bool(re.search(one.pattern, text, re.IGNORECASE)) for one in wanted)


def _literal(match: re.Match[str]) -> str:
    return rf"(?<!\w){re.escape(match.group())}(?!\w)"


def _version(match: re.Match[str]) -> str:
    return rf"(?<![\w.,]){re.escape(match.group())}(?!\d)"


def _numbered(match: re.Match[str]) -> str:
    number = match.group(1)
    if len(number) >= _LONG_NUMBER:
        return rf"(?<!\d){number}(?!\d)"
    return rf"(?:№|#|no\.?|number|номер\w*)\s*{number}(?!\d)"


def _phone(match: re.Match[str]) -> str:
    return r"\D{0,2}".join(re.sub(r"\D", "", match.group())[-10:])


def _amount(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    if _YEAR.fullmatch(match.group()):
        return ""
    head = len(digits) % 3 or 3
    groups = [digits[:head], *(digits[at : at + 3] for at in range(head, len(digits), 3))]
    return rf"(?<!\d){_SEPARATOR.join(groups)}(?!\d)"


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_EMAIL, _literal),
    (_KEY, _literal),
    (_NUMBERED, _numbered),
    (_PHONE, _phone),
    (_AMOUNT, _amount),
    (_VERSION, _version),
)
