"""Which sentences answer a question.

The weights were set by hand on the questions of tests/lightrag/questions.yaml; with a few dozen
questions a fitted model would learn them by heart (docs/decisions/0006-when-to-refuse.md).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mayak.lightrag.model.attributes import HEADINGS, asks_for
from mayak.lightrag.model.evidence import Evidence, Found
from mayak.lightrag.model.identifiers import mentions
from mayak.lightrag.model.labels import SAID, label
from mayak.lightrag.model.questions import Question, fitting
from mayak.lightrag.model.records import DocumentKey, Record, RecordKey
from mayak.lightrag.model.sentences import sentences

WEIGHED = 16
"""Sentences whose meaning is compared with the question; embedding more would take too long."""
SHOWN = 4
BEHIND = 1.2
"""How far behind the best one a sentence may be and still be shown."""
LAST_WORD_CLEAR = (1.6, 0.23)
LAST_WORD_VAGUE = (2.6, 0.45)
"""How far the last word on a matter may be behind the best sentence, in score and in closeness. It
often says only the new date.
"""
ECHO = 0.64
"""Closeness from which a sentence says the same as the question."""

_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|thanks?|thank you|cheers|best|"
    r"(?:kind )?regards|sorry|great|ok|привет|здравствуйте|добр(?:ый|ое|ого)|спасибо|"
    r"с уважением|ок|хорошо|отлично|извините)\b",
    re.IGNORECASE,
)
_FINISHED = re.compile(r"[.!?…;:)»”]$|^(?:[-—•*]|\d+[.)])\s")
_ASKS = re.compile(
    r"\?$|^(?:\W|hi\b|hello\b)*(?:do|does|did|is|are|can|could|what|which|who|when|where|why|how|"
    r"что|кто|как|когда|где|куда|почему|сколько|можно|есть)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_FEW_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence of a public record, and what speaks for it before its meaning is weighed."""

    record: Record
    field: str
    start: int
    end: int
    rank: int
    """Place of the best chunk that holds the record, from 0."""
    standing: float
    """By how many standard deviations that chunk is closer than the project's average one."""
    previous: RecordKey | None
    """The message that this one follows in the talk, if somebody else wrote it."""
    around: frozenset[str]
    """Stemmed words of that chunk: of the subject, the authors and the messages beside."""
    newness: float
    """From 0.0, the oldest message of its talk among those found, to 1.0, the newest."""
    lexemes: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return self.record.fields[self.field][self.start : self.end]

    @property
    def spoken(self) -> str:
        """The text as it is weighed: a fact with what it is a fact of, in both languages."""
        if self.field in SAID:
            return self.text
        names = " / ".join(dict.fromkeys((label(self.field, "en"), label(self.field, "ru"))))
        task = self.record.fields.get("content", "") if self.record.key[0] == "attio_task" else ""
        about = ". ".join(filter(None, (self.record.title, task)))
        return f"{about}. {names}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    candidate: Candidate
    score: float
    coverage: float
    """Which share of the question's words, by rarity, its message and those around it have, half
    and half; from 0.0 to 1.0.
    """
    closeness: float | None
    """How near its meaning is to the question's, see `closeness`; None when not weighed."""


def candidates(found: Found, records: Mapping[RecordKey, Record]) -> list[Candidate]:
    """Every sentence of the records that the found chunks are made of, each once.

    Only records that are public in `records`, the present state of the mirror, count.
    """
    best: dict[RecordKey, tuple[int, Evidence]] = {}
    for rank, evidence in enumerate(found.evidence):
        for place in evidence.places:
            best.setdefault(place.key, (rank, evidence))
    public = [record for key in best if (record := records.get(key)) is not None and record.public]
    previous, newness = _talks(public)
    return [
        Candidate(
            record=record,
            field=field,
            start=start,
            end=end,
            rank=best[record.key][0],
            standing=_standing(found, best[record.key][1]),
            around=best[record.key][1].lexemes,
            previous=previous.get(record.key),
            newness=newness[record.key],
        )
        for record in public
        for field, text in record.fields.items()
        for start, end in sentences(text)
    ]


