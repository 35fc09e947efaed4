"""Reconciliation: what differs from the source is named, and the number of it is never a guess."""

from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import STREAMS
from tests.sync.auditor import Auditor

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Auditor:
    """A project with the whole of all three accounts, synced."""
    studio = Auditor(database, project, world)
    for connector in STREAMS:
        await studio.bind(connector)
    await studio.sync()
    return studio


async def test_a_faithful_copy_lacks_nothing(studio: Auditor) -> None:
    result = await studio.check()

    findings = await studio.rows(
        "SELECT * FROM sync_reconciliation_findings WHERE detail ->> 'where' <> 'source'"
    )
    numbers = await studio.rows(
        "SELECT completeness, cause, count(*) FROM sync_reconciliation_metrics"
        " WHERE depth = 'full' GROUP BY 1, 2"
    )
    assert (result.status, findings) == ("ok", [])
    assert numbers == [
        {"completeness": 100, "cause": None, "count": sum(map(len, STREAMS.values()))}
    ]


async def test_each_kind_of_difference_is_named_and_repaired(studio: Auditor) -> None:
    before = await studio.hashes("issue")
    kinds = {
        "missing": await studio.lose("issue", await studio.some("issue", 3)),
        "stale": await studio.age("issue", await studio.some("issue", 2)),
        "duplicate": await studio.double("issue", await studio.some("issue", 1, skip=5)),
    }
    await studio.check(connector="linear")
    named = await studio.found("issues")

    result = await studio.repair(connector="linear")

    after = await studio.measured("issues")
    assert named == kinds
    assert (result.status, await studio.found("issues")) == ("ok", {})
    assert await studio.hashes("issue") == before
    assert (after["completeness"], after["missing"], after["restated"]) == (100, 0, True)


@pytest.mark.parametrize("kind", ["company", "contact", "conversation", "comment", "note"])
async def test_a_lost_row_of_any_service_is_found_and_comes_back(
    studio: Auditor, kind: str
) -> None:
    before = await studio.live(kind)
    [stream] = [one for all_ in STREAMS.values() for one in all_ if one.mirror.kind == kind]
    if kind == "conversation":
        rows = await studio.rows("SELECT external_id FROM cw_conversations ORDER BY 1 LIMIT 1")
        lost = {row["external_id"] for row in rows}
        await studio.lose("conversation", sorted(lost))
    else:
        lost = await studio.lose(kind, await studio.some(kind, 2))

    await studio.check(connector=stream.connector, stream=stream.name)
    named = await studio.found(stream.name)
    await studio.repair()

    assert named == {"missing": lost}
    assert await studio.live(kind) == before


async def test_lost_messages_are_found_in_their_conversations(studio: Auditor) -> None:
    before = await studio.hashes("message")
    lost = await studio.lose("message", await studio.some("message", 4))
    aged = await studio.age("message", await studio.some("message", 1))

    await studio.check(connector="chatwoot", stream="messages")
    named, numbers = await studio.found("messages"), await studio.measured("messages")
    await studio.repair(connector="chatwoot", stream="messages")

    assert named == {"missing": lost, "stale": aged}
    assert (
        numbers["parts_checked"] == numbers["parts_total"] == len(await studio.live("conversation"))
    )
    assert numbers["completeness"] < 100
    assert await studio.hashes("message") == before


async def test_what_was_deleted_at_the_source_is_extra_until_a_repair(
    studio: Auditor, world: World
) -> None:
    victims = await studio.some("comment", 2)
    for one in victims:
        apply_edit(world, "linear.delete_comment", {"comment": one})
    await studio.check(connector="linear", stream="comments")
    named = await studio.found("comments")

    await studio.repair(kinds=["extra"])

    assert named == {"extra": set(victims)}
    assert await studio.found("comments", "gone") == {"extra": set(victims)}
    assert not set(victims) & await studio.live("comment")


async def test_two_that_share_a_key_at_the_source_are_left_to_a_person(studio: Auditor) -> None:
    await studio.check(connector="attio", stream="people")
    before = await studio.live("person")

    result = await studio.repair(kinds=["duplicate"])

    [finding] = await studio.findings("people")
    assert (finding["kind"], finding["status"]) == ("duplicate", "open")
    assert finding["repair_error"] == "Both are at the source: merge them in Attio."
    assert (result.status, await studio.live("person")) == ("partial", before)


async def test_what_heals_by_itself_is_closed_by_the_next_check(studio: Auditor) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 2))
    await studio.check(connector="linear", stream="issues")
    await studio.sync("linear", full=True)

    await studio.check(connector="linear", stream="issues")

    assert await studio.found("issues", "repaired") == {"missing": lost}


async def test_a_list_that_breaks_off_finds_nothing_closes_nothing_and_says_why(
    studio: Auditor, world: World
) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 2))
    await studio.check(connector="linear", stream="issues")
    await studio.lose("issue", await studio.some("issue", 2))
    world.faults.add("status", service="linear", op="IssueIds", times=None, code=500)

    result = await studio.check(connector="linear", stream="issues")

    numbers = await studio.measured("issues")
    assert await studio.found("issues") == {"missing": lost}
    assert (numbers["missing"], numbers["completeness"]) == (None, None)
    assert "Linear failed" in numbers["cause"]
    assert result.status == "partial"


