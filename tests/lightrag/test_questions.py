"""What is read out of a question: identifiers, kinds of fact, refusals."""

import re

import pytest

from mayak.errors import InvalidInput
from mayak.lightrag.model.identifiers import MOST, identifiers, mentions
from mayak.lightrag.model.questions import fitting, question


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        pytest.param("What of INV-2041?", "about inv-2041.", True, id="a key, any case"),
        pytest.param("What of INV-204?", "about INV-2041", False, id="not a part of a longer key"),
        pytest.param(
            "Счёт № 318?", "оплатили счёт 318 вчера", True, id="a number without its sign"
        ),
        pytest.param("Счёт № 318?", "трек 4318-7716", False, id="not inside another number"),
        pytest.param("Соглашение № 2", "соглашение № 2", True, id="a short number with its sign"),
        pytest.param("Соглашение № 2", "заняло 2 дня", False, id="a short number needs the sign"),
        pytest.param("Who paid 8640?", "we paid £8,640.00", True, id="an amount, grouped"),
        pytest.param("Кто платил 240 000?", "сумма 240000 ₽", True, id="an amount, not grouped"),
        pytest.param("Mail of a.b@c.example?", "write to A.B@c.example", True, id="an e-mail"),
        pytest.param("Who is +44 20 7946 0112?", "call 020 7946 0112", True, id="a phone"),
        pytest.param("When is 2.3 out?", "version 2.3 is late", True, id="a version"),
        pytest.param("When is 2.3 out?", "it was 12.35", False, id="not a part of a decimal"),
    ],
)
def test_identifiers_are_looked_up_exactly(asked: str, text: str, found: bool) -> None:  # noqa: FBT001
    assert bool(mentions(text, identifiers(asked))) is found


@pytest.mark.parametrize("plain", ["What happened in 2026?", "Почему перенесли с 21-го на 28-е?"])
def test_years_and_days_are_no_identifiers(plain: str) -> None:
    assert identifiers(plain) == []


def test_of_many_identifiers_only_the_longest_are_looked_up() -> None:
    asked = " ".join(f"INV-{number}" for number in range(90)) + " of anna@shipyard.example"

    found = identifiers(asked)

    assert len(found) == MOST
    assert found[0].text == "anna@shipyard.example"
    assert [one.text for one in found[1:]] == [f"INV-{number}" for number in range(10, 17)]


@pytest.mark.parametrize("bad", ["", "  \n", "?!…", "\x00", "x" * 2001])
def test_what_is_no_question_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        question(bad)

    assert caught.value.field == "question"


def test_space_and_nul_around_a_question_do_not_count() -> None:
    assert question("\x00 " + "x" * 2000 + " \n").text == "x" * 2000


def test_the_frame_is_in_the_language_of_the_question_unless_told() -> None:
    assert question("Когда запуск?").locale == "ru"
    assert question("Когда запуск?", "en").locale == "en"
    assert question("When is the launch?").locale == "en"


def test_words_that_only_ask_do_not_rank() -> None:
    assert question("Когда будет запуск?").words.split() == ["будет", "запуск?"]


@pytest.mark.parametrize(
    ("asked", "answer", "other"),
    [
        ("When is the launch?", "On the 28th at 08:00.", "Timur works on it."),
        ("Сколько стоит портал?", "Итого 5 310 €.", "Портал готов."),
        ("How many seats are there?", "We have eight.", "It is a small room."),
        ("Почему упал кабинет?", "Причина: закончилось место.", "Кабинет упал ночью."),
        ("What is the password?", "the password is Kite-99821", "Password comes by SMS."),
    ],
)
def test_a_question_tells_which_kind_of_fact_answers_it(
    asked: str, answer: str, other: str
) -> None:
    assert fitting(question(asked), answer) == 1
    assert fitting(question(asked), other) == 0


def test_patterns_mean_the_same_to_python_as_written() -> None:
    for one in identifiers("INV-2041 № 318 a@b.example 8,640 2.3 #7 +7 843 555-01-41"):
        assert re.search(one.pattern, one.text, re.IGNORECASE), one
