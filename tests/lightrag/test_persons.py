"""Whose job a question asks for."""

import pytest

from mayak.lightrag.model.persons import asked_person, meant

PEOPLE = {
    one: one
    for one in (
        "А. Иванов", "Илья Громов", "Vera Lind", "Ben Ito", "Anna Saar", "Will Hunt", "Tim Orr",
        "Gareth Pugh", "Kristiina Koppel", "Ильдар Сафин", "Rustam Galiev", "Lucy Ng", "Lucy Orton",
    )
}  # fmt: skip


def who(question: str) -> str | None:
    asked = asked_person(question)
    assert asked is not None
    return meant(asked, PEOPLE)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What is Gareth's job?", "Gareth Pugh"),
        ("What’s Gareth’s job title?", "Gareth Pugh"),
        ("what is gareth's position", "Gareth Pugh"),
        ("What does Gareth do?", "Gareth Pugh"),
        ("What is the job of Anna Saar?", "Anna Saar"),
        ("What is Rustam Galiev's role?", "Rustam Galiev"),
        ("Какая должность у Кристийны?", "Kristiina Koppel"),
        ("какая у ильдара должность", "Ильдар Сафин"),
        ("Какая должность у Ильдара, который требует схему сети?", "Ильдар Сафин"),
        ("Кем работает Рустам Галиев?", "Rustam Galiev"),
        ("Gareth called about penalties. What is his job?", "Gareth Pugh"),
        ("When Anna wrote about SMS, what was her role?", "Anna Saar"),
        ("Кристийна жалуется на СМС. Какая у неё должность?", "Kristiina Koppel"),
        ("What is Lucy Orton's job?", "Lucy Orton"),
    ],
)
def test_who_is_called_by_name_in_any_alphabet_is_meant(question: str, name: str) -> None:
    assert who(question) == name


@pytest.mark.parametrize(
    "question",
    [
        "А какая должность у директора?",
        "Какая должность у директора: коммерческий или технический?",
        "They were late twice. What is the job title of whoever complained?",
        "Has the invoice been paid, and what is his job?",
        "Will he sign? What is his job?",
        "Were they late in any of the notes? What is her job?",
        "what is the job title of the person who complained",
        "Какая у неё должность?",
    ],
)
def test_a_word_that_is_like_a_name_calls_nobody(question: str) -> None:
    assert who(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "What is Anna Berg's job?",
        "What is Lucy's job?",
        "Anna and Gareth wrote. What is their job?",
    ],
)
def test_nobody_is_meant_where_it_is_somebody_else_or_one_of_two(question: str) -> None:
    assert who(question) is None


@pytest.mark.parametrize(
    "question",
    ["What is the job title of Gareth's boss?", "Какая должность у начальника Ильдара?"],
)
def test_somebody_elses_somebody_is_not_who_is_called(question: str) -> None:
    assert who(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "Gareth called. What is their position on the discount?",
        "Whose job is it to call Gareth?",
        "Who is Gareth?",
        "Is the job done?",
    ],
)
def test_not_every_job_is_a_persons(question: str) -> None:
    assert asked_person(question) is None
