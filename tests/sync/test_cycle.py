"""The cycle: three sources at once, each on its own."""

from uuid import UUID

import pytest

from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import CONNECTORS
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Studio:
    """A project that has all three accounts."""
    studio = Studio(database, project, world)
    for connector in CONNECTORS:
        await studio.bind(connector)
    return studio


async def test_one_run_reads_all_three(studio: Studio) -> None:
    result = await studio.sync()

    assert result.status == "ok"
    for kind in ("message", "issue", "deal"):
        assert await studio.live(kind), kind


@pytest.mark.parametrize("down", CONNECTORS)
async def test_one_that_fails_stops_no_other(studio: Studio, world: World, down: str) -> None:
    world.faults.add("status", code=503, service=down, times=None)

    result = await studio.sync()

    others = {"chatwoot": "message", "linear": "issue", "attio": "deal"}
    kind = others.pop(down)
    assert (result.status, result.counters[f"{down}_failed"]) == ("partial", 1)
    assert await studio.live(kind) == set()
    for other in others.values():
        assert await studio.live(other), other
    assert result.note is not None
    assert "HTTP 503" in result.note


async def test_when_all_fail_the_run_has_failed(studio: Studio, world: World) -> None:
    for connector in CONNECTORS:
        world.faults.add("status", code=503, service=connector, times=None)

    with pytest.raises(Upstream, match="HTTP 503"):
        await studio.sync()


async def test_a_source_without_bindings_is_no_failure(
    database: Database, project: UUID, world: World
) -> None:
    studio = Studio(database, project, world)
    await studio.bind("attio")

    result = await studio.sync()

    assert result.status == "ok"
    assert (await studio.state("issues"))["status"] == "idle"


async def test_the_sources_are_read_at_the_same_time(studio: Studio, world: World) -> None:
    await studio.sync()

    order = [call.service for call in world.journal]
    first = {name: order.index(name) for name in CONNECTORS}
    last = {name: len(order) - order[::-1].index(name) for name in CONNECTORS}
    assert max(first.values()) < min(last.values())
