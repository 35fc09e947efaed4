"""What is told leads to: deletions, moves, merges, and whose a record is."""

from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.hearing import DRAINS, Calls, Hearing, issue_of, listening

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def calls(database: Database, world: World) -> Calls:
    return Calls(database, world)


@pytest.fixture
async def linear(calls: Calls, project: UUID) -> Hearing:
    """A project that has the whole of Linear, copied, and is called by it."""
    return await listening(Hearing(calls, project), "linear")


@pytest.fixture
async def attio(calls: Calls, project: UUID) -> Hearing:
    return await listening(Hearing(calls, project), "attio")


@pytest.fixture
async def chatwoot(calls: Calls, project: UUID) -> Hearing:
    return await listening(Hearing(calls, project), "chatwoot")


async def test_a_told_and_proven_deletion_becomes_a_tombstone(
    linear: Hearing, world: World
) -> None:
    comment = min(await linear.live("comment"))
    apply_edit(world, "linear.delete_comment", {"comment": comment})

    await linear.hear("linear")

    assert comment not in await linear.live("comment")


async def test_an_issue_that_is_gone_takes_its_comments_along(
    linear: Hearing, world: World
) -> None:
    [row] = await linear.rows("SELECT issue_id FROM linear_comments_raw LIMIT 1")
    apply_edit(world, "linear.delete_issue", {"issue": row["issue_id"]})

    await linear.hear("linear")

    left = await linear.rows(
        "SELECT 1 FROM linear_comments_raw WHERE issue_id = %s AND deleted_at IS NULL",
        row["issue_id"],
    )
    assert (row["issue_id"] in await linear.live("issue"), left) == (False, [])


async def test_many_deletions_at_once_wait_for_the_sweep(linear: Hearing, world: World) -> None:
    before = await linear.live("issue")
    for issue in sorted(before)[:21]:
        apply_edit(world, "linear.delete_issue", {"issue": issue})

    result = await linear.hear("linear")

    assert (result.status, result.counters["deletions_held"]) == ("partial", 21)
    assert await linear.live("issue") == before


async def test_a_team_out_of_sight_deletes_nothing(linear: Hearing, world: World) -> None:
    issue = issue_of(world)
    team = world.linear.issues[issue].team_id
    world.faults.add("permission_loss", service="linear", team_id=team, times=None)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Out of sight"})

    await linear.hear("linear")

    assert issue in await linear.live("issue")


async def test_each_project_hears_what_is_its_own(
    calls: Calls, project: UUID, other_project: UUID, world: World
) -> None:
    studios = [Hearing(calls, project), Hearing(calls, other_project)]
    for studio, client in zip(studios, world.projects, strict=False):
        await studio.bind("linear", ("team", client.linear_team_ids[0]))
        await studio.sync("linear")
        await studio.install("linear")
    first, second = studios
    issue = min(await first.live("issue"))
    before = await second.live("issue")
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Ours alone"})

    await first.hear("linear")
    await second.drain("linear")

    assert (await first.one("issue", issue))["title"] == "Ours alone"
    assert await second.live("issue") == before
    assert issue not in before


async def test_the_words_of_other_clients_are_not_kept(
    calls: Calls, project: UUID, world: World
) -> None:
    studio = Hearing(calls, project)
    await studio.bind("linear", ("team", world.projects[0].linear_team_ids[0]))
    await studio.sync("linear")
    await studio.install("linear")
    other = world.projects[1].linear_team_ids[0]
    apply_edit(world, "linear.create_issue", {"team": other, "title": "A secret of theirs"})

    await studio.hear("linear")

    [kept] = await studio.deliveries()
    assert (kept["body"], "secret" in str(kept)) == (None, False)
    assert not await studio.rows(
        "SELECT 1 FROM linear_issues_raw WHERE title = 'A secret of theirs'"
    )


