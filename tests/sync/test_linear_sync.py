"""Linear's copy: complete, scoped, and slow to believe that something is gone."""

from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import STREAMS
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Studio:
    """A project that has the whole workspace."""
    studio = Studio(database, project, world)
    await studio.bind("linear")
    return studio


def first_issue(world: World, number: int = 0) -> dict[str, object]:
    from mayak.sandbox.control import snapshot

    rows: list[dict[str, object]] = snapshot(world)["linear"]["issues"]
    return [row for row in rows if not row["trashed"] and not row["archivedAt"]][number]


async def test_the_first_sync_copies_everything(studio: Studio) -> None:
    result = await studio.sync("linear")

    assert result.status == "ok"
    for stream in STREAMS["linear"]:
        assert await studio.live(stream.mirror.kind) == set(studio.told(stream)), stream.name


async def test_a_second_sync_writes_nothing(studio: Studio) -> None:
    await studio.sync("linear")

    result = await studio.sync("linear")

    assert {
        n: c for n, c in result.counters.items() if n.endswith(("written", "deleted")) and c
    } == {}


async def test_an_edit_is_followed(studio: Studio, world: World) -> None:
    await studio.sync("linear")
    issue = first_issue(world)
    world.clock.advance(60)
    apply_edit(world, "linear.update_issue", {"issue": issue["id"], "title": "Renamed"})
    world.clock.advance(5)  # the server's clock is known to the second only

    await studio.sync("linear")

    assert (await studio.one("issue", str(issue["id"])))["title"] == "Renamed"


async def test_a_comment_deleted_for_good_is_found_by_a_full_sync(
    studio: Studio, world: World
) -> None:
    await studio.sync("linear")
    victim = min(await studio.live("comment"))
    apply_edit(world, "linear.delete_comment", {"comment": victim})

    await studio.sync("linear", full=True)

    assert victim not in await studio.live("comment")


async def test_a_team_out_of_sight_deletes_nothing_and_says_so(
    studio: Studio, world: World
) -> None:
    await studio.sync("linear")
    before = await studio.live("issue")
    world.faults.add(
        "permission_loss",
        service="linear",
        team_id=world.projects[0].linear_team_ids[0],
        times=None,
    )

    result = await studio.sync("linear", full=True)

    state = await studio.state("issues")
    assert await studio.live("issue") == before
    assert (result.status, state["status"]) == ("partial", "partial")
    assert "Nothing was deleted" in state["cause"]


async def test_a_project_sees_its_own_team_only(
    database: Database, project: UUID, world: World
) -> None:
    studio = Studio(database, project, world)
    team = world.projects[1].linear_team_ids[0]
    await studio.bind("linear", ("team", team))

    result = await studio.sync("linear")

    teams = await studio.rows(
        "SELECT DISTINCT team_id FROM linear_issues_raw WHERE deleted_at IS NULL"
    )
    assert (result.status, teams) == ("ok", [{"team_id": team}])
    assert await studio.live("comment")
