"""Words as they are compared: without case, ending, alphabet or spelling."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from mayak.kit.text import slug

_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[£$€₽]")
_OWNED = re.compile(r"['’]s?$")
_RUSSIAN_END = re.compile(
    r"(?:иями|ями|ами|ого|его|ому|ему|ыми|ими|ией|иям|иях|ой|ей|ою|ею|ом|ем|ам|ям|ах|ях|ов|ев|"
    r"ый|ий|ая|яя|ое|ее|ые|ие|ую|юю|ым|им|ых|их|ия|ии|ию|а|я|о|е|ы|и|у|ю|й|ь)$"
)
_SPELLINGS = (
    ("sch", "sh"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("kh", "h"), ("x", "ks"), ("q", "k"),
    ("w", "v"), ("y", "i"), ("j", "i"), ("c", "k"), ("z", "s"),
)  # fmt: skip
_LAST_VOWELS = re.compile(r"[aeiou]+$")
_TWICE = re.compile(r"(.)\1+")
SHORTEST = 3
"""Letters of a word that may be recognised by its sound."""
_LONG = 6
_END = 3
"""Letters at either end of a long word, of which a slip of the pen leaves one as it is."""
_ALIKE = 0.87
"""How alike the sounds of two long words have to be: one letter in eight."""
_KEPT = 2**14
"""Words whose sounds are remembered: those of the names of a large project."""


def normal(text: str) -> str:
    """Small letters, one form of ё."""
    return text.lower().replace("ё", "е")


def tokens(text: str) -> list[str]:
    """The words of a text in its order, English possessives without their ending."""
    return [_OWNED.sub("", one) for one in _TOKEN.findall(normal(text))]


@lru_cache(_KEPT)
def sounds(word: str) -> frozenset[str]:
    """What a word sounds like, in Latin letters: with its case ending and without."""
    said = normal(word)
    forms = {said, _RUSSIAN_END.sub("", said)}
    return frozenset(sound for form in forms if len(sound := _sound(form)) >= SHORTEST - 1)


def _sound(word: str) -> str:
    latin = slug(word).replace("-", "")
    for spelling, plain in _SPELLINGS:
        latin = latin.replace(spelling, plain)
    latin = _TWICE.sub(r"\1", latin)
    return _LAST_VOWELS.sub("", latin) or latin


def marks(word: str) -> Iterator[str]:
    """What `alike` words have in common: themselves, a sound, or an end of a long one's sound.

    Not all: a slip of the pen at either end of one word is more than it has letters for.
    """
    yield normal(word)
    if len(word) < SHORTEST:
        return
    for sound in sounds(word):
        yield f"={sound}"
        if len(sound) >= _LONG:
            yield f"{sound[:_END]}-"
            yield f"-{sound[-_END:]}"


@lru_cache(_KEPT)
def alike(one: str, other: str) -> bool:
    """Whether two words are the same word, in another case, alphabet or with a slip of the pen."""
    if normal(one) == normal(other):
        return True
    if min(len(one), len(other)) < SHORTEST:
        return False
    mine, theirs = sounds(one), sounds(other)
    if mine & theirs:
        return True
    return any(
        min(len(a), len(b)) >= _LONG
        and 2 * min(len(a), len(b)) >= _ALIKE * (len(a) + len(b))
        and SequenceMatcher(None, a, b).ratio() >= _ALIKE
        for a in mine
        for b in theirs
    )


class Tape:
    """A question from which what was understood is taken away; what is left was not."""

    def __init__(self, text: str) -> None:
        self._text = " " + " ".join(tokens(text)) + " "

    def take(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Every place of the pattern; they are gone afterwards."""
        found = list(pattern.finditer(self._text))
        if found:
            self._text = pattern.sub(" | ", self._text)
        return found

    def has(self, pattern: re.Pattern[str]) -> bool:
        return bool(pattern.search(self._text))

    def where(self, pattern: re.Pattern[str]) -> int | None:
        """How far from the beginning the pattern stands first."""
        found = pattern.search(self._text)
        return found.start() if found else None

    def runs(self) -> Iterator[list[str]]:
        """What is left, in stretches that nothing was taken out of."""
        for stretch in self._text.split("|"):
            if words := stretch.split():
                yield words

    def drop(self, words: list[str]) -> None:
        """Take these words away where they stand next to each other first."""
        self._text = self._text.replace(f" {' '.join(words)} ", " | ", 1)

    def left(self) -> list[str]:
        return [word for run in self.runs() for word in run]


def words(*alternatives: str) -> re.Pattern[str]:
    """A pattern of whole words; each alternative may use regular expressions within a word."""
    return re.compile(r"(?<= )(?:" + "|".join(alternatives) + r")(?= )")
