"""One question of the golden set, put to a project."""

import pytest

from mayak.config import Settings
from mayak.entry.golden import Case
from mayak.entry.golden.examine import put
from mayak.entry.golden.scores import Marked
from mayak.entry.wiring import Parts, job_types
from mayak.kit import clock
from mayak.kit.resources import Resources
from mayak.lightrag.service import Embedders, SourceLinks
from mayak.projects.model import Project
from mayak.sandbox.stories import build_world
from tests.lightrag.conftest import Desk

pytestmark = pytest.mark.anyio

SAID = "Thanks, that is a clear list. We can have the widget live on the 14th."
ASKED = {"id": "a", "project": "northwind", "locale": "en"}
FACT = {"kind": "fact", "quotes": ["We can have the widget live on the 14th."]}


async def examined(desk: Desk, question: str, **about: object) -> Marked:
    world = build_world()
    parts = Parts(
        settings=Settings(),
        database=desk.database,
        registry=job_types(),
        resources=Resources(
            {Embedders: Embedders(desk.embedder), SourceLinks: SourceLinks("https://desk.test", 7)}
        ),
    )
    project = Project(
        id=desk.project,
        slug="northwind",
        name="Northwind",
        time_zone="UTC",
        created_at=clock.now(),
    )
    case = Case.model_validate({**ASKED, "question": question, **about})
    return await put(parts, world, world.projects[0], project, case)


async def test_a_quote_that_is_found_is_read_once_more_and_right(desk: Desk) -> None:
    await desk.hear(SAID)
    await desk.embed()

    done = await examined(desk, "On which day can we have the widget live?", **FACT)

    assert (done.outcome, done.place) == ("right", 1)
    assert done.score.quotes == done.score.quotes_exact > 0
    assert done.score.sentences == done.score.sentences_cited > 0


async def test_what_nobody_said_is_missed_and_nowhere(desk: Desk) -> None:
    await desk.hear("The oven is warm.")
    await desk.embed()

    done = await examined(desk, "On which day can we have the widget live?", **FACT)

    assert (done.outcome, done.place, done.score.hit_10) == ("missed", None, 0)


async def test_a_number_in_a_quote_is_no_count(desk: Desk) -> None:
    await desk.hear("There are 17 open issues with the widget today.")
    await desk.embed()
    rule = {"of": "issues", "where": {"open": True}, "aggregate": "count"}

    done = await examined(desk, "How many open issues are there today?", kind="count", rule=rule)

    assert done.expected is not None
    assert done.expected.number == 17
    assert done.score.right == 0
