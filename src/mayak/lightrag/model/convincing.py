"""Whether the sentences that were chosen convince enough to be shown.

The bounds were set by hand, see docs/decisions/0006-when-to-refuse.md.
"""

import re
from collections.abc import Sequence

from mayak.lightrag.model.attributes import HEADINGS, asks_which
from mayak.lightrag.model.choice import Scored, closeness, closest
from mayak.lightrag.model.evidence import Found
from mayak.lightrag.model.identifiers import mentions
from mayak.lightrag.model.language import language
from mayak.lightrag.model.questions import Question, fitting

BARE = 1
"""Words beside its identifiers up to which a question only looks them up."""
LONG = 4
"""Letters of a word that says something by itself."""
ENOUGH_WORDS = 0.5
"""Share of the question's words that carries an answer without any vectors."""
SOME_WORDS = 0.2
CLOSE_ABROAD = 0.114
CLEAR_ABROAD = 0.25
"""As CLOSE_ABROAD, when the question does not tell what kind of fact would answer it."""
NAMED = 0.5
"""What an identifier of the question that is shown adds to the certainty."""
ENOUGH = 0.1
"""The certainty from which an answer in the question's own language is shown."""
_WORD = re.compile(r"[^\W\d_]+")


def convincing(asked: Question, found: Found, chosen: Sequence[Scored], *, rest: float) -> bool:
    """Whether these sentences may be given as an answer. Saying nothing beats a wrong answer.

    An identifier that is asked for must stand in the evidence, a secret, a link or a lower bound
    in the sentences themselves. Otherwise words and meaning have to make up for each other: how
    close the best chunk is, which alone separates badly, and the share of the question's words
    found beside the answer. Between two languages there are no words to find, so the kind of
    fact asked for must be there, or the meaning be clearer. `rest` is the cosine of unrelated
    texts.
    """
    if not _may_answer(asked, found, chosen):
        return False
    words = max(one.coverage for one in chosen)
    lacking = missing(asked, chosen)
    if not lacking and _looks_up(asked, chosen):
        return True
    if not found.background.chunks:
        return words - 0.3 * lacking >= ENOUGH_WORDS
    close = closeness(closest(found), rest)
    foreign = all(language(one.candidate.text) != asked.language for one in chosen)
    if foreign and words < SOME_WORDS:
        return close >= (CLOSE_ABROAD if asked.facts and not lacking else CLEAR_ABROAD)
    named = any(mentions(one.candidate.spoken, asked.identifiers) for one in chosen)
    sure = certainty(found, close=close, words=words, missing=lacking) + NAMED * named
    return sure >= ENOUGH


def _may_answer(asked: Question, found: Found, chosen: Sequence[Scored]) -> bool:
    """Whether what no answer can do without is there."""
    if not chosen or not found.evidence:
        return False
    if asked.identifiers and not found.evidence[0].identifiers:
        return False
    said = "\n".join(one.candidate.text for one in chosen)
    return all(fact.search(said) for fact in asked.needed) and not _only_names(asked, chosen)


def _only_names(asked: Question, chosen: Sequence[Scored]) -> bool:
    """Whether nothing is left but what entities are called, and that is not what is asked."""
    if asked.identifiers or asks_which(asked.text):
        return False
    return all(one.candidate.field in HEADINGS for one in chosen)


def _looks_up(asked: Question, chosen: Sequence[Scored]) -> bool:
    """Whether the question is hardly more than identifiers, and all of them are shown."""
    if not asked.identifiers:
        return False
    shown = max(mentions(one.candidate.spoken, asked.identifiers) for one in chosen)
    rest = asked.words
    for one in asked.identifiers:
        rest = rest.replace(one.text, " ")
    words = [word for word in _WORD.findall(rest) if len(word) >= LONG]
    return shown == len(asked.identifiers) and len(words) <= BARE


def certainty(found: Found, *, close: float, words: float, missing: float) -> float:
    """What closeness and words make together; from about -5 to 5, and 0 when they say nothing."""
    total = sum(found.idf.values())
    unknown = sum(found.idf[word] for word in found.unknown) / total if total else 1.0
    return 7.33 * (close - 0.35) + 2.0 * words - 2.0 * unknown - 1.2 * missing


def missing(asked: Question, chosen: Sequence[Scored]) -> float:
    """Which share of the kinds of fact asked for none of the sentences holds."""
    if not asked.facts:
        return 0.0
    said = "\n".join(one.candidate.text for one in chosen)
    return 1.0 - fitting(asked, said)
