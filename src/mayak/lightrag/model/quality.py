"""What tells how likely an answer is to be right (docs/decisions/0018-quality-score.md)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mayak.lightrag.model.choice import Scored, closeness, closest
from mayak.lightrag.model.convincing import missing
from mayak.lightrag.model.evidence import Found
from mayak.lightrag.model.language import language
from mayak.lightrag.model.questions import Question, fitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What speaks for an answer; each from about 0 to 1."""

    close: float
    """How near the best chunk is to the question."""
    sentence: float
    """How near the best sentence is; that of the chunk when it was not weighed."""
    words: float
    """Share of the question's words beside the answer."""
    unknown: float
    """Share of the question's words that the project does not have."""
    fit: float
    """Share of the kinds of fact asked for that the first sentence holds; 1 when none is known."""
    lacking: float
    """Share of those that none of the sentences holds."""
    gap: float
    """How far the first sentence is ahead of the first one of another document, cut off at 1."""
    identifier: float
    """1 when the question names an identifier, which then stands in the evidence."""
    foreign: float
    """1 when question and answer are in two languages."""
    dense: float
    """1 when meanings were compared at all."""


def features(
    asked: Question,
    found: Found,
    chosen: Sequence[Scored],
    ranked: Sequence[Scored],
    *,
    rest: float,
) -> Features:
    """Of an answer made of `chosen`, out of `ranked`, the best first."""
    first = chosen[0]
    dense = bool(found.background.chunks)
    close = closeness(closest(found), rest) if dense else 0.0
    total = sum(found.idf.values())
    elsewhere = [
        one.score
        for one in ranked
        if one.candidate.record.document != first.candidate.record.document
    ]
    return Features(
        close=close,
        sentence=close if first.closeness is None else first.closeness,
        words=max(one.coverage for one in chosen),
        unknown=sum(found.idf[word] for word in found.unknown) / total if total else 0.0,
        fit=fitting(asked, first.candidate.text) if asked.facts else 1.0,
        lacking=missing(asked, chosen),
        gap=max(0.0, min(first.score - max(elsewhere), 1.0)) if elsewhere else 1.0,
        identifier=float(bool(asked.identifiers)),
        foreign=float(language(first.candidate.text) != asked.language),
        dense=float(dense),
    )


TOLD_BY = ("sentence", "fit", "identifier")
"""The features that the chance of an answer from texts is told by."""
BIAS = -0.321
WEIGHTS = (2.97, 1.401, 0.698)
"""Of `TOLD_BY`: a logistic regression on the golden set and tests/lightrag/questions.yaml, printed
by `bench/answers.py --chances`.
"""


def chance(of: Features) -> float:
    """The chance, from 0 to 1, that an answer made of quotes is right."""
    felt = sum(
        weight * float(getattr(of, name)) for name, weight in zip(TOLD_BY, WEIGHTS, strict=True)
    )
    return 1 / (1 + math.exp(-(BIAS + felt)))


COUNTED = 0.98
"""Of a figure: the question was understood to its last word, and the rows are all there. What is
left is that it meant something else. Every figure of the golden set is right
(tests/lightrag/test_counting.py).
"""
POINTED = 0.95
"""Of the record that a question wants to be pointed to: 34 of 35 were right in the golden set, and
the rule of succession makes (34 + 1) / (35 + 2) of it (`bench/answers.py --chances`).
"""
