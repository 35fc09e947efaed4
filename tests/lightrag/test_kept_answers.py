"""Answers read again: what their records no longer bear out is gone."""

import pytest

from mayak.lightrag import service
from mayak.lightrag.model.answer import Answer
from tests.lightrag.conftest import Desk
from tests.lightrag.test_answers import ASKED, Given, given

pytestmark = pytest.mark.anyio
__all__ = ["given"]

DATES = (
    "The launch date of the booking widget is the 14th of May.",
    "The launch date of the booking widget is the 21st of May.",
)


async def read_again(desk: Desk, answer: Answer) -> Answer:
    async with desk.database.transaction(desk.project) as conn:
        return await service.answer_of(conn, desk.project, answer.id)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE cw_messages SET deleted_at = now() WHERE external_id = '100'",
        "DELETE FROM cw_messages WHERE external_id = '100'",
        "UPDATE cw_messages SET private = true WHERE external_id = '100'",
        "UPDATE cw_messages SET content = 'That is secret.' WHERE external_id = '100'",
        "UPDATE cw_conversations SET deleted_at = now() WHERE external_id = '1'",
    ],
)
async def test_a_kept_answer_loses_the_quotes_whose_messages_are_gone(
    desk: Desk, change: str
) -> None:
    await desk.hear(DATES[0], talk="1")
    await desk.hear(DATES[1], talk="2")
    await desk.hear("The invoice is paid.", "Lunch was nice.", talk="3")
    await desk.embed()
    given = await desk.ask(ASKED)
    assert {one.quote for one in given.citations} == set(DATES)

    await desk.do(change)
    left = await read_again(desk, given)

    assert [one for one in given.citations if one.quote == DATES[1]] == left.citations
    assert [one.citations for one in left.sentences] == [[left.citations[0].index]]
    assert "14th" not in str(left)
    assert (left.status, left.notes) == ("answered", ["sources_gone"])


async def test_a_kept_answer_without_any_quote_left_is_empty(given: Given) -> None:
    desk = await given()
    answer = await desk.ask(ASKED)

    await desk.do("UPDATE cw_messages SET private = true")
    left = await read_again(desk, answer)

    assert (left.status, left.reason, left.answer) == ("empty", "gone", "")
    assert (left.sentences, left.citations, left.notes) == ([], [], ["sources_gone"])
