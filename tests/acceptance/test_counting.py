"""Counts, lists and sums over the whole demo World: every figure is exact or is not given."""

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mayak.config import Settings
from mayak.entry import studio
from mayak.entry.golden.cases import Case, load
from mayak.entry.golden.judging import shows, table_of
from mayak.entry.golden.rules import evaluate
from mayak.entry.sandbox import environment
from mayak.entry.serving import bind, serving, working
from mayak.entry.wiring import Parts, assembled
from mayak.kit import clock
from mayak.lightrag import service as lightrag
from mayak.lightrag.model.answer import Answer
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import SourceLinks
from mayak.projects.model import Project
from mayak.sandbox.app import create_app
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance]

SYNCS = ("chatwoot_sync", "linear_sync", "attio_sync")
KNOWN_TO_BE_MISSED = {"count-14", "list-23"}
"""One counts clients by their conversations; one names a project in another language."""


@pytest.fixture
async def studio_of(
    dsn: str, tmp_path: Path
) -> AsyncIterator[tuple[Parts, World, dict[str, Project]]]:
    world = build_world()
    bound = bind("127.0.0.1", 0)
    address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    own = {name.lower(): value for name, value in environment(world, address).items()}
    settings = Settings(_env_file=None, mayak_data_dir=tmp_path, **own)  # type: ignore[call-arg]
    async with serving(create_app(world), bound, dated=False), assembled(settings, dsn) as parts:
        every = await studio.bound_projects(parts, world)
        async with working(parts, only=set(SYNCS)):
            assert await studio.synced(parts, every, because="test") is None
        yield parts, world, every


async def answer(parts: Parts, project: Project, case: Case, zone: str) -> Answer:
    return await lightrag.ask(
        parts.database,
        parts.resources.get(Embedder),
        project.id,
        case.question,
        locale=case.locale,
        history=case.history,
        links=parts.resources.get(SourceLinks),
        at=clock.now(),
        zone=ZoneInfo(zone),
    )


async def test_every_count_list_and_sum_of_the_golden_set_is_exact(
    studio_of: tuple[Parts, World, dict[str, Project]],
) -> None:
    parts, world, projects = studio_of
    clients = {client.slug: client for client in world.projects}
    wrong: dict[str, str] = {}
    missed: set[str] = set()
    for case in (one for one in load() if one.rule is not None):
        client = clients[case.project]
        assert case.rule is not None
        given = await answer(parts, projects[case.project], case, client.time_zone)
        expected = evaluate(case.rule, world, client, at=clock.now())
        if table_of(given) is None:
            missed.add(case.id)
        elif not shows(expected, table_of(given)):
            wrong[case.id] = f"{case.question} {given.answer} expected {expected}"

    assert wrong == {}
    assert missed <= KNOWN_TO_BE_MISSED
