"""Names of the project in a question: people, companies, states, stages, labels, projects."""

from collections import defaultdict
from collections.abc import Sequence

from mayak.lightrag.model.counting.plan import SOURCE, Dimension, Kind, Name
from mayak.lightrag.model.counting.vocabulary import STOP
from mayak.lightrag.model.counting.words import Tape, alike, marks, tokens

BY_PART: frozenset[Dimension] = frozenset({"member", "contact", "company"})
"""What people call by a part of the name: a first name, the first word of a firm."""
_LEAST = 3


class Index:
    """Names by the sounds of their words: a question is compared with few of them."""

    def __init__(self, names: Sequence[Name]) -> None:
        self._names = names
        self._words = [tokens(one.text) for one in names]
        self._places: dict[str, set[int]] = defaultdict(set)
        for place, called in enumerate(self._words):
            for word in called:
                for mark in marks(word):
                    self._places[mark].add(place)

    def meant(self, words: Sequence[str], kind: Kind | None) -> list[Name]:
        """Those that these words mean and that rows of this kind can have, closest first only."""
        connector = SOURCE[kind][0] if kind else None
        fitting = [
            place
            for place in sorted(set.intersection(*(self._near(word) for word in words)))
            if _means(words, self._words[place], self._names[place])
            and (connector is None or self._names[place].connector in ("", connector))
        ]
        return [self._names[place] for place in self._closest(words, fitting)]

    def _near(self, word: str) -> set[int]:
        return set().union(*(self._places.get(mark, ()) for mark in marks(word)))

    def _closest(self, words: Sequence[str], fitting: Sequence[int]) -> Sequence[int]:
        """Exact names come before those that sound so, whole names before parts."""
        exact = [place for place in fitting if self._words[place] == list(words)]
        whole = [place for place in fitting if len(self._words[place]) == len(words)]
        return exact or whole or fitting


def names_in(
    tape: Tape, known: Index, *, kind: Kind | None = None, least: int = 1
) -> list[Name] | None:
    """The names of at least so many words that stand in what is left of a question, taken off it.

    None when one could be several people or things.
    """
    found: list[Name] = []
    while (hit := _longest(tape, known, kind, least)) is not None:
        words, meant = hit
        if len({one.text for one in meant}) > 1:
            return None
        found.append(meant[0])
        tape.drop(words)
    return found


def _longest(
    tape: Tape, known: Index, kind: Kind | None, least: int
) -> tuple[list[str], list[Name]] | None:
    for length in range(6, least - 1, -1):
        for run in tape.runs():
            for start in range(len(run) - length + 1):
                words = run[start : start + length]
                if meant := known.meant(words, kind):
                    return words, meant
    return None


def _means(words: Sequence[str], spelled: Sequence[str], name: Name) -> bool:
    called = [one for one in spelled if one not in STOP]
    if len(words) > len(called) or words[0] in STOP or words[-1] in STOP:
        return False
    if name.dimension not in BY_PART and len(words) != len(called):
        return False
    if len(words) == 1 and len(words[0]) < _LEAST:
        return False
    return any(
        all(alike(word, part) for word, part in zip(words, called[start:], strict=False))
        for start in range(len(called) - len(words) + 1)
    )
