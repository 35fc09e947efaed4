"""Whose job a question asks for: somebody who is called by name, and nobody else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayak.lightrag.model.counting.words import SHORTEST, alike, tokens
from mayak.lightrag.model.questions import words_of

_ONE_OR_TWO = r"(?P<who>[^\s,;:?!]+(?: [^\s,;:?!]+)?)"
_JOB = r"(?:job title|job|position|role)\b(?! (?:on|in|about|regarding|towards?|as)\b)"
_WHO = r"(?P<who>[^\s,;:?!]+(?: [^\s,;:?!]+){0,2}?)"
_PHRASES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bwhat(?:['’]s| is| was) {_WHO}['’]s? {_JOB}",
        rf"\bwhat(?:['’]s| is| was) (?P<them>his|her|their) {_JOB}",
        rf"\b(?:job title|job|position|role) of {_ONE_OR_TWO}",
        rf"\bwhat does {_ONE_OR_TWO} do(?: for a living| at work)?\s*[?.!]*$",
        r"\bдолжност[ьи](?: сейчас)? у (?P<them>него|не[её]|них)\b",
        r"\bу (?P<them>него|не[её]|них) (?:за )?должност",
        r"\b(?P<them>его|е[её]|их) должност",
        rf"\bдолжност[ьи](?: сейчас)? у {_ONE_OR_TWO}",
        rf"\bу {_ONE_OR_TWO} (?:какая )?должность",
        rf"\bкем работает {_ONE_OR_TWO}",
        rf"\bкем {_ONE_OR_TWO} работает",
        rf"\bкакая должность (?!у\b){_ONE_OR_TWO}\s*[?.!]*$",
    )
)
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_OWNED = re.compile(r"['’]s? ")
_BEFORE = frozenset(
    {"the", "our", "mr", "mrs", "ms", "dr", "г-н", "г-жа", "наш", "нашего", "нашей"}
)
_RUN = re.compile(r"[^\W\d_a-zа-яё][^\W\d_]+(?: [^\W\d_a-zа-яё][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?:^|[.!?…\n])\s*$")
_MERE = frozenset({"any", "may", "all", "then", "than", "same", "has"})
"""Words that begin sentences and are names as well, beside those that only ask."""


@dataclass(frozen=True, slots=True)
class AskedPerson:
    """The words that somebody may be called by, each group of one person; mostly one group."""

    called: tuple[tuple[str, ...], ...]


def asked_person(question: str) -> AskedPerson | None:
    """Whose job a question asks for; None when it asks for no job. Without a name in it, nobody's.

    "His job" and "her job" is that of whom the rest of the question calls by name.
    """
    for pattern in _PHRASES:
        if found := pattern.search(question):
            said = found.groupdict()
            if said.get("them"):
                rest = question[: found.start()] + " … " + question[found.end() :]
                return AskedPerson(tuple(_names(rest)))
            return AskedPerson(tuple(filter(None, [_called(said["who"])])))
    return None


def meant(asked: AskedPerson, people: Mapping[str, str]) -> str | None:
    """The one among all `people` of a project, their names by id, who is called so; None when
    nobody is, or more than one. Takes 0.2 to 0.7 s for 20,000 people, too long for an event loop.
    """
    called = {tuple(tokens(" ".join(words))) for words in asked.called}
    found = set[str]()
    for id_, name in people.items() if called else ():
        parts = [part for part in tokens(name) if len(part) >= SHORTEST]
        if any(_fits(words, parts) for words in called):
            found.add(id_)
    return found.pop() if len(found) == 1 else None


def _called(span: str) -> tuple[str, ...]:
    """The name in the words before or after "job"; nothing when somebody else's somebody is meant,
    as in "Gareth's boss".
    """
    if _OWNED.search(span):
        return ()
    words = [word for word in _WORD.findall(span) if word.lower() not in _BEFORE]
    if len(words) > 1 and words[0][0].isupper():
        while not words[-1][0].isupper():
            words.pop()
    return tuple(words)


def _names(text: str) -> list[tuple[str, ...]]:
    """What is written with capital letters. The first word of a sentence may be of the name."""
    found = []
    for run in _RUN.finditer(text):
        words = tuple(run[0].split(" "))
        if not _SENTENCE.search(text[: run.start()]):
            found.append(words)
            continue
        if words_of(words[0]).strip() and words[0].lower() not in _MERE:
            found.append(words)
        if len(words) > 1:
            found.append(words[1:])
    return found


def _fits(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether each word is another part of the name."""
    left = list(parts)
    for word in words:
        part = next((one for one in left if len(word) >= SHORTEST and alike(word, one)), None)
        if part is None:
            return False
        left.remove(part)
    return bool(words)
