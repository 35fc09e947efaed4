"""How a counting question is read: names among many, months ahead, questions that are too long."""

from datetime import UTC, datetime

import pytest

from mayak.lightrag.model.counting import names, words
from mayak.lightrag.model.counting.plan import Kind, Name, Plan
from mayak.lightrag.model.counting.reading import Known, may_count, plan_of
from tests.lightrag.stories import NOW

KINDS: frozenset[Kind] = frozenset({"issue", "deal"})
MANY = [
    Name(dimension="company", text=f"Firm{number:04} Trading", ids=(str(number),))
    for number in range(4000)
]
MERIDIAN = Name(dimension="company", text="Meridian Roasters", ids=("m",))


def read(question: str, *known: Name) -> Plan | None:
    return plan_of(question, Known(names=known, kinds=KINDS, at=NOW, zone=UTC))


@pytest.mark.parametrize("said", ["Meridian Roasters", "Meridian", "Меридиан", "Meridan"])
def test_a_name_among_thousands_is_found_by_its_sound(said: str) -> None:
    plan = read(f"How many open deals does {said} have?", *MANY, MERIDIAN)

    assert plan is not None
    assert plan.names == [MERIDIAN]


def test_a_question_is_compared_only_with_names_that_sound_like_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[str, str]] = []

    def alike(one: str, other: str) -> bool:
        compared.append((one, other))
        return words.alike(one, other)

    monkeypatch.setattr(names, "alike", alike)

    assert read("How many open deals does Meridian have?", *MANY, MERIDIAN)
    assert {other for _, other in compared} <= {"meridian", "roasters"}
    assert compared


def test_a_question_of_many_words_is_left_to_the_search() -> None:
    assert may_count("How many open deals " + "over and " * 10)
    assert not may_count("How many open deals " + "over and " * 20)


@pytest.mark.parametrize(
    ("question", "month"),
    [
        ("Which deals are expected to close in January?", (2027, 1)),
        ("Which deals are expected to close in December?", (2026, 12)),
        ("Which issues are due in November?", (2026, 11)),
        ("Какие задачи со сроком в январе?", (2027, 1)),
        ("Which issues were due in October?", (2026, 10)),
        ("Which issues were created in December?", (2025, 12)),
    ],
)
def test_a_month_of_what_is_due_is_the_next_one_and_of_all_else_the_last(
    question: str, month: tuple[int, int]
) -> None:
    plan = read(question)

    assert plan is not None
    assert plan.period is not None
    assert plan.period.start == datetime(*month, 1, tzinfo=UTC)
