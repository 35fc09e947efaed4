"""The examination in figures: per kind, per language, and all in all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from mayak.entry.golden.cases import KINDS, Case
from mayak.entry.golden.judging import Heard, Outcome, Wanted, found_at, leaks, outcome
from mayak.entry.golden.rules import Expected

FEW, MANY = 3, 10


@dataclass(slots=True, kw_only=True)
class Score:
    """Counts; scores of groups add up."""

    cases: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    refused: int = 0
    invented: int = 0
    failed: int = 0
    searched: int = 0
    """Cases with something to find."""
    hit_3: int = 0
    hit_10: int = 0
    quotes: int = 0
    quotes_exact: int = 0
    sentences: int = 0
    sentences_cited: int = 0
    leaked: int = 0

    def add(self, other: "Score") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def as_json(self) -> dict[str, Any]:
        """The counts, and their shares from 0.0 to 1.0; null where there is nothing to share."""
        answerable = self.cases - self.refused - self.invented
        unanswerable = self.refused + self.invented
        counts = {one.name: getattr(self, one.name) for one in fields(self)}
        shares = {
            "right": _share(self.right, answerable),
            "wrong_refusals": _share(self.missed, answerable),
            "refusals": _share(self.refused, unanswerable),
            "hit@3": _share(self.hit_3, self.searched),
            "hit@10": _share(self.hit_10, self.searched),
            "quotes_exact": _share(self.quotes_exact, self.quotes),
            "sentences_cited": _share(self.sentences_cited, self.sentences),
        }
        return {**counts, "shares": shares}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One case and how it went."""

    case: Case
    outcome: Outcome
    place: int | None
    """Where the wanted record stands, from 1; None when nowhere, or nothing was to be found."""
    score: Score
    said: str
    expected: Expected | None
    features: Mapping[str, float] | None
    pointed: bool
    """What speaks for an answer from texts; None when there is none."""


def marked(case: Case, what: Wanted, heard: Heard) -> Marked:
    """Mark one case."""
    how = outcome(case, what, heard)
    searches = what.expected is None and not case.refuse
    place = found_at(what, heard) if searches else None
    answer = heard.answer
    score = Score(
        cases=1,
        searched=int(searches),
        hit_3=int(place is not None and place <= FEW),
        hit_10=int(place is not None and place <= MANY),
        quotes=len(answer.citations) if answer else 0,
        quotes_exact=heard.exact_quotes,
        sentences=len(answer.sentences) if answer else 0,
        sentences_cited=sum(bool(one.citations) for one in answer.sentences) if answer else 0,
        leaked=int(leaks(case, answer)),
    )
    setattr(score, how, 1)
    return Marked(
        case=case,
        outcome=how,
        place=place,
        score=score,
        said=(answer.answer or answer.reason_text or "") if answer else "",
        expected=what.expected,
        features=(answer.explain or {}).get("features") if answer else None,
        pointed=bool(answer and (answer.explain or {}).get("pointed")),
    )


def report(done: Iterable[Marked]) -> dict[str, Any]:
    """The whole examination as JSON: figures, and every case that did not go right."""
    listed = list(done)
    kinds = {}
    for kind in KINDS:
        of_kind = [one for one in listed if one.case.kind == kind]
        if of_kind:
            by_language = {
                language: _sum(one for one in of_kind if one.case.locale == language)
                for language in ("en", "ru")
            }
            kinds[kind] = {"all": _sum(of_kind), **by_language}
    return {
        "total": _sum(listed),
        "languages": {
            language: _sum(one for one in listed if one.case.locale == language)
            for language in ("en", "ru")
        },
        "kinds": kinds,
        "not_right": [_complaint(one) for one in listed if not _is_well(one)],
    }


def _sum(done: Iterable[Marked]) -> dict[str, Any]:
    total = Score()
    for one in done:
        total.add(one.score)
    return total.as_json()


def _is_well(one: Marked) -> bool:
    score = one.score
    whole = score.quotes == score.quotes_exact and not score.leaked
    found = not score.searched or score.hit_3
    return whole and bool(found) and one.outcome in ("right", "refused")


def _complaint(one: Marked) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.case.id,
        "project": one.case.project,
        "question": one.case.question,
        "outcome": one.outcome,
        "place": one.place,
        "leaked": bool(one.score.leaked),
        "said": one.said,
    }
    if one.expected is not None:
        number = one.expected.number
        told["expected"] = sorted(one.expected.keys) if number is None else number
    return told


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
