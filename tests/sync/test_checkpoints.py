"""A page that failed never moves a checkpoint, and what it would have shown comes later."""

from typing import Any
from uuid import UUID

import pytest

from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database]

WINDOWS = [("issues", "IssuesPage"), ("comments", "CommentsPage")]
BROKEN: list[dict[str, Any]] = [
    {"kind": "status", "code": 500},
    {"kind": "partial_graphql"},
    {"kind": "truncate_json"},
    {"kind": "drop"},
    {"kind": "timeout"},
]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Studio:
    studio = Studio(database, project, world)
    await studio.bind("linear")
    await studio.bind("attio")
    return studio


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: fault["kind"])
@pytest.mark.parametrize(("stream", "op"), WINDOWS, ids=lambda part: part)
async def test_a_window_stays_where_it_was(
    studio: Studio, world: World, stream: str, op: str, fault: dict[str, Any]
) -> None:
    await studio.sync("linear")
    before = (await studio.state(stream))["checkpoint"]["watermark"]
    issue = next(row.id for row in world.linear.issues if not row.trashed)
    world.clock.advance(300)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Renamed"})
    said = apply_edit(world, "linear.add_comment", {"issue": issue, "body": "Said"})
    world.clock.advance(10)
    world.faults.add(**fault, service="linear", op=op, times=None)

    with pytest.raises(Upstream):
        await studio.sync("linear")
    after = (await studio.state(stream))["checkpoint"]["watermark"]
    world.faults.clear()
    await studio.sync("linear")

    assert after == before
    assert said is not None
    assert (await studio.one("issue", issue))["title"] == "Renamed"
    assert said["id"] in await studio.live("comment")


async def test_a_scan_that_broke_off_deletes_nothing_and_is_not_complete(
    studio: Studio, world: World
) -> None:
    await studio.sync("attio")
    before = (await studio.state("companies"))["checkpoint"]["scanned_at"]
    live = await studio.live("company")
    apply_edit(world, "attio.delete_record", {"record_id": min(live)})
    world.faults.add("status", code=500, service="attio", op="records.query", times=None)

    with pytest.raises(Upstream):
        await studio.sync("attio", full=True)

    assert (await studio.state("companies"))["checkpoint"]["scanned_at"] == before
    assert await studio.live("company") == live


async def test_a_window_that_was_cut_goes_on_below_what_it_has_seen(
    studio: Studio, world: World
) -> None:
    world.faults.add("status", code=500, service="linear", op="IssuesPage", nth=2, times=1)
    with pytest.raises(Upstream):
        await studio.sync("linear")
    world.journal.clear()

    await studio.sync("linear")

    asked = [call.params for call in world.journal.calls("IssuesPage")]
    assert "lte" in str(asked[0])
    assert len(await studio.live("issue")) == sum(not row.trashed for row in world.linear.issues)