async def test_a_failure_of_a_moment_is_overcome(studio: Auditor, world: World) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 2))
    world.faults.add("status", service="linear", op="IssueIds", times=1, code=500)

    result = await studio.check(connector="linear", stream="issues")

    assert (result.status, await studio.found("issues")) == ("ok", {"missing": lost})


async def test_a_team_out_of_sight_stops_every_conclusion(studio: Auditor, world: World) -> None:
    before = await studio.live("issue")
    world.faults.add(
        "permission_loss",
        service="linear",
        team_id=world.projects[0].linear_team_ids[0],
        times=None,
    )

    result = await studio.daily()

    numbers = await studio.measured("issues")
    assert (await studio.live("issue"), await studio.found("issues")) == (before, {})
    assert (result.status, numbers["completeness"]) == ("partial", None)
    assert "does not show" in numbers["cause"]
    assert (await studio.measured("companies"))["completeness"] == 100


async def test_every_day_what_is_missing_is_read_again_at_once(studio: Auditor) -> None:
    before = await studio.hashes("company")
    lost = await studio.lose("company", await studio.some("company", 2))

    result = await studio.daily()

    assert await studio.hashes("company") == before
    assert await studio.found("companies", "repaired") == {"missing": lost}
    assert result.counters["repaired"] >= 2


async def test_many_deletions_wait_for_a_person(studio: Auditor, world: World) -> None:
    comments = await studio.some("comment", 21)
    for one in comments:
        apply_edit(world, "linear.delete_comment", {"comment": one})

    await studio.daily()
    held, state = await studio.found("comments"), await studio.state("comments")
    await studio.repair(stream="comments", connector="linear", accept_deletions=True)

    assert held == {"extra": set(comments)}
    assert (state["status"], "nothing was deleted" in state["cause"]) == ("partial", True)
    assert not set(comments) & await studio.live("comment")


async def test_a_sync_does_not_call_well_what_a_check_holds(studio: Auditor, world: World) -> None:
    for one in await studio.some("comment", 21):
        apply_edit(world, "linear.delete_comment", {"comment": one})
    await studio.daily()
    held = await studio.state("comments")

    ended = await studio.sync("linear")
    later = await studio.state("comments")
    await studio.repair(stream="comments", connector="linear", accept_deletions=True)
    await studio.sync("linear")

    assert ended.status == "partial"
    assert (later["status"], later["cause"]) == ("partial", held["cause"])
    assert (await studio.state("comments"))["status"] == "ok"


async def test_each_sync_counts_what_it_can_without_a_request(studio: Auditor) -> None:
    await studio.double("issue", await studio.some("issue", 1))

    await studio.sync("linear", full=True)

    quick = await studio.measured("issues", "quick")
    assert (quick["missing"], quick["stale"]) == (None, None)
    assert quick["local_count"] == len(await studio.live("issue"))


async def test_a_project_with_one_team_is_not_told_of_the_others(
    database: Database, project: UUID, world: World
) -> None:
    studio = Auditor(database, project, world)
    await studio.bind("linear", ("team", world.projects[1].linear_team_ids[0]))
    await studio.sync("linear")
    lost = await studio.lose("issue", await studio.some("issue", 2))

    await studio.check()

    numbers = await studio.measured("issues")
    assert await studio.found("issues") == {"missing": lost}
    assert numbers["source_count"] == numbers["local_count"] + 2


async def test_a_project_with_one_inbox_is_not_told_of_the_others(
    database: Database, project: UUID, world: World
) -> None:
    studio = Auditor(database, project, world)
    await studio.bind("chatwoot", ("inbox", "1"))
    await studio.sync("chatwoot")

    result = await studio.check()

    assert (result.status, await studio.rows("SELECT * FROM sync_reconciliation_findings")) == (
        "ok",
        [],
    )


async def test_two_companies_of_a_project_are_compared_and_no_others(
    database: Database, project: UUID, world: World
) -> None:
    studio = Auditor(database, project, world)
    ids = world.projects[0].attio_company_ids
    await studio.bind("attio", *(("company", id_) for id_ in ids))
    await studio.sync("attio")
    lost = await studio.lose("company", [ids[0]])

    await studio.check()

    numbers = await studio.measured("companies")
    assert await studio.found("companies") == {"missing": lost}
    assert numbers["source_count"] == len(ids)


async def test_nothing_is_known_of_what_was_unbound(studio: Auditor) -> None:
    await studio.lose("issue", await studio.some("issue", 2))
    await studio.check()
    await studio.unbind("linear")
    await studio.sync("linear")

    await studio.check()

    numbers = await studio.measured("issues")
    assert (numbers["completeness"], numbers["cause"][:7]) == (None, "No team")
    assert await studio.found("issues") == {}
