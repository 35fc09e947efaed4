"""Which facts answer which questions, and what is needed before anything is shown."""

import pytest

from mayak.lightrag.model.attributes import asks_for, asks_which
from tests.lightrag.conftest import Desk


@pytest.mark.parametrize(
    ("question", "field", "asked"),
    [
        pytest.param("Who works on NOR-19?", "assignee", True, id="a person"),
        pytest.param("Когда срок у BAL-33?", "due_date", True, id="a due date"),
        pytest.param("When was the company founded?", "due_date", False, id="no day to come"),
        pytest.param("When does the widget go live?", "created", False, id="not when it was noted"),
        pytest.param("Что по VEG-12?", "state", True, id="how far it is"),
        pytest.param("Which bank do they use?", "deals", False, id="something else"),
        pytest.param("Anything", "field_of_another_service", True, id="an unknown fact"),
    ],
)
def test_a_fact_answers_only_who_asks_for_it(question: str, field: str, asked: bool) -> None:  # noqa: FBT001
    assert asks_for(question, field) is asked


def test_a_name_answers_who_asks_which() -> None:
    assert asks_which("Какая задача про это?")
    assert not asks_which("Which bank do they use?")


@pytest.mark.anyio
async def test_a_secret_that_is_only_talked_about_is_no_answer(desk: Desk) -> None:
    await desk.hear("I changed the VPN passphrase and will dictate it by phone.")
    await desk.embed()

    answer = await desk.ask("What is the VPN passphrase?")

    assert answer.status == "empty"


@pytest.mark.anyio
async def test_a_link_that_is_not_there_is_not_given(desk: Desk) -> None:
    await desk.hear("The link of the full export is on its way.")
    await desk.embed()

    answer = await desk.ask("Give me the link of the full export")

    assert answer.status == "empty"


@pytest.mark.anyio
async def test_a_question_that_is_hardly_more_than_an_identifier_is_looked_up(desk: Desk) -> None:
    await desk.hear("I passed it on as ticket 884.")
    await desk.embed()

    answer = await desk.ask("тикет 884 это про что")

    assert [one.quote for one in answer.citations] == ["I passed it on as ticket 884."]
