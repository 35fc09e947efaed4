"""A Linear project, with its name and description, is of one project of Mayak."""

from importlib import resources
from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import PartIsTaken
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MIGRATION = resources.files("mayak.platform.migrations") / "0015_project_claims.sql"
COPY = """
INSERT INTO linear_projects_raw (project_id, external_id, name, team_ids, payload, content_hash)
SELECT %(to)s, external_id, name, team_ids, payload, content_hash
  FROM linear_projects_raw WHERE project_id = %(of)s
"""


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def ours(database: Database, project: UUID, world: World) -> Studio:
    return Studio(database, project, world)


@pytest.fixture
def theirs(database: Database, other_project: UUID, world: World) -> Studio:
    return Studio(database, other_project, world)


@pytest.fixture
def teams(world: World) -> tuple[str, str]:
    return world.projects[0].linear_team_ids[0], world.projects[1].linear_team_ids[0]


@pytest.fixture
def shared(world: World, teams: tuple[str, str]) -> str:
    """A Linear project that both teams work on."""
    made = apply_edit(world, "linear.create_project", {"name": "Harbour", "teams": list(teams)})
    assert made is not None
    return str(made["id"])


async def test_what_two_teams_work_on_stays_with_the_project_that_read_it_first(
    ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str
) -> None:
    await ours.bind("linear", ("team", teams[0]))
    await theirs.bind("linear", ("team", teams[1]))

    await theirs.sync("linear")
    result = await ours.sync("linear", full=True)

    assert shared in await theirs.live("project")
    assert shared not in await ours.live("project")
    assert await ours.live("project"), "the rest of the team's projects is there"
    assert result.counters["of_another_project"] >= 1


async def test_whoever_is_bound_to_it_has_it_before_anybody_reads_it(
    ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str
) -> None:
    await ours.bind("linear", ("project", shared))
    await theirs.bind("linear", ("team", teams[1]))

    await theirs.sync("linear")
    await ours.sync("linear")

    assert shared not in await theirs.live("project")
    assert await ours.live("project") == {shared}


async def test_what_another_project_took_cannot_be_bound(
    ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str
) -> None:
    await theirs.bind("linear", ("team", teams[1]))
    await theirs.sync("linear")

    with pytest.raises(PartIsTaken, match=shared):
        await ours.bind("linear", ("project", shared))


@pytest.mark.parametrize("synced", [True, False])
async def test_it_is_free_again_once_it_is_let_go(
    ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str, *, synced: bool
) -> None:
    await ours.bind("linear", ("project", shared), ("team", teams[0]))
    if synced:
        await ours.sync("linear")
    await theirs.bind("linear", ("team", teams[1]))
    await theirs.sync("linear")
    if synced:
        await ours.unbind("linear")
    else:
        await ours.bind("linear", ("team", teams[0]))

    await theirs.sync("linear", full=True)

    assert shared in await theirs.live("project")


async def test_a_database_where_both_have_a_copy_keeps_the_one_of_whoever_is_bound(
    database: Database, ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str
) -> None:
    await ours.bind("linear", ("project", shared))
    await ours.sync("linear")
    await theirs.bind("linear", ("team", teams[1]))
    async with database.system_transaction() as conn:
        await conn.execute(COPY, {"of": ours.project, "to": theirs.project})
        await conn.execute("DELETE FROM connector_claims WHERE kind = 'project'")
    assert shared in await theirs.live("project")

    async with database.system_transaction() as conn:
        await conn.execute(MIGRATION.read_text("utf-8").encode())

    assert shared not in await theirs.live("project")
    assert shared in await ours.live("project")


async def test_a_project_that_went_to_another_team_while_it_was_trashed_is_free(
    ours: Studio, theirs: Studio, world: World, teams: tuple[str, str], shared: str
) -> None:
    await ours.bind("linear", ("team", teams[0]))
    await ours.sync("linear")
    world.clock.advance(60)
    apply_edit(world, "linear.trash_project", {"project": shared})
    await ours.sync("linear", full=True)
    assert shared not in await ours.live("project")
    world.clock.advance(60)
    moved = {"trashed": False, "archived_at": None, "team_ids": (teams[1],)}
    apply_edit(world, "linear.update_project", {"project": shared, **moved})

    await ours.sync("linear", full=True)
    await theirs.bind("linear", ("team", teams[1]))
    await theirs.sync("linear")

    assert shared in await theirs.live("project")


async def test_what_is_bound_stays_claimed_while_it_is_out_of_sight(
    ours: Studio, world: World, shared: str
) -> None:
    await ours.bind("linear", ("project", shared))
    await ours.sync("linear")
    world.clock.advance(60)
    apply_edit(world, "linear.delete_project", {"project": shared})

    await ours.sync("linear", full=True)

    assert shared not in await ours.live("project")
    claims = await ours.rows("SELECT external_id FROM connector_claims WHERE kind = 'project'")
    assert [one["external_id"] for one in claims] == [shared]


async def test_of_two_copies_by_team_the_one_is_kept_that_was_bound_first(
    database: Database, ours: Studio, theirs: Studio, teams: tuple[str, str], shared: str
) -> None:
    await ours.bind("linear", ("team", teams[0]))
    await ours.sync("linear")
    await theirs.bind("linear", ("team", teams[1]))
    async with database.system_transaction() as conn:
        await conn.execute(COPY, {"of": ours.project, "to": theirs.project})
        await conn.execute("DELETE FROM connector_claims WHERE kind = 'project'")
        await conn.execute(  # the other one was not synced for months
            "UPDATE linear_projects_raw SET synced_at = '2026-01-01' WHERE project_id = %s",
            (theirs.project,),
        )

    async with database.system_transaction() as conn:
        await conn.execute(MIGRATION.read_text("utf-8").encode())

    assert shared in await ours.live("project")
    assert shared not in await theirs.live("project")