async def test_an_issue_from_elsewhere_comes_with_its_old_comments(
    calls: Calls, project: UUID, world: World
) -> None:
    studio = Hearing(calls, project)
    ours, theirs = (client.linear_team_ids[0] for client in world.projects[:2])
    await studio.bind("linear", ("team", ours))
    await studio.sync("linear")
    await studio.install("linear")
    moved = next(
        row.issue_id
        for row in world.linear.comments
        if row.issue_id and world.linear.issues[row.issue_id].team_id == theirs
    )
    apply_edit(world, "linear.move_issue", {"issue": moved, "team": ours})

    await studio.hear("linear")
    waits = await studio.waiting()
    world.clock.advance(1)
    await studio.sync("linear")

    assert "linear_sync" in waits
    comments = await studio.rows(
        "SELECT 1 FROM linear_comments_raw WHERE issue_id = %s AND deleted_at IS NULL", moved
    )
    assert moved in await studio.live("issue")
    assert comments


async def test_companies_that_became_one_are_followed(
    calls: Calls, project: UUID, world: World
) -> None:
    studio = Hearing(calls, project)
    first, second = world.projects[0].attio_company_ids[0], world.projects[1].attio_company_ids[0]
    await studio.bind("attio", ("company", first), ("company", second))
    await studio.sync("attio")
    await studio.install("attio")
    deals = await studio.live("deal")
    edit = {"primary_record_id": first, "secondary_record_id": second}
    made = apply_edit(world, "attio.merge_records", edit)
    assert made is not None

    result = await studio.hear("attio")

    new = made["id"]["record_id"]
    live = await studio.live("company")
    owners = await studio.rows(
        "SELECT DISTINCT company_id FROM attio_opportunities_raw WHERE deleted_at IS NULL"
    )
    assert (result.status, live, owners) == ("ok", {new}, [{"company_id": new}])
    assert await studio.live("deal") == deals


async def test_companies_of_two_projects_that_became_one_wait_for_a_person(
    calls: Calls, project: UUID, other_project: UUID, world: World
) -> None:
    first, second = world.projects[0].attio_company_ids[0], world.projects[1].attio_company_ids[0]
    studio, other = Hearing(calls, project), Hearing(calls, other_project)
    await studio.bind("attio", ("company", first))
    await other.bind("attio", ("company", second))
    await studio.sync("attio")
    await studio.install("attio")
    edit = {"primary_record_id": first, "secondary_record_id": second}
    apply_edit(world, "attio.merge_records", edit)

    result = await studio.hear("attio")

    failed = [row["error"] for row in await studio.deliveries() if row["status"] == "failed"]
    assert result.status == "partial"
    assert failed
    assert all("bind the new one where it belongs" in error for error in failed)
    assert len(await studio.rows("SELECT 1 FROM connector_bindings")) == 1


async def test_a_conversation_that_moved_to_another_inbox_leaves(
    calls: Calls, project: UUID, world: World
) -> None:
    studio = Hearing(calls, project)
    inbox = world.projects[0].inbox_ids[0]
    other = world.projects[1].inbox_ids[0]
    await studio.bind("chatwoot", ("inbox", str(inbox)))
    await studio.sync("chatwoot")
    await studio.install("chatwoot")
    id_ = min(await studio.live("conversation"))
    row = world.conversation(int(id_))
    world.update_conversation(row.key, inbox_id=other)
    world.set_status(int(id_), "resolved" if row.status == "open" else "open")

    await studio.hear("chatwoot")

    assert id_ not in await studio.live("conversation")
    assert not await studio.rows(
        "SELECT 1 FROM cw_messages WHERE conversation_id = %s AND deleted_at IS NULL", id_
    )


async def test_a_conversation_that_is_gone_is_buried(chatwoot: Hearing, world: World) -> None:
    world.add_message(1, "Last words")
    await chatwoot.calls.arrive()
    world.delete_conversation(1)

    await chatwoot.drain("chatwoot")

    assert "1" not in await chatwoot.live("conversation")


async def test_a_contact_is_copied_when_it_is_told(chatwoot: Hearing, world: World) -> None:
    contact = min(await chatwoot.live("contact"))
    world.update_contact(int(contact), name="Helen of Light")

    await chatwoot.hear("chatwoot")

    assert (await chatwoot.one("contact", contact))["name"] == "Helen of Light"


async def test_every_job_that_looks_has_a_lane_of_its_own() -> None:
    lanes = {job.lane for job in DRAINS.values()}

    assert len(lanes) == 3
    assert "connectors" not in lanes
