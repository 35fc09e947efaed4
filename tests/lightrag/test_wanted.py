"""Whether a question asks to be pointed to one record, and to which kind."""

import pytest

from mayak.lightrag.model.wanted import wanted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Gareth says the stock is wrong. Is there an issue for it?", "linear_issue"),
        ("По какой задаче это чинили, про склад?", "linear_issue"),
        ("Есть тикет на СМС?", "linear_issue"),
        ("Гарет хочет резерв. Завели задачу?", "linear_issue"),
        ("Юрист прислал правки. У кого это в работе?", "linear_issue"),
        ("Tom asked for a statement, is that tracked anywhere?", "linear_issue"),
        ("Waybills come twice, is somebody working on that ticket?", "linear_issue"),
        ("Did we file a bug for the blurry price?", "linear_issue"),
        ("Which deal covers the branch?", "attio_deal"),
        ("К какой сделке относится письмо?", "attio_deal"),
        ("Which issue belongs to the Harbour renewal deal?", "linear_issue"),
        ("К какой сделке относится задача про склад?", "attio_deal"),
        ("What is Gareth's job?", "attio_person"),
        ("What is her job? She signed the Harbour deal.", "attio_person"),
    ],
)
def test_what_is_sought_is_told_by_how_one_asks_for_it(text: str, kind: str) -> None:
    found = wanted(text)

    assert found is not None
    assert (found.kind, found.told) == (kind, True)


@pytest.mark.parametrize(
    "text",
    [
        "What is the staging password in the deploy ticket?",
        "How much did the ticket printers cost?",
        "Is there a ticket printer in the shop?",
        "Why did we close the bug with lock timeouts?",
        "How many tickets did they sell?",
        "Which issues are overdue?",
        "Какие сделки связаны с Дэвидом?",
        "Which open deal is the biggest?",
        "Какая открытая сделка самая дорогая?",
        "No big deal, when is the launch?",
        "How do we deal with late trucks?",
        "Is their time tracked?",
        "How long are driver positions kept?",
        "Gareth called about penalties. What is their position on the discount?",
        "Что в багажнике?",
        "When is the launch?",
    ],
)
def test_a_noun_alone_asks_for_no_record(text: str) -> None:
    assert wanted(text) is None


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Which issue is about the stock?", False),
        ("Who has the ticket about the stock?", True),
        ("What is the status of the ticket about SMS?", True),
        ("Какой статус у задачи про СМС?", True),
        ("Кто занимается задачей про фамилии?", True),
        ("Есть ли задача про фамилии, и кто её ведёт?", False),
    ],
)
def test_one_thing_of_it_may_be_asked_for(text: str, fact: bool) -> None:  # noqa: FBT001
    found = wanted(text)

    assert found is not None
    assert found.fact is fact


@pytest.mark.parametrize(
    "text",
    [
        "Is there an issue for this?",
        "Is there a ticket for it, and who has it?",
        "есть по этому задача?",
        "Какая это сделка?",
    ],
)
def test_a_question_may_not_tell_what_about(text: str) -> None:
    found = wanted(text)

    assert found is not None
    assert not found.told


def test_the_sentence_that_asks_is_told_from_those_before_it() -> None:
    found = wanted("Priya wrote on Monday. The stock is wrong. Is there an issue? Who has it?")

    assert found is not None
    assert found.asking == "Is there an issue? Who has it?"
