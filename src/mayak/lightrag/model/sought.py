"""The record that a question wants to be pointed to: the issue, the deal, the person's job.

Such a question is told in the words of one service ("Gareth wrote that the stock is wrong") and
ends in another ("is there an issue for it?"). The best quote of all is then what was said, which is
no answer. So records of the kind that is asked for compete among themselves: the right one stands
out from the others, however far all of them are from the question as a whole. A person is meant who
is called by name, and nobody else.

The bounds were set by hand on the golden set, whose questions put to the wrong client are what has
to be refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mayak.lightrag.model.attributes import HEADINGS, asks_for
from mayak.lightrag.model.choice import Candidate, Scored, closeness, coverage
from mayak.lightrag.model.evidence import Evidence, Found
from mayak.lightrag.model.identifiers import mentions
from mayak.lightrag.model.labels import SAID
from mayak.lightrag.model.narrowing import SourceName
from mayak.lightrag.model.questions import Question
from mayak.lightrag.model.records import DocumentKey, DocumentType, Record
from mayak.lightrag.model.wanted import Wanted

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
_BESIDE = frozenset({"created", "creator", "project", "labels", "company", "people"})
"""Facts that a word of the telling part often seems to ask for; they come last."""
COMPARED = 12
"""Records whose names are compared with the question."""
WORDS = 0.3
NAME = 0.3
"""What the question's words in a record, and the closeness of its name, add to its closeness."""
CLEAR = 0.3
AHEAD = 0.09
"""How good the best record has to be, and how far ahead of the next."""
CLEAR_ALONE = CLEAR + 2 * AHEAD
"""How good it has to be when there is no other to stand out from."""
KNOWN = 0.5
"""Share of the question's words that the project knows, from which they count."""
NAME_ALONE = 0.3
"""How close the name has to be when the words say nothing, as between two languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One record of the kind that is asked for."""

    key: DocumentKey
    name: str
    chunks: tuple[Evidence, ...]


def rivals(evidence: Sequence[Evidence], kind: DocumentType) -> list[Rival]:
    """The records of this kind that the evidence is of, best first, without the nameless."""
    found: dict[DocumentKey, list[Evidence]] = {}
    for one in evidence:
        if one.document[0] == kind and one.similarity is not None and (one.title or "").strip():
            found.setdefault(one.document, []).append(one)
    return [
        Rival(key=key, name=chunks[0].title or "", chunks=tuple(chunks))
        for key, chunks in found.items()
    ]


def pointed(
    asked: Question, found: Found, among: Sequence[Rival], names: Sequence[float], *, rest: float
) -> Rival | None:
    """The one of `among` that the question means; None when none stands out.

    `names` holds the closeness of each name, `found` what the question's words are worth in the
    whole project, `rest` the cosine of unrelated texts.
    """
    if not among:
        return None
    marks = [_mark(found, one, name, rest) for one, name in zip(among, names, strict=True)]
    order = sorted(range(len(marks)), key=lambda place: -marks[place])
    first = order[0]
    if not _may_be(asked, among[first]):
        return None
    ahead = marks[first] - marks[order[1]] if len(order) > 1 else AHEAD
    known = _known(found) >= KNOWN
    clear = marks[first] >= CLEAR if known else names[first] >= NAME_ALONE
    if len(order) == 1:
        clear = clear and marks[first] >= CLEAR_ALONE
    return among[first] if clear and ahead >= AHEAD else None


def told(
    asked: Wanted, found: Found, rival: Rival, record: Record, name: float | None
) -> list[Scored]:
    """What is said of the record that was found: its name, the facts asked for, how far it is.

    Nothing when one fact of it was asked for, and it has none such.
    """
    called, *usual = TOLD[rival.key[0]]
    known = [field for field, text in record.fields.items() if text and field not in SAID]
    facts = [field for field in known if field not in HEADINGS and asks_for(asked.asking, field)]
    if asked.fact and not (facts if rival.key[0] != "attio_person" else "job_title" in known):
        return []
    facts.sort(key=lambda field: (field not in usual, field in _BESIDE))
    shown = [called, *facts, *(field for field in usual if field not in facts)]
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
        if field in known
    ][:FACTS]


def _lexemes(rival: Rival) -> frozenset[str]:
    return frozenset[str]().union(*(one.lexemes for one in rival.chunks))


def _mark(found: Found, rival: Rival, name: float, rest: float) -> float:
    near = max(closeness(one.similarity or 0.0, rest) for one in rival.chunks)
    return near + WORDS * coverage(found, _lexemes(rival)) + NAME * name


def _may_be(asked: Question, rival: Rival) -> bool:
    """Whether it has an identifier of the question, if there is one."""
    texts = [one.text for one in rival.chunks]
    return not asked.identifiers or any(mentions(one, asked.identifiers) for one in texts)


def _known(found: Found) -> float:
    total = sum(found.idf.values())
    unknown = sum(found.idf[word] for word in found.unknown)
    return 1.0 - unknown / total if total else 0.0
