"""The record that a question wants to be pointed to: the issue, the deal, the person's job.

Such a question is told in the words of one service ("Gareth wrote that the stock is wrong") and
ends in another ("is there an issue for it?"). The best quote of all is then what was said, which is
no answer. So records of the kind that is asked for compete among themselves: the right one stands
out from the others, however far all of them are from the question as a whole.

The bounds were set by hand on the golden set, whose questions put to the wrong client are what has
to be refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayak.lightrag.model.attributes import HEADINGS, asks_for
from mayak.lightrag.model.choice import Candidate, Scored, closeness, coverage
from mayak.lightrag.model.counting.words import alike, tokens
from mayak.lightrag.model.evidence import Evidence, Found
from mayak.lightrag.model.identifiers import mentions
from mayak.lightrag.model.labels import SAID
from mayak.lightrag.model.narrowing import SourceName
from mayak.lightrag.model.questions import Question
from mayak.lightrag.model.records import DocumentKey, DocumentType, Record

SOURCE_OF: Mapping[DocumentType, SourceName] = {
    "linear_issue": "linear",
    "attio_deal": "attio",
    "attio_person": "attio",
}
TOLD: Mapping[DocumentType, tuple[str, ...]] = {
    "linear_issue": ("title", "state", "assignee"),
    "attio_deal": ("name", "stage"),
    "attio_person": ("name", "job_title"),
}
"""What is told of a record that was sought, its name first."""
FACTS = 4
COMPARED = 12
"""Records whose names are compared with the question."""
WORDS = 0.3
NAME = 0.3
"""What the question's words in a record, and the closeness of its name, add to its closeness."""
CLEAR = 0.3
AHEAD = 0.09
"""How good the best record has to be, and how far ahead of the next."""
KNOWN = 0.5
"""Share of the question's words that the project knows, from which they count."""
NAME_ALONE = 0.3
"""How close the name has to be when the words say nothing, as between two languages."""

_ASKS: Mapping[DocumentType, re.Pattern[str]] = {
    "linear_issue": re.compile(
        r"\b(?:issue|ticket|bug|task)s?\b|\btracked\b|\bзадач|\bтикет|\bбаг(?:а|и|ов|у)?\b|"
        r"\bв работе\b",
        re.IGNORECASE,
    ),
    "attio_deal": re.compile(r"\bdeals?\b(?! with)|\bopportunit|\bсдел(?:к|ок)", re.IGNORECASE),
    "attio_person": re.compile(
        r"\bjob title|\bjob of\b|\b(?:his|her|their|whose|what) (?:job|position|role)\b|"
        r"\bwhat(?: is|'s) \S+(?: \S+)?'s? (?:job|position|role)\b|\bдолжност|\bкем работает",
        re.IGNORECASE,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One record of the kind that is asked for."""

    key: DocumentKey
    name: str
    chunks: tuple[Evidence, ...]


def sought(question: str) -> tuple[DocumentType, ...]:
    """The kinds of record that a question asks to be pointed to; mostly none."""
    return tuple(kind for kind, pattern in _ASKS.items() if pattern.search(question))


def rivals(evidence: Sequence[Evidence], kinds: Sequence[DocumentType]) -> list[Rival]:
    """The records of these kinds among the evidence, the best ranked first."""
    found: dict[DocumentKey, list[Evidence]] = {}
    for one in evidence:
        if one.document[0] in kinds and one.similarity is not None:
            found.setdefault(one.document, []).append(one)
    return [
        Rival(key=key, name=chunks[0].title or "", chunks=tuple(chunks))
        for key, chunks in found.items()
    ][:COMPARED]


def pointed(
    asked: Question, found: Found, among: Sequence[Rival], names: Sequence[float], *, rest: float
) -> Rival | None:
    """The one of `among` that the question means; None when none stands out. A person is meant who
    is called by name, and nobody else.

    `names` holds the closeness of each name, `found` what the question's words are worth in the
    whole project, `rest` the cosine of unrelated texts.
    """
    named = [one for one in among if _is_named(asked, one)]
    if len(named) == 1:
        return named[0]
    marks = [_mark(found, one, name, rest) for one, name in zip(among, names, strict=True)]
    if not marks:
        return None
    order = sorted(range(len(marks)), key=lambda place: -marks[place])
    first = order[0]
    ahead = marks[first] - marks[order[1]] if len(order) > 1 else marks[first]
    if not _may_be(asked, among[first]):
        return None
    known = _known(found) >= KNOWN
    clear = marks[first] >= CLEAR if known else names[first] >= NAME_ALONE
    return among[first] if clear and ahead >= AHEAD else None


def told(asked: Question, found: Found, rival: Rival, record: Record, name: float) -> list[Scored]:
    """What is said of the record that was found: its name, the facts asked for, how far it is."""
    called, *usual = TOLD[rival.key[0]]
    facts = [
        field
        for field in record.fields
        if field not in SAID
        and field not in HEADINGS
        and field not in usual
        and asks_for(asked.text, field)
    ]
    shown = [field for field in (called, *facts, *usual) if record.fields.get(field)][:FACTS]
    words = _lexemes(rival)
    return [
        Scored(
            candidate=Candidate(
                record=record,
                field=field,
                start=0,
                end=len(record.fields[field]),
                rank=0,
                standing=0.0,
                previous=None,
                around=words,
                newness=0.5,
            ),
            score=0.0,
            coverage=coverage(found, words),
            closeness=name,
        )
        for field in shown
    ]


def _lexemes(rival: Rival) -> frozenset[str]:
    return frozenset[str]().union(*(one.lexemes for one in rival.chunks))


def _mark(found: Found, rival: Rival, name: float, rest: float) -> float:
    near = max(closeness(one.similarity or 0.0, rest) for one in rival.chunks)
    return near + WORDS * coverage(found, _lexemes(rival)) + NAME * name


def _may_be(asked: Question, rival: Rival) -> bool:
    """Whether it has an identifier of the question, if there is one; and is no nameless person."""
    if rival.key[0] == "attio_person":
        return False
    texts = [one.text for one in rival.chunks]
    return not asked.identifiers or any(mentions(one, asked.identifiers) for one in texts)


def _is_named(asked: Question, rival: Rival) -> bool:
    """Whether the question calls a person by a name of theirs, in whatever alphabet."""
    if rival.key[0] != "attio_person":
        return False
    said = tokens(asked.text)
    return any(alike(word, part) for part in tokens(rival.name) for word in said)


def _known(found: Found) -> float:
    total = sum(found.idf.values())
    unknown = sum(found.idf[word] for word in found.unknown)
    return 1.0 - unknown / total if total else 0.0
