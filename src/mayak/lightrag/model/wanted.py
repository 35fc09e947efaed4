"""Whether a question asks to be pointed to one record, and to what kind of record.

A noun alone tells nothing ("the password in the deploy ticket"): it has to stand where one asks for
the thing itself, "which issue", "is there a ticket", "who has the task", and for one of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mayak.lightrag.model.persons import AskedPerson, asked_person
from mayak.lightrag.model.records import DocumentType

_NOUNS: Mapping[DocumentType, tuple[str, str, str]] = {
    "linear_issue": (
        r"(?:issue|ticket|bug|task)",
        r"(?:задач(?:а|е|у|ей)|(?:тикет|баг)(?:у|е|ом)?)",
        r"(?:задач[иеу]|(?:тикет|баг)[ау])",
    ),
    "attio_deal": (r"(?:deal|opportunity)", r"сделк(?:а|е|у|ой)", r"сделк[иеу]"),
}
"""In English; in Russian; in Russian where something is said of it. Never many of them."""
_ONE = (
    r"\b(?! (?:trackers?|printers?|prices?|offices?|machines?|forces?|numbers?|queues?|lists?)\b)"
)
"""The noun is not the first half of another one."""

_FIELD = r"(?:state|status|stage|owner|assignee|due date|deadline)"
_VERB = r"(?:have|got|files?d?|opened|open|created?|raised?|logg?e?d?)"
_MADE = r"(?:есть|заве(?:ли|ла|л|дена|ден)|созда(?:ли|на|н)|открыли|поставили)"
_ENGLISH = (
    # to be pointed to it
    r"\b(?:which|what)(?: (?!the\b|a\b|an\b|is\b|are\b|did\b|does\b|do\b)\S+)? {noun}",
    r"\b(?:is|was) there(?: \S+){{0,3}}? {noun}",
    r"\b(?:do|did|have) (?:we|you|they)(?: already)? {verb}(?: \S+){{0,2}}? {noun}",
    r"\b(?:is|are) (?:somebody|someone|anybody|anyone)(?: \S+){{1,4}}? {noun}",
)
_ENGLISH_FACT = (
    # to be told one thing of it
    r"\bwho(?: is|['’]s| has| owns| does| handles| works)(?: \S+){{1,8}}? {noun}",
    r"\b{field} of (?:the|that|this)(?: \S+){{0,3}}? {noun}",
)
_RUSSIAN = (
    r"\b(?:как(?:ая|ой|ую)|котор(?:ая|ой|ую))(?: \S+){{0,3}}? {noun}",
    r"\b{made}(?: \S+){{0,4}}? {noun}",
    r"\b{noun}(?: \S+){{0,2}}? (?:есть|завели|заведена|создана)\b",
)
_RUSSIAN_FACT = (
    r"\b(?:кто|у кого|на ком)(?: \S+){{0,3}}? (?:{noun}|{of})",
    r"\b(?:статус|состояние|срок|исполнитель|этап|стадия)(?: \S+){{0,2}}? {of}",
)
_TRACKED = (
    r"\b(?:is|are|was) (?:it|that|this|they|these|those)(?: \S+)? tracked\b",
    r"\b(?:у кого|кто|это|оно)(?: \S+){0,2} в работе\b",
)
_MOST = re.compile(
    r"\bhow many\b|"
    r"\b(?:biggest|largest|smallest|cheapest|oldest|newest|latest|longest|most|least)\b|"
    r"\bсколько\b|\bсам(?:ая|ой|ую|ый)\b|\b(?:больше|меньше|раньше|дольше|сильнее) всех?\b",
    re.IGNORECASE,
)
"""That is for the tables to say."""
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"\w+")
_EMPTY = frozenset(
    """
    a an and the for this that it its them these those he she they him her i we you of on in about
    with who has have is was are anywhere somewhere already yet still now one any there to at by
    please so do did which what working works working owns handles somebody someone anybody anyone
    file filed got open opened create created raise raised log logged tracked
    state status stage owner assignee due date deadline issue ticket bug task deal opportunity
    и а в на по про об о у к с для это эта этот этого этому этой этим этом нему ней него нее неё
    ним них там тут так уже ли еще ещё не нас нам вообще такая такой
    какая какой какую которая которой которую кто кого ком есть завели завела завел завёл заведена
    создали создана открыли поставили занимается работе статус состояние срок исполнитель этап
    стадия задача задачи задаче задачу задачей тикет тикета тикету тикетом баг бага багу сделка
    сделки сделке сделку сделкой
    """.split()  # noqa: SIM905  # a table of words reads best as text
)
"""Words that tell nothing of what the question is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a question asks to be pointed to."""

    kind: DocumentType
    asking: str
    """The sentence that asks; the others tell what about."""
    fact: bool
    """Whether one thing of the record is asked for, not which record it is."""
    person: AskedPerson | None = None
    told: bool = True
    """Whether the question itself tells what about; "is there an issue for this?" does not."""


def wanted(question: str) -> Wanted | None:
    """The kind of record that a question wants to be pointed to; mostly none."""
    if person := asked_person(question):
        return Wanted(kind="attio_person", asking=question, fact=True, person=person)
    if _MOST.search(question):
        return None
    hits = [
        (found.start(), kind, fact, found)
        for kind, fact, pattern in _PATTERNS
        if (found := pattern.search(question))
    ]
    if not hits:
        return None
    _, kind, fact, found = min(hits, key=lambda one: one[:3])
    return Wanted(
        kind=kind,
        asking=_around(question, found.start()),
        fact=fact,
        told=any(word not in _EMPTY for word in _WORD.findall(question.lower())),
    )


def _around(question: str, place: int) -> str:
    """The sentence at this place, and what follows it."""
    starts = [0, *(one.end() for one in _SENTENCE.finditer(question))]
    return question[max(one for one in starts if one <= place) :]


def _patterns() -> list[tuple[DocumentType, bool, re.Pattern[str]]]:
    made: list[tuple[DocumentType, bool, re.Pattern[str]]] = []
    parts = {"field": _FIELD, "verb": _VERB, "made": _MADE}
    for kind, (english, russian, of) in _NOUNS.items():
        for forms, noun, fact in (
            (_ENGLISH, english, False),
            (_ENGLISH_FACT, english, True),
            (_RUSSIAN, russian, False),
            (_RUSSIAN_FACT, russian, True),
        ):
            for form in forms:
                pattern = form.format(noun=noun + _ONE, of=of + _ONE, **parts)
                made.append((kind, fact, re.compile(pattern, re.IGNORECASE)))
    made += [("linear_issue", False, re.compile(form, re.IGNORECASE)) for form in _TRACKED]
    return made


_PATTERNS = _patterns()
