"""How an answer is marked against the golden set."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from mayak.entry.golden import Case
from mayak.entry.golden.judging import (
    Heard,
    Retrieved,
    Wanted,
    found_at,
    leaks,
    numbers,
    outcome,
    shows,
)
from mayak.entry.golden.rules import Expected
from mayak.entry.golden.scores import marked, report
from mayak.lightrag.model.answer import Answer, Citation, Sentence

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
PAID = "Half of the invoice has been paid."
FACT = Case.model_validate(
    {"id": "f", "project": "vega", "kind": "fact", "locale": "en", "question": "?",
     "quotes": [PAID]}
)  # fmt: skip
NOTHING = Case.model_validate(
    {"id": "n", "project": "vega", "kind": "unanswerable", "locale": "en", "question": "?",
     "never": ["secret"]}
)  # fmt: skip
FOUND = Wanted(quotes=(PAID,), keys=frozenset({("linear_issue", "7")}))


def cited(quote: str, **about: Any) -> Citation:
    plain: dict[str, Any] = {
        "source_type": "chatwoot_message", "external_id": "1", "field": "content", "start": 0,
        "end": len(quote), "url": None, "author": None, "author_kind": None,
        "document_type": "chatwoot_conversation", "document_id": "9", "title": None,
        "occurred_at": NOW, "synced_at": NOW,
    }  # fmt: skip
    return Citation(index=1, quote=quote, **(plain | about))


def answer(*citations: Citation, status: Any = "answered") -> Answer:
    said = [Sentence(text=one.quote, citations=[1]) for one in citations]
    return Answer(
        id=UUID(int=1), question="?", locale="en", status=status, mode="hybrid", asked_at=NOW,
        answer=" ".join(one.text for one in said), sentences=said, citations=list(citations),
    )  # fmt: skip


def table(*rows: str, total: int | None = None, result: str | None = None) -> Any:
    shown = [SimpleNamespace(cells={"name": row}) for row in rows]
    return SimpleNamespace(rows=shown, total=len(rows) if total is None else total, result=result)


@pytest.mark.parametrize(
    ("case", "given", "expected"),
    [
        (FACT, answer(cited(f"Good news. {PAID}")), "right"),
        (FACT, answer(cited("Half of the invoice has")), "right"),
        (FACT, answer(cited("Half of")), "wrong"),
        (FACT, answer(cited("Nobody knows anything about it.")), "wrong"),
        (FACT, answer(status="empty"), "missed"),
        (NOTHING, answer(status="empty"), "refused"),
        (NOTHING, answer(cited("Nobody knows.")), "invented"),
        (NOTHING, None, "failed"),
    ],
)
def test_how_an_answer_went(case: Case, given: Answer | None, expected: str) -> None:
    assert outcome(case, FOUND, Heard(answer=given)) == expected


def test_a_citation_of_the_wanted_record_or_of_a_comment_on_it_is_right() -> None:
    comment = cited(
        "Done.", source_type="linear_comment", document_type="linear_issue", document_id="7"
    )

    assert outcome(FACT, FOUND, Heard(answer=answer(comment))) == "right"


def test_the_place_is_the_first_in_the_ranking_or_among_the_citations() -> None:
    other = Retrieved(document=("linear_issue", "8"), text="Something else.")
    ranking = [other, other, Retrieved(document=("linear_issue", "7"), text="A title.")]

    assert found_at(FOUND, Heard(answer=answer(), ranking=ranking)) == 3
    assert found_at(FOUND, Heard(answer=answer(cited(PAID)), ranking=ranking)) == 1
    assert found_at(FOUND, Heard(answer=answer(), ranking=[other])) is None


def test_words_of_a_note_are_a_leak_in_a_quote_too() -> None:
    assert leaks(NOTHING, answer(cited("the secret word")))
    assert not leaks(NOTHING, answer(cited("a word")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("17", [17.0]),
        ("£62,120.50", [62120.5]),
        ("62 120,5 ₽", [62120.5]),
        ("1.697.000", [1697000.0]),
        ("3 of 17", [3.0, 17.0]),
    ],
)
def test_numbers_are_read_whatever_separates_their_thousands(text: str, told: list[float]) -> None:
    assert numbers(text) == told


def test_a_figure_counts_when_the_table_gives_it() -> None:
    count = Expected(aggregate="count", number=17)

    assert shows(count, table(result="17 issues", total=40))
    assert shows(count, table(total=17))
    assert not shows(count, table(result="18", total=17))
    assert not shows(count, None)


def test_a_list_has_none_missing_and_none_too_many() -> None:
    wanted = Expected(aggregate="list", keys=frozenset({"NOR-1", "NOR-12"}))

    assert shows(wanted, table("NOR-12 Launch", "NOR-1 Deposit"))
    assert not shows(wanted, table("NOR-12 Launch"))
    assert not shows(wanted, table("NOR-12", "NOR-1", "NOR-3"))
    assert not shows(wanted, table("NOR-12", "NOR-1", total=5))


def test_a_winner_stands_first_or_is_the_result() -> None:
    wanted = Expected(aggregate="most", keys=frozenset({"Тимур Ахметов"}))

    assert shows(wanted, table("Тимур Ахметов", "Олег Тарасов"))
    assert shows(wanted, table(result="Тимур Ахметов: 8"))
    assert not shows(wanted, table("Олег Тарасов", "Тимур Ахметов"))


def test_the_report_has_shares_and_what_did_not_go_right() -> None:
    right = Heard(answer=answer(cited(PAID)), exact_quotes=1)
    done = [
        marked(FACT, FOUND, right),
        marked(FACT, FOUND, Heard(answer=answer(status="empty"))),
        marked(NOTHING, Wanted(), Heard(answer=answer(status="empty"))),
    ]

    document = report(done)

    shares = document["total"]["shares"]
    assert (shares["right"], shares["wrong_refusals"], shares["refusals"]) == (0.5, 0.5, 1.0)
    assert (shares["hit@3"], shares["quotes_exact"], shares["sentences_cited"]) == (0.5, 1.0, 1.0)
    assert document["kinds"]["fact"]["ru"]["shares"]["right"] is None
    assert [one["outcome"] for one in document["not_right"]] == ["missed"]