def _talks(
    records: Sequence[Record],
) -> tuple[dict[RecordKey, RecordKey], dict[RecordKey, float]]:
    previous: dict[RecordKey, RecordKey] = {}
    newness: dict[RecordKey, float] = {}
    talks: dict[DocumentKey, list[Record]] = {}
    for record in sorted(records, key=lambda one: (one.at, one.key)):
        talks.setdefault(record.document, []).append(record)
    for talk in talks.values():
        for place, record in enumerate(talk):
            newness[record.key] = place / (len(talk) - 1) if len(talk) > 1 else 0.5
            if place and talk[place - 1].author_kind != record.author_kind:
                previous[record.key] = talk[place - 1].key
    return previous, newness


def _standing(found: Found, evidence: Evidence) -> float:
    if evidence.similarity is None or found.background.deviation <= 0:
        return 0.0
    return (evidence.similarity - found.background.mean) / found.background.deviation


def plain_score(asked: Question, found: Found, all_of: Sequence[Candidate]) -> list[Scored]:
    """Score candidates by words, kind of fact, place and form, without their meaning.

    Facts of a card that the question does not ask for are left out.
    """
    words = _words_by_record(all_of)
    return [
        _plain(asked, found, candidate, words) for candidate in all_of if _wanted(asked, candidate)
    ]


def _wanted(asked: Question, candidate: Candidate) -> bool:
    """Whether a sentence is said, a heading, or a fact asked for by its kind or its very words."""
    if candidate.field in SAID or candidate.field in HEADINGS:
        return True
    named = mentions(candidate.text, asked.identifiers) > 0
    return named or asks_for(asked.text, candidate.field)


def _words_by_record(all_of: Sequence[Candidate]) -> dict[RecordKey, frozenset[str]]:
    words: dict[RecordKey, frozenset[str]] = {}
    for candidate in all_of:
        key = candidate.record.key
        words[key] = words.get(key, frozenset()) | candidate.lexemes
    return words


def _plain(
    asked: Question,
    found: Found,
    candidate: Candidate,
    words: Mapping[RecordKey, frozenset[str]],
) -> Scored:
    text = candidate.text
    own = coverage(found, candidate.lexemes)
    whole = coverage(found, words[candidate.record.key])
    before = coverage(
        found, words.get(candidate.previous, frozenset()) if candidate.previous else frozenset()
    )
    score = (
        0.8 * own
        + 0.5 * whole
        + 0.3 * before
        + 0.15 * candidate.standing
        + 0.2 / (1 + candidate.rank)
        + 1.0 * fitting(asked, text)
        + 0.3 * candidate.newness
        + 0.2 * min(len(text), 200) / 200
        + 0.3 * any(letter.isdigit() for letter in text)
        + 0.5 * min(mentions(text, asked.identifiers), 2)
        + 0.3 * coverage(found, candidate.around)
        - 0.9 * text.endswith("?")
        - 0.4 * bool(_GREETING.search(text))
        - 0.3 * (len(_WORD.findall(candidate.spoken)) < _FEW_WORDS)
        - 0.8 * _signs(candidate)
    )
    return Scored(
        candidate=candidate,
        score=score,
        coverage=(whole + coverage(found, candidate.around)) / 2,
        closeness=None,
    )


def _signs(candidate: Candidate) -> bool:
    """Whether a line is of the kind that letters end with: a name, a job, a phone."""
    content = candidate.record.fields[candidate.field]
    last = content.rstrip().rfind("\n\n")
    return 0 < last < candidate.start and not _FINISHED.search(candidate.text)


def coverage(found: Found, lexemes: frozenset[str]) -> float:
    """Which share of the question's words, each counted by its rarity, is among `lexemes`."""
    total = sum(found.idf.values())
    return sum(idf for word, idf in found.idf.items() if word in lexemes) / total if total else 0.0


