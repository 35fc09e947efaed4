"""What a model is asked: the numbered sources, the question, and their languages.

A source is a line that begins with its number in brackets, `[1] text`, and the lines after it up
to an empty line, the next source or the question. The question is what follows the last
`Question:` or `Вопрос:`; without such a line, the last line of the user's last message that is no
source, of those with a question mark if there are any.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "ru"]

STEM = 5
"""Letters of a word that stay when it is inflected, more or less."""
SHORTEST = 4
"""Letters of a word that says something."""

_SOURCE = re.compile(r"^\s*\[(\d+)\]\s*(.*)$")
_QUESTION = re.compile(r"^\W*(?:question|вопрос)\W*:\W*(.*)$", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_END = re.compile(r"(?<=[.!?…])\s+(?=[^\sa-zа-яё])|\n+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    number: int
    text: str

    def sentences(self) -> list[str]:
        return [part.strip() for part in _END.split(self.text) if part.strip()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    text: str
    """Everything that was said, by whom ever."""
    sources: tuple[Source, ...]
    question: str

    @property
    def language(self) -> Language:
        return language(self.question)


def read(messages: Sequence[Any]) -> Prompt:
    """The last source of a number counts, as does the last question."""
    said = [(str(one.get("role")), content(one)) for one in messages]
    text = "\n".join(words for _, words in said)
    sources = {one.number: one for _, words in said for one in _sources(words)}
    asked = [words for role, words in said if role == "user"]
    return Prompt(
        text=text,
        sources=tuple(sources[number] for number in sorted(sources)),
        question=_question(asked[-1] if asked else text),
    )


def content(message: Any) -> str:
    """The words of a message, whether it is a text or a list of parts."""
    given = message.get("content")
    if isinstance(given, list):
        return "\n".join(str(part.get("text", "")) for part in given if isinstance(part, dict))
    return given if isinstance(given, str) else ""


def language(text: str) -> Language:
    return "ru" if len(_CYRILLIC.findall(text)) * 2 > len(_LATIN.findall(text)) else "en"


def stems(text: str) -> set[str]:
    """What stays of the words when they are inflected, more or less. Short ones, mostly grammar,
    are left out unless they are numbers or written in capitals.
    """
    words = _WORD.findall(text.replace("ё", "е").replace("Ё", "Е"))
    return {
        word[:STEM].lower()
        for word in words
        if len(word) >= SHORTEST or word.isdecimal() or word.isupper()
    }


def _sources(text: str) -> list[Source]:
    found: list[tuple[int, list[str]]] = []
    inside = False
    for line in text.splitlines():
        if start := _SOURCE.match(line):
            found.append((int(start.group(1)), [start.group(2)]))
            inside = True
        elif not line.strip() or _QUESTION.match(line):
            inside = False
        elif inside:
            found[-1][1].append(line.strip())
    return [Source(number=number, text="\n".join(lines).strip()) for number, lines in found]


def _question(text: str) -> str:
    lines = text.splitlines()
    for at in range(len(lines) - 1, -1, -1):
        if start := _QUESTION.match(lines[at]):
            following = lines[at + 1 : at + 2] if not start.group(1).strip() else []
            return " ".join([start.group(1).strip(), *following]).strip()
    plain = [line.strip() for line in lines if line.strip() and not _SOURCE.match(line)]
    asking = [line for line in plain if line.endswith("?")]
    return (asking or plain or [""])[-1]
