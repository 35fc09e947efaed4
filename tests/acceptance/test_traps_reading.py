"""The traps of reading: what a plain client of these services loses, and our copy has.

Each test lets the World behave as the real service does, runs our whole sync over it, and holds
the copy to the World.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from mayak.errors import Upstream, UpstreamRejected
from mayak.platform.db import Database
from mayak.sandbox.attio.bulk import add_many
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.linear import routes
from mayak.sandbox.stories import ADMIN_TOKEN, AGENT_TOKEN, build_world
from mayak.sandbox.world import World
from mayak.sync.model import CONNECTORS, STREAMS
from tests.acceptance.traps import assert_same, limit_of, limits_are_over
from tests.sync.studio import Studio

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.database]

COMPANIES, NOTES = STREAMS["attio"][2], STREAMS["attio"][5]
TALKS = STREAMS["chatwoot"][2]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def studio(database: Database, project: UUID, world: World) -> Studio:
    """A project beside the World, bound to nothing yet."""
    return Studio(database, project, world)


async def test_trap_01_default_open_status(studio: Studio, world: World) -> None:
    await studio.bind("chatwoot")
    await studio.sync("chatwoot")
    await assert_same(studio, "chatwoot")
    opened = [row.display_id for row in world.conversations.values() if row.status == "open"]
    world.clock.advance(60)
    for id_, status in zip(opened, ("resolved", "pending", "snoozed"), strict=False):
        apply_edit(world, "set_status", {"display_id": id_, "status": status})

    await studio.sync("chatwoot")

    statuses = await studio.rows("SELECT DISTINCT status FROM cw_conversations ORDER BY 1")
    assert [row["status"] for row in statuses] == ["open", "pending", "resolved", "snoozed"]
    await assert_same(studio, "chatwoot")


async def test_trap_02_agent_limited_view(studio: Studio, world: World) -> None:
    await studio.bind("chatwoot")
    studio.tokens["chatwoot"] = AGENT_TOKEN
    with pytest.raises(UpstreamRejected, match="role agent"):
        await studio.sync("chatwoot")
    assert await studio.live("conversation") == set(), "a part must not pass for the whole"
    studio.tokens["chatwoot"] = ADMIN_TOKEN
    await studio.sync("chatwoot")
    us = world.agent_by_token(ADMIN_TOKEN)
    assert us is not None
    world.agents[us.id] = replace(us, role="agent", inbox_ids=frozenset({1}))

    with pytest.raises(UpstreamRejected, match="role agent"):
        await studio.sync("chatwoot", full=True)

    state = await studio.state("conversations")
    assert (state["status"], "administrator" in state["next_step"]) == ("auth_failed", True)
    await assert_same(studio, "chatwoot")


async def test_trap_03_message_paging(studio: Studio, world: World) -> None:
    """An imported history: replies are chosen by id and cut by time, and the two disagree."""
    talk = world.add_conversation(inbox_id=1, contact_id=1)
    began = world.clock.timestamp() - 1_000_000
    said = [
        world.add_message(talk.display_id, f"Line {n}", created_at=began + n * 977 % 2_300).id
        for n in range(2_300)
    ]
    await studio.bind("chatwoot")
    await studio.sync("chatwoot")
    await assert_same(studio, "chatwoot")
    world.clock.advance(60)
    world.edit_message(said[7], "Corrected, far above what is shown")
    world.delete_message(said[1_200])

    await studio.sync("chatwoot")

    assert (await studio.one("message", str(said[1_200])))["content"] is None
    await assert_same(studio, "chatwoot")


def between_pages(
    world: World, service: str, op: str, edit: str, edits: Iterable[dict[str, Any]]
) -> None:
    """Let these edits happen between the first page of a list and the second."""
    for args in edits:
        world.faults.add("mutate_between_pages", service=service, op=op, edit=edit, args=args)


async def test_trap_04_shifting_pages(studio: Studio, world: World) -> None:
    """Numbered pages shift when rows vanish; where the newest come first, rows jump ahead."""
    add_many(world, companies=600, notes=200)
    companies, notes = list(studio.told(COMPANIES)), list(studio.told(NOTES))
    gone = [{"display_id": id_} for id_ in (2, 3, 5)]
    between_pages(world, "chatwoot", "conversations.list", "delete_conversation", gone)
    gone = [{"contact_id": 4}]
    between_pages(world, "chatwoot", "contacts.list", "delete_contact", gone)
    lost = [{"record_id": id_} for id_ in companies[20:35]]
    between_pages(world, "attio", "records.query", "attio.delete_record", lost)
    lost = [{"note_id": id_} for id_ in notes[-9:-3]]
    between_pages(world, "attio", "notes.list", "attio.delete_note", lost)
    for connector in CONNECTORS:
        await studio.bind(connector)
    await studio.sync()
    for kind, stream in (("company", COMPANIES), ("note", NOTES), ("conversation", TALKS)):
        assert await studio.live(kind) >= set(studio.told(stream)), f"a {kind} slipped by"

    touched = [row.id for row in world.linear.issues if not row.trashed][:80]
    world.clock.advance(3600)
    for number, issue in enumerate(touched):
        world.clock.advance(10 * (number % 2))  # two of each instant
        apply_edit(world, "linear.update_issue", {"issue": issue, "title": f"Anew {number}"})
    jump = [{"issue": touched[0], "title": "Jumped over the reader"}]
    between_pages(world, "linear", "IssuesPage", "linear.update_issue", jump)
    world.faults.add("drop", service="linear", op="IssuesPage", nth=2)
    with pytest.raises(Upstream):
        await studio.sync("linear")
    await studio.sync("linear")  # to the end of what was begun
    # Linear's time is known to the second its replies are dated by: a window that is opened in the
    # second of a change may end before it, and leaves it to the next.
    world.clock.advance(2)
    await studio.sync("linear")  # and what jumped meanwhile
    await assert_same(studio, "linear")
    await studio.sync(full=True)
    await assert_same(studio, "chatwoot")
    await assert_same(studio, "attio")


async def test_trap_07_archived_issues(studio: Studio, world: World) -> None:
    """Archived before we came, archived since, changed in the archive, and thrown away."""
    await studio.bind("linear")
    await studio.sync("linear")
    await assert_same(studio, "linear")
    archived = next(row.id for row in world.linear.issues if row.archived_at and not row.trashed)
    current = [row.id for row in world.linear.issues if not row.archived_at]
    world.clock.advance(60)
    apply_edit(world, "linear.update_issue", {"issue": archived, "title": "Changed in there"})
    apply_edit(world, "linear.archive_issue", {"issue": current[0]})
    apply_edit(world, "linear.trash_issue", {"issue": current[1]})
    world.clock.advance(5)  # the server's clock is known to the second only

    await studio.sync("linear")

    assert (await studio.one("issue", archived))["title"] == "Changed in there"
    assert (await studio.one("issue", current[0]))["archived_at"] is not None
    assert (await studio.one("issue", current[1]))["deleted_at"] is not None
    await assert_same(studio, "linear")


async def test_trap_08_errors_with_200_and_400(studio: Studio, world: World) -> None:
    await studio.bind("linear")
    await studio.sync("linear")
    before = await studio.state("issues")
    issue = next(row.id for row in world.linear.issues if not row.archived_at)
    world.clock.advance(600)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Said anew"})
    world.clock.advance(5)
    world.faults.add(
        "partial_graphql", service="linear", op="IssuesPage", path="issues.nodes.0.url"
    )
    with pytest.raises(Upstream, match="only a part of the data"):
        await studio.sync("linear")
    half = await studio.state("issues")
    assert (half["checkpoint"], half["status"]) == (before["checkpoint"], "failing")
    assert (await studio.one("issue", issue))["title"] != "Said anew"

    world.faults.add("ratelimit", service="linear", op="IssuesPage")
    with pytest.raises(Upstream, match="HTTP 400"):
        await studio.sync("linear")
    # Nothing is left of the budget, which takes an hour to be full again.
    assert 3_500 < await limit_of(studio, "issues") <= 3_602
    asked = len(world.journal)
    with pytest.raises(Upstream, match="not over yet"):
        await studio.sync("linear")
    assert len(world.journal) == asked

    world.clock.advance(3_600)
    await limits_are_over(studio)
    assert (await studio.sync("linear")).status == "ok"
    await assert_same(studio, "linear")


async def test_trap_09_complexity(
    studio: Studio, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await studio.bind("linear")
    monkeypatch.setattr(routes, "GREATEST_COST", 400)

    result = await studio.sync("linear")

    asked = world.journal.calls("IssuesPage")
    sizes = [call.params["variables"]["first"] for call in asked if "variables" in call.params]
    refused = [call for call in world.journal.calls(service="linear") if call.status == 400]
    assert (result.status, [call.status for call in asked[:4]]) == ("ok", [400, 400, 200, 200])
    assert set(sizes[2:]) == {12}, "what was too long once is asked for no more"
    assert len(refused) < 10
    await assert_same(studio, "linear")
    monkeypatch.undo()
    world.journal.clear()
    assert (await studio.sync("linear", full=True)).status == "ok"
    costs = [call.params["cost"] for call in world.journal.calls(service="linear")]
    assert max(costs) < 10_000 / 2


async def test_trap_10_unsorted_attio(studio: Studio, world: World) -> None:
    """Without an order the World shuffles each reply; many records are of one instant."""
    add_many(world, companies=1_200, people=700)
    await studio.bind("attio")

    result = await studio.sync("attio")

    assert result.status == "ok"
    await assert_same(studio, "attio")


async def test_trap_14_nested_pages(studio: Studio, world: World) -> None:
    """An issue that waits for 260 others: a page of issues brings five of them, the next 250."""
    team = world.linear.issues[next(row.id for row in world.linear.issues)].team_id
    blocked = apply_edit(world, "linear.create_issue", {"team": team, "title": "Waits for all"})
    assert blocked is not None
    blocking = set()
    for number in range(260):
        made = apply_edit(world, "linear.create_issue", {"team": team, "title": f"Part {number}"})
        assert made is not None
        apply_edit(world, "linear.relate_issues", {"issue": made["id"], "related": blocked["id"]})
        blocking.add(made["id"])
    await studio.bind("linear")

    await studio.sync("linear")

    row = await studio.one("issue", blocked["id"])
    assert set(row["blocked_by"]) == blocking
    assert len(row["blocked_by"]) == 260
    await assert_same(studio, "linear")