def closeness(cosine: float, resting: float) -> float:
    """A cosine on a scale that models share: 0.0 for unrelated texts, 1.0 for the same text."""
    return (cosine - resting) / (1 - resting)


def resting(found: Found, known: float | None) -> float:
    """The cosine of unrelated texts: what is `known` of the model, else that of the question
    with all chunks of the project but the best one.
    """
    if known is not None:
        return known
    background = found.background
    if background.chunks <= 1:
        return 0.0
    rest = background.mean * background.chunks - closest(found)
    return min(rest / (background.chunks - 1), 0.95)


def closest(found: Found) -> float:
    return max((one.similarity or 0.0 for one in found.evidence), default=0.0)


def with_meaning(scored: Sequence[Scored], meanings: Sequence[float]) -> list[Scored]:
    """Add what the closeness of each sentence to the question says: how far behind the best it is.

    A sentence that only repeats the question answers nothing and goes; one that follows such
    a question gains, because it is the reply.
    """
    heard: dict[RecordKey, float] = {}
    kept: list[tuple[Scored, float]] = []
    for one, close in zip(scored, meanings, strict=True):
        key = one.candidate.record.key
        if one.candidate.text.endswith("?") or close >= ECHO:
            heard[key] = max(heard.get(key, 0.0), close)
        if close < ECHO or not _ASKS.search(one.candidate.text):
            kept.append((one, close))
    top = max((close for _, close in kept), default=0.0)
    return [
        replace(
            one,
            score=one.score
            + 3.1 * (close - top)
            + 1.76 * min(max(_heard(heard, one) - top, -0.45), 0.23),
            closeness=close,
        )
        for one, close in kept
    ]


def _heard(heard: Mapping[RecordKey, float], one: Scored) -> float:
    previous = one.candidate.previous
    return heard.get(previous, 0.0) if previous else 0.0


def best(asked: Question, scored: Sequence[Scored]) -> list[Scored]:
    """The sentences to show, at most SHOWN, the best first; never the same words twice.

    When the best one states a date, a sum or another fact that was asked for, the newest such
    statement of its talk is shown as well: facts change, and the last word counts. It goes
    first when it is about as good, else last.
    """
    ordered = sorted(scored, key=lambda one: (-one.score, -one.candidate.record.at.timestamp()))
    if not ordered:
        return []
    near = [one for one in ordered if one.score >= ordered[0].score - BEHIND][:SHOWN]
    clear = _last_word(asked, ordered, LAST_WORD_CLEAR)
    vague = _last_word(asked, ordered, LAST_WORD_VAGUE)
    return first(
        [clear, *near] if clear else [*near[: SHOWN - 1], *([vague] if vague else near[-1:])], []
    )


def first(those: Sequence[Scored], others: Sequence[Scored]) -> list[Scored]:
    """At most SHOWN of both, in this order; never the same words twice, but for facts of which one
    record has two alike.
    """
    chosen: dict[tuple[str, str], Scored] = {}
    for one in (*those, *others):
        words = " ".join(_WORD.findall(one.candidate.text.lower()))
        field = one.candidate.field
        if words:
            said = field in SAID or field in HEADINGS
            chosen.setdefault(("" if said else field, words), one)
    return list(chosen.values())[:SHOWN]


def _last_word(
    asked: Question, ordered: Sequence[Scored], behind: tuple[float, float]
) -> Scored | None:
    """The newest statement on what the best one is about, not further `behind` than said."""
    first = ordered[0]
    fit = fitting(asked, first.candidate.text)
    if not fit:
        return None
    later = [
        one
        for one in ordered
        if one.candidate.record.document == first.candidate.record.document
        and one.candidate.record.at > first.candidate.record.at
        and one.score >= first.score - behind[0]
        and (one.closeness or 0.0) >= (first.closeness or 0.0) - behind[1]
        and fitting(asked, one.candidate.text) >= fit
        and not one.candidate.text.endswith("?")
    ]
    return max(later, key=lambda one: one.candidate.record.at, default=None)
