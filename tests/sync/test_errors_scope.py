"""A record that cannot be read is put aside by the project that it belongs to, and by no other."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.failing import Patient

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Both = tuple[Patient, Patient]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def both(database: Database, project: UUID, other_project: UUID, world: World) -> Both:
    """Two projects at the same sources."""
    first, second = Patient(database, project, world), Patient(database, other_project, world)
    second.spoiled = first.spoiled
    return first, second


SPOILT: dict[str, dict[str, object]] = {
    "linear": {"createdAt": "yesterday"},
    "attio": {"values": "none of them", "created_by_actor": "somebody"},
}


async def in_linear(both: Both, world: World) -> list[str]:
    """Each project has a team; an id of the first one's records for each kind."""
    for studio, client in zip(both, world.projects, strict=False):
        await studio.bind("linear", ("team", client.linear_team_ids[0]))
        await studio.sync("linear")
    return [f"{kind} {min(await both[0].live(kind))}" for kind in ("issue", "comment")]


async def in_attio(both: Both, _: World) -> list[str]:
    """Each project has a company with deals."""
    whole = both[0]
    await whole.bind("attio")
    await whole.sync("attio")
    rows = await whole.rows(
        "SELECT deal.company_id, min(deal.external_id) AS deal, min(note.external_id) AS note"
        " FROM attio_opportunities_raw AS deal"
        " JOIN attio_notes_raw AS note ON note.parent_id = deal.company_id"
        " GROUP BY 1 ORDER BY 1"
    )
    for studio, row in zip(both, rows, strict=False):
        await studio.unbind("attio")
        await studio.bind("attio", ("company", row["company_id"]))
        await studio.sync("attio")
    first = rows[0]
    return [f"company {first['company_id']}", f"deal {first['deal']}", f"note {first['note']}"]


@pytest.mark.parametrize("place", [in_linear, in_attio])
async def test_what_cannot_be_read_is_told_to_its_own_project_alone(
    both: Both, world: World, place: Callable[[Both, World], Awaitable[list[str]]]
) -> None:
    mine, other = both
    records = await place(both, world)
    connector = place.__name__.removeprefix("in_")
    for record in records:
        mine.spoil(record.split()[1], **SPOILT[connector])

    ended = [await studio.sync(connector, full=True) for studio in both]

    assert [one.status for one in ended] == ["partial", "ok"]
    assert {one["external_id"] for one in await mine.errors()} == set(records)
    assert await other.errors() == []


async def test_what_was_mended_is_read_by_its_own_project(both: Both, world: World) -> None:
    mine, _ = both
    records = await in_linear(both, world)
    ids = [record.split()[1] for record in records]
    for id_ in ids:
        await mine.rows("DELETE FROM linear_issues_raw WHERE external_id = %s RETURNING 1", id_)
        await mine.rows("DELETE FROM linear_comments_raw WHERE external_id = %s RETURNING 1", id_)
        mine.spoil(id_, createdAt="yesterday")
    await mine.sync("linear", full=True)
    mine.mend()
    await mine.make_due()

    await mine.retry()

    assert await mine.errors() == []
    assert ids[0] in await mine.live("issue")
    assert ids[1] in await mine.live("comment")


async def test_a_deal_that_does_not_even_say_whose_it_is_is_not_left_out_silently(
    both: Both, world: World
) -> None:
    mine, other = both
    deal = (await in_attio(both, world))[1].split()[1]
    await mine.rows("DELETE FROM attio_opportunities_raw WHERE external_id = %s RETURNING 1", deal)
    mine.spoil(deal, values="none of them")

    ended = [await studio.sync("attio", full=True) for studio in both]
    told = [await studio.rows(STATE) for studio in both]
    mine.mend()
    after = [await studio.sync("attio") for studio in both]

    assert [one.status for one in ended] == ["partial", "partial"]
    assert [deal in str(state[0]["cause"]) for state in told] == [True, True]
    assert await other.errors() == []
    assert [one.status for one in after] == ["ok", "ok"]
    assert deal in await mine.live("deal")


STATE = "SELECT cause FROM connector_sync_state WHERE connector = 'attio' AND stream = 'deals'"
