"""The golden set against the World: what it expects is there, and may be read."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from mayak.entry.golden import KINDS, Case, Rule, load
from mayak.entry.golden.rules import evaluate
from mayak.entry.golden.tables import rows
from mayak.entry.golden.texts import named, targets, texts
from mayak.sandbox.rows import ClientProject
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
CASES = load()


@cache
def world(at: datetime = NOW) -> World:
    return build_world(at, frozen=True)


def client(case: Case, of: World) -> ClientProject:
    return next(one for one in of.projects if one.slug == case.project)


def ids(case: Case) -> str:
    return case.id


def test_there_are_enough_questions_of_every_kind_in_both_languages() -> None:
    kinds = Counter(case.kind for case in CASES)
    languages = Counter(case.locale for case in CASES)

    assert len(CASES) >= 220
    assert {kind for kind in KINDS if kinds[kind] < 25} == set()
    assert kinds["unanswerable"] >= 45
    assert 0.8 < languages["en"] / languages["ru"] < 1.25
    assert len({(case.project, case.locale, case.question, case.history) for case in CASES}) == len(
        CASES
    )


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_question_is_in_the_language_it_says(case: Case) -> None:
    cyrillic = any("а" <= letter <= "я" or letter == "ё" for letter in case.question.lower())

    assert cyrillic == (case.locale == "ru")


@pytest.mark.parametrize("case", [case for case in CASES if case.quotes], ids=ids)
def test_every_expected_fragment_may_be_read(case: Case) -> None:
    missing = [quote for quote in case.quotes if not targets(world(), client(case, world()), quote)]

    assert missing == []


@pytest.mark.parametrize("case", [case for case in CASES if case.records], ids=ids)
def test_every_expected_record_is_there(case: Case) -> None:
    missing = [name for name in case.records if named(world(), client(case, world()), name) is None]

    assert missing == []


@pytest.mark.parametrize("hour", [0, 12, 20, 22])
def test_every_rule_has_one_result_at_any_hour(hour: int) -> None:
    at = NOW.replace(hour=hour) + timedelta(days=hour)
    told = world(at)

    for case in CASES:
        if case.rule is not None:
            result = evaluate(case.rule, told, client(case, told), at=at)
            assert result.keys or result.number, case.id


def test_no_forbidden_words_may_be_read() -> None:
    told = world()
    wishes = [need.body or "" for need in told.linear.customer_needs]
    for case in CASES:
        public = [one.text for one in texts(told, client(case, told))] + wishes
        for words in case.never:
            assert not any(words in text for text in public), (case.id, words)


def test_identifiers_that_nothing_bears_are_nowhere() -> None:
    wrong = ["INV-2099", "NOR-412", "BAL-207", "№ 777", "VEG-150", "petrov@vega", "№ 319"]
    told = world()

    for name in wrong:
        assert any(name in case.question for case in CASES), name
        for one in told.projects:
            assert not any(name in text.text for text in texts(told, one)), name


def test_notes_and_deleted_messages_are_no_texts() -> None:
    told = world()
    readable = {one.key[1] for one in texts(told, told.projects[0]) if "message" in one.key[0]}
    hidden = {str(row.id) for row in told.messages.values() if row.private or row.deleted}

    assert hidden
    assert readable.isdisjoint(hidden)
    assert not any("churn risk" in one.text for one in texts(told, told.projects[0]))


def test_an_issue_is_blocked_only_by_what_is_open() -> None:
    found = {row["key"]: row for row in rows(world(), world().projects[0], "issues", at=NOW)}

    assert found["NOR-12"]["blocked"]
    assert found["NOR-18"]["blocked"]
    assert not found["NOR-11"]["blocked"]
    assert "NOR-37" not in found


def test_amounts_are_added_up_in_one_currency() -> None:
    rule = Rule(of="deals", where={"open": True}, aggregate="sum", field="value")

    result = evaluate(rule, world(), world().projects[0], at=NOW)

    assert (result.number, result.unit) == (23880 + 18400 + 18600 + 1240, "GBP")


def test_a_tie_has_no_winner() -> None:
    rule = Rule(
        of="issues",
        where={"open": True, "assignee": ["Kate Linden", "Мария Соколова"]},
        aggregate="most",
        field="assignee",
    )

    with pytest.raises(ValueError, match="nobody is ahead"):
        evaluate(rule, world(), world().projects[0], at=NOW)
