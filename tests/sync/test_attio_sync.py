"""Attio's copy: complete, scoped, and slow to believe that something is gone."""

from uuid import UUID

import httpx
import pytest

from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import STREAMS
from tests.sources import all_three
from tests.sync.studio import BASE, Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Studio:
    """A project that has the whole workspace."""
    studio = Studio(database, project, world)
    await studio.bind("attio")
    return studio


async def test_the_first_sync_copies_everything(studio: Studio) -> None:
    result = await studio.sync("attio")

    assert result.status == "ok"
    for stream in STREAMS["attio"]:
        told = set(studio.told(stream))
        assert told >= await studio.live(stream.mirror.kind), stream.name
        if stream.name != "attributes":
            assert await studio.live(stream.mirror.kind) == told, stream.name


async def test_a_second_sync_writes_nothing(studio: Studio) -> None:
    await studio.sync("attio")

    result = await studio.sync("attio")

    assert {
        n: c for n, c in result.counters.items() if n.endswith(("written", "deleted")) and c
    } == {}


async def test_a_deleted_company_becomes_a_tombstone(studio: Studio, world: World) -> None:
    await studio.sync("attio")
    victim = min(await studio.live("company"))
    apply_edit(world, "attio.delete_record", {"record_id": victim})

    await studio.sync("attio")

    assert victim not in await studio.live("company")


async def test_a_project_sees_its_own_company_only(
    database: Database, project: UUID, world: World
) -> None:
    studio = Studio(database, project, world)
    company = world.projects[0].attio_company_ids[0]
    await studio.bind("attio", ("company", company))

    result = await studio.sync("attio")

    assert result.status == "ok"
    assert await studio.live("company") == {company}
    deals = await studio.rows("SELECT DISTINCT company_id FROM attio_opportunities_raw")
    assert deals == [{"company_id": company}]
    assert await studio.live("note")


async def test_a_bound_company_that_was_merged_takes_nothing_along(
    database: Database, project: UUID, world: World
) -> None:
    studio = Studio(database, project, world)
    one, other = (client.attio_company_ids[0] for client in world.projects[:2])
    await studio.bind("attio", ("company", one), ("company", other))
    await studio.sync("attio")
    before = {kind: await studio.live(kind) for kind in ("company", "deal", "person", "note")}
    merged = {"primary_record_id": one, "secondary_record_id": other}
    apply_edit(world, "attio.merge_records", merged)

    for _ in range(2):
        world.clock.advance(60)
        result = await studio.sync("attio")

    state = await studio.state("deals")
    assert {kind: await studio.live(kind) for kind in before} == before
    assert (result.status, state["status"]) == ("partial", "partial")
    assert "merged into another one" in state["cause"]


class NoNotes(httpx.AsyncBaseTransport):
    """The way to a service that answers 403 to who asks for notes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/notes"):
            return httpx.Response(403, json={"code": "missing_scope", "message": "No."})
        return await self._inner.handle_async_request(request)


async def test_a_permission_that_goes_while_a_sync_runs_stops_its_own_stream_alone(
    studio: Studio,
) -> None:
    await studio.sync("attio")
    before = await studio.live("note")

    ended = await studio.sync(
        "attio", all_three(httpx.AsyncClient(transport=NoNotes(studio.wire)), BASE)
    )

    states = {one.name: (await studio.state(one.name))["status"] for one in STREAMS["attio"]}
    assert ended.status == "partial"
    assert {name for name, status in states.items() if status != "ok"} == {"notes"}
    assert states["notes"] == "auth_failed"
    assert await studio.live("note") == before != set()
