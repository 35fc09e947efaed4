"""The control calls, the clock and the index page."""

from datetime import timedelta

import anyio
import httpx
import pytest
from starlette.applications import Starlette

from mayak.sandbox.clock import Clock
from mayak.sandbox.rows import Contact
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


async def test_the_clock_can_be_read_and_advanced(control: httpx.AsyncClient, world: World) -> None:
    before = world.clock.now()
    moved = await control.post("/clock", json={"advance": 3_600})

    assert moved.json() == {"now": "2026-03-01T13:00:00+00:00", "frozen": True}
    assert (await control.get("/clock")).json() == moved.json()
    assert world.clock.now() - before == timedelta(hours=1)


@pytest.mark.parametrize("body", [{}, {"advance": "1h"}, {"advance": -1}])
async def test_the_clock_never_runs_backwards(
    control: httpx.AsyncClient, body: dict[str, object]
) -> None:
    assert (await control.post("/clock", json=body)).status_code == 422


async def test_a_sleeper_wakes_when_the_clock_is_advanced_far_enough() -> None:
    clock, woken = Clock(frozen=True), list[str]()

    async def sleeper() -> None:
        await clock.sleep(60)
        woken.append("up")

    async with anyio.create_task_group() as group:
        group.start_soon(sleeper)
        await anyio.wait_all_tasks_blocked()
        clock.advance(59)
        await anyio.wait_all_tasks_blocked()
        assert woken == []
        clock.advance(1)
    assert woken == ["up"]


def test_a_clock_that_is_not_frozen_flows() -> None:
    clock = Clock()

    assert clock.timestamp() <= clock.timestamp()
    assert not clock.frozen


async def test_the_journal_can_be_followed_and_cleared(
    control: httpx.AsyncClient, chatwoot: httpx.AsyncClient
) -> None:
    await chatwoot.get("/inboxes")
    await chatwoot.get("/agents")
    (first, second) = (await control.get("/journal")).json()["items"]
    later = await control.get("/journal", params={"after": first["seq"]})
    named = await control.get("/journal", params={"op": "inboxes.list"})
    await control.delete("/journal")

    assert (first["op"], first["method"], first["status"]) == ("inboxes.list", "GET", 200)
    assert later.json()["items"] == [second]
    assert named.json()["items"] == [first]
    assert (await control.get("/journal")).json() == {"items": []}


async def test_faults_are_planned_listed_and_removed(
    control: httpx.AsyncClient, chatwoot: httpx.AsyncClient
) -> None:
    plan = {
        "service": "chatwoot",
        "match": {"op": "inboxes.list", "nth": 2},
        "fault": {"kind": "status", "code": 500},
        "times": None,
    }
    planned = await control.post("/faults", json=plan)
    statuses = [(await chatwoot.get("/inboxes")).status_code for _ in range(3)]
    listed = (await control.get("/faults")).json()["items"]

    assert (planned.status_code, statuses) == (201, [200, 500, 500])
    assert [(rule["id"], rule["seen"]) for rule in listed] == [(planned.json()["id"], 3)]
    assert (await control.delete(f"/faults/{listed[0]['id']}")).status_code == 204
    assert (await control.delete(f"/faults/{listed[0]['id']}")).status_code == 404
    assert (await chatwoot.get("/inboxes")).status_code == 200


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"fault": {"kind": "earthquake"}},
        {"fault": {"kind": "timeout"}, "match": {"path": "/x"}},
        {"fault": {"kind": "timeout"}, "times": 0},
        {"fault": {"kind": "timeout"}, "times": "twice"},
        {"fault": {"kind": "mutate_between_pages"}},
    ],
)
async def test_a_plan_that_means_nothing_is_refused(
    control: httpx.AsyncClient, plan: dict[str, object]
) -> None:
    assert (await control.post("/faults", json=plan)).status_code == 422


async def test_the_world_can_be_edited(
    control: httpx.AsyncClient, world: World, helen: Contact
) -> None:
    begun = await control.post(
        "/world/edit",
        json={
            "op": "add_conversation",
            "args": {"inbox_id": 1, "contact_id": helen.id, "labels": ["billing"]},
        },
    )
    said = await control.post(
        "/world/edit", json={"op": "add_message", "args": {"display_id": 1, "content": "Hi"}}
    )

    assert begun.json()["row"]["display_id"] == 1
    assert world.conversation(1).labels == ("billing",)
    assert world.message(said.json()["row"]["id"]).content == "Hi"


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "drop_everything"},
        {"op": "add_message", "args": {"display_id": 99, "content": "Hi"}},
        {"op": "add_message", "args": {"words": "Hi"}},
    ],
)
async def test_an_edit_that_does_not_fit_is_refused(
    control: httpx.AsyncClient, edit: dict[str, object]
) -> None:
    response = await control.post("/world/edit", json=edit)

    assert response.status_code == 422
    assert response.json()["error"]


async def test_the_snapshot_holds_every_row_even_what_lists_hide(
    control: httpx.AsyncClient, world: World
) -> None:
    visitor = world.add_contact(name="misty-river")
    world.add_conversation(inbox_id=2, contact_id=visitor.id, status="resolved")
    note = world.add_message(1, "psst", message_type="outgoing", sender_id=1, private=True)
    gone = world.delete_message(world.add_message(1, "oops").id)
    rows = (await control.get("/world/snapshot")).json()

    assert [row["id"] for row in rows["messages"]] == [note.id, gone.id]
    assert rows["messages"][1]["content_attributes"] == {"deleted": True}
    assert [row["name"] for row in rows["contacts"]] == ["misty-river"]
    assert [row["id"] for row in rows["conversations"]] == [1]


async def test_the_index_says_where_everything_is(app: Starlette) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4010") as client:
        index = (await client.get("/")).json()

    names = ("chatwoot", "linear", "attio", "openai")
    assert index["services"] == {name: f"http://localhost:4010/{name}" for name in names}
    assert index["account_id"] == 1
    assert index["tokens"][0] == {
        "name": "Ada",
        "role": "administrator",
        "api_access_token": "admin",
    }
