"""Counts, lists and sums over the built-in World: every figure is exact or is not given."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from mayak.entry.golden.cases import Case, load
from mayak.entry.golden.judging import shows
from mayak.entry.golden.rules import evaluate
from mayak.kit import clock
from mayak.lightrag.model.links import SourceLinks
from mayak.lightrag.service.counting import Tally, tally
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from tests.lightrag.clients import SLUGS, Client, new_client

pytestmark = pytest.mark.anyio

KNOWN_TO_BE_MISSED = {"count-14", "list-23"}
"""One counts clients by their conversations; one names a project in another language."""


async def counted(client: Client, case: Case, zone: str) -> Tally | None:
    return await tally(
        client.database,
        client.project,
        case.question,
        history=case.history,
        locale=case.locale,
        links=SourceLinks(None, None),
        at=clock.now(),
        zone=ZoneInfo(zone),
        patience=timedelta(minutes=1),
    )


@pytest.mark.parametrize("slug", SLUGS)
async def test_every_count_list_and_sum_of_the_golden_set_is_exact_or_left_alone(
    database: Database, slug: str
) -> None:
    world = build_world()
    [told] = [one for one in world.projects if one.slug == slug]
    client = await new_client(database, world, slug)
    wrong: dict[str, str] = {}
    missed: set[str] = set()
    for case in (one for one in load() if one.project == slug):
        given = await counted(client, case, told.time_zone)
        if case.rule is None:
            if given is not None and case.refuse:
                wrong[case.id] = case.question
            continue
        expected = evaluate(case.rule, world, told, at=clock.now())
        if given is None or given.table is None:
            missed.add(case.id)
        elif not shows(expected, given.table):
            wrong[case.id] = f"{case.question} {given.sentence} expected {expected}"

    assert wrong == {}
    assert missed <= KNOWN_TO_BE_MISSED
