"""Names of the project in a question: people, companies, states, stages, labels, projects."""

from collections.abc import Sequence

from mayak.lightrag.model.counting.plan import Dimension, Name
from mayak.lightrag.model.counting.vocabulary import STOP
from mayak.lightrag.model.counting.words import Tape, alike, tokens

BY_PART: frozenset[Dimension] = frozenset({"member", "contact", "company"})
"""What people call by a part of the name: a first name, the first word of a firm."""
_LEAST = 3


def names_in(tape: Tape, known: Sequence[Name], *, least: int = 1) -> list[Name] | None:
    """The names of at least so many words that stand in what is left of a question, taken off it.

    None when one could be several people or things.
    """
    found: list[Name] = []
    while (hit := _longest(tape, known, least)) is not None:
        words, meant = hit
        if len({one.text for one in meant}) > 1:
            return None
        found.append(meant[0])
        tape.drop(words)
    return found


def _longest(tape: Tape, known: Sequence[Name], least: int) -> tuple[list[str], list[Name]] | None:
    for length in range(6, least - 1, -1):
        for run in tape.runs():
            for start in range(len(run) - length + 1):
                words = run[start : start + length]
                meant = [one for one in known if _means(words, one)]
                if meant:
                    return words, _closest(words, meant)
    return None


def _closest(words: Sequence[str], meant: Sequence[Name]) -> list[Name]:
    """Exact names come before those that sound so, whole names before parts."""
    said = " ".join(words)
    exact = [one for one in meant if " ".join(tokens(one.text)) == said]
    if exact:
        return exact
    whole = [one for one in meant if len(tokens(one.text)) == len(words)]
    return whole or list(meant)


def _means(words: Sequence[str], name: Name) -> bool:
    called = [one for one in tokens(name.text) if one not in STOP]
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
