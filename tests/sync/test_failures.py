"""What fails is recorded, with its reason and a next step; what was read before it stays."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayak.errors import Upstream, UpstreamRejected
from mayak.platform.db import execute
from mayak.sandbox.world import World
from tests.sources import chatwoot, nothing
from tests.sync.conftest import Talk, Tower

pytestmark = pytest.mark.anyio

RETRY_NOW = "UPDATE connector_errors SET next_retry_at = now()"


async def test_a_bad_record_is_put_aside_and_its_page_goes_on(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    talk("Two", name="Bob")
    world.faults.add("schema_drift", op="messages.list", set={"created_at": "yesterday"})

    result = await tower.sync()

    error = (await tower.errors())[0]
    assert (result.status, len(await tower.live("cw_messages"))) == ("partial", 1)
    assert (error["kind"], error["stream"], error["attempt"]) == ("schema", "messages", 1)
    assert error["external_id"] in {"message 1", "message 2"}
    assert error["payload"]["created_at"] == "yesterday"
    assert (await tower.state("messages"))["status"] == "partial"


async def test_a_record_that_comes_through_later_closes_its_error(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    world.faults.add("schema_drift", op="messages.list", set={"created_at": None})
    await tower.sync()
    await tower.rows(f"{RETRY_NOW} RETURNING 1")

    result = await tower.sync()

    assert (result.status, await tower.errors()) == ("ok", [])
    assert len(await tower.errors("resolved")) == 1
    assert await tower.live("cw_messages") == {"1"}


@pytest.mark.parametrize(
    ("op", "drift", "table"),
    [
        ("conversations.list", {"status": None}, "cw_conversations"),
        ("contacts.list", {"name": 5}, "cw_contacts"),
    ],
)
async def test_a_list_is_read_again_for_the_sake_of_a_rejected_record(
    tower: Tower, world: World, talk: Talk, op: str, drift: dict[str, Any], table: str
) -> None:
    talk("One")
    world.faults.add("schema_drift", op=op, set=drift)
    world.add_contact(name="Bob", email="bob@client.example")
    first = await tower.sync()
    await tower.rows(f"{RETRY_NOW} RETURNING 1")

    second = await tower.sync()

    assert (first.status, second.status) == ("partial", "ok")
    assert await tower.live(table) == ({"1"} if table == "cw_conversations" else {"1", "2"})


async def test_a_message_that_can_no_longer_be_read_is_not_taken_for_deleted(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    await tower.sync()
    world.clock.advance(10)
    world.edit_message(1, "Two")
    world.faults.add("schema_drift", op="messages.list", set={"message_type": 99})

    await tower.sync()

    assert await tower.live("cw_messages") == {"1"}


async def test_while_a_message_without_an_id_is_served_nothing_is_taken_for_deleted(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    await tower.sync()
    world.clock.advance(10)
    world.edit_message(1, "Two")
    world.faults.add("schema_drift", op="messages.list", set={"id": None})

    await tower.sync()

    assert await tower.live("cw_messages") == {"1"}


async def test_after_five_attempts_an_error_waits_for_a_person(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    world.faults.add("status", op="messages.list", times=None, code=422)
    waits = []
    for _ in range(4):
        await tower.sync()
        error = (await tower.errors())[0]
        waits.append(error["next_retry_at"] - error["last_seen_at"])
    await tower.sync()

    assert waits == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 240)]
    dead = await tower.errors("dead_letter")
    assert [(row["attempt"], row["next_retry_at"]) for row in dead] == [(5, None)]


async def test_a_dead_letter_is_tried_again_only_by_hand(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One")
    world.faults.add("status", op="messages.list", times=5, code=422)
    for _ in range(5):
        await tower.sync()

    by_clock = await tower.sync(by="schedule")
    by_hand = await tower.sync()

    assert (by_clock.status, by_hand.status) == ("partial", "ok")


async def test_one_conversation_that_fails_does_not_stop_the_others(
    tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(6):
        talk("Hello", name=f"P{number}")
    world.faults.add("html_error", op="messages.list", nth=2)

    result = await tower.sync()

    assert (result.status, len(await tower.live("cw_messages"))) == ("ok", 6)


async def test_a_rate_limit_stops_everything_until_it_is_over(
    tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(4):
        talk("Hello", name=f"P{number}")
    world.faults.add("ratelimit", op="messages.list", nth=3)

    with pytest.raises(Upstream) as caught:
        await tower.sync()
    asked = len(world.journal)
    with pytest.raises(Upstream) as again:
        await tower.sync()

    state = await tower.state("messages")
    assert caught.value.retry_after is not None
    assert timedelta(seconds=60) <= caught.value.retry_after <= timedelta(seconds=63)
    assert (state["status"], state["until_at"] is None) == ("rate_limited", False)
    assert state["cause"] == "Chatwoot failed: HTTP 429, too many requests"
    assert (again.value.kind, len(world.journal)) == ("rate_limit", asked)
    assert again.value.retry_after is not None
    assert len(await tower.live("cw_messages")) >= 2


async def test_the_token_of_an_agent_is_refused_loudly(tower: Tower, talk: Talk) -> None:
    talk("Hello")
    tower.token = "agent"

    with pytest.raises(UpstreamRejected, match="role agent"):
        await tower.sync()

    state = await tower.state("messages")
    assert state["status"] == "auth_failed"
    assert len(await tower.errors()) == 1
    for word in ("access token", "administrator", "underscores_in_headers"):
        assert word in state["next_step"]
    assert await tower.live("cw_conversations") == set()


async def test_a_token_that_expires_in_the_middle_stops_the_run(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.faults.add("token_expired", op="conversations.list", nth=2)

    with pytest.raises(UpstreamRejected, match="401"):
        await tower.sync()

    assert await tower.live("cw_conversations") == {"1"}
    assert (await tower.state("conversations"))["status"] == "auth_failed"


@pytest.mark.parametrize("kind", ["html_error", "truncate_json", "drop", "timeout"])
async def test_a_failed_page_moves_no_checkpoint(
    tower: Tower, world: World, talk: Talk, kind: str
) -> None:
    talk("Hello")
    await tower.sync()
    before = (await tower.state("conversations"))["checkpoint"]
    world.clock.advance(600)
    world.add_message(1, "Anybody?")
    world.faults.add(kind, op="conversations.list")

    with pytest.raises(Upstream) as caught:
        await tower.sync()

    state = await tower.state("conversations")
    assert caught.value.retryable
    assert (state["checkpoint"], state["status"]) == (before, "failing")
    assert (await tower.errors())[0]["kind"] in {"server", "network"}


async def test_after_the_outage_nothing_is_missing_and_the_error_is_closed(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    world.clock.advance(600)
    world.add_message(1, "Anybody?")
    world.faults.add("html_error", op="conversations.list")
    with pytest.raises(Upstream):
        await tower.sync()
    world.clock.advance(3600)

    await tower.sync()

    assert await tower.live("cw_messages") == {"1", "2"}
    assert (await tower.errors(), (await tower.state("conversations"))["status"]) == ([], "ok")


async def test_contacts_that_fail_leave_the_rest_to_go_on(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.faults.add("html_error", op="contacts.list")

    result = await tower.sync()

    assert (result.status, await tower.live("cw_messages")) == ("partial", {"1"})
    assert (await tower.state("contacts"))["status"] == "failing"


async def test_a_page_that_comes_twice_hides_nothing(
    tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(60):
        talk("Hello", name=f"P{number}")
    world.faults.add("duplicate_page", op="conversations.list", page=2)
    world.faults.add("duplicate_page", op="contacts.list", page=3)

    await tower.sync()

    assert len(await tower.live("cw_conversations")) == 60
    assert len(await tower.live("cw_contacts")) == 60


async def test_a_row_that_vanishes_between_pages_hides_no_other(
    tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(60):
        talk("Hello", name=f"P{number}")
    tower.wire.after("conversations.list", lambda: world.delete_conversation(3))

    await tower.sync()

    assert len(await tower.live("cw_conversations")) == 59


async def test_a_listing_with_holes_does_not_count_as_read(
    tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(30):
        talk("Hello", name=f"P{number}")
    world.faults.add("duplicate_page", op="conversations.list", page=2, times=None)

    with pytest.raises(Upstream, match="holes"):
        await tower.sync()
    world.faults.clear()
    await tower.sync()

    assert len(await tower.live("cw_conversations")) == 30


async def test_without_credentials_the_streams_are_off(tower: Tower) -> None:
    result = await tower.sync(access=nothing())

    state = await tower.state("messages")
    assert (result.status, state["status"]) == ("skipped", "disabled")
    assert "CHATWOOT_BASE_URL" in state["next_step"]


async def test_a_project_without_inboxes_asks_for_nothing(other_tower: Tower) -> None:
    result = await other_tower.sync()

    state = await other_tower.state("messages")
    assert (result.status, state["status"]) == ("skipped", "idle")
    assert "mayak project bind" in state["next_step"]
    assert other_tower.wire.requests == 0


async def test_the_token_is_in_no_error_and_in_no_state(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    tower.token = "very-secret-token"
    world.faults.add("status", op="profile.show", code=401, body={"error": "very-secret-token"})

    with pytest.raises(Upstream) as caught:
        await tower.sync()

    kept: list[Any] = await tower.rows("SELECT * FROM connector_errors")
    kept += await tower.rows("SELECT * FROM connector_sync_state")
    assert "very-secret-token" not in str(kept) + str(caught.value)


async def test_a_run_whose_lease_is_over_has_stalled(tower: Tower, talk: Talk) -> None:
    from mayak.sync.queries import streams_by_status

    talk("Hello")
    await tower.sync()
    async with tower.database.transaction(tower.project) as conn:
        await execute(
            conn,
            "UPDATE connector_sync_state SET status = 'running', lease_until = now() "
            "- interval '1 second' WHERE stream = 'messages'",
        )
        found = await streams_by_status(conn)

    assert found == {"ok": 3, "stalled": 1}


async def test_an_address_that_is_no_chatwoot_is_said_to_be_wrong(tower: Tower) -> None:
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json={"hello": "world"}))
    )
    access = chatwoot(http, base_url="http://sandbox/chatwoot", token="admin", account_id=1)

    with pytest.raises(UpstreamRejected):
        await tower.sync(access=access)

    assert "base address" in (await tower.state("inboxes"))["next_step"]


async def test_an_inbox_out_of_sight_deletes_nothing(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", inbox=2)
    await tower.sync()
    world.faults.add("permission_loss", inbox_id=2, times=None)

    result = await tower.sync()

    assert await tower.live("cw_inboxes_raw") == {"1", "2"}
    assert await tower.live("cw_messages") == {"1"}
    assert (result.status, (await tower.state("messages"))["status"]) == ("partial", "partial")
