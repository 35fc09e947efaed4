"""Lists of conversations, and one alone."""

from typing import Any

import httpx
import pytest

from mayak.sandbox.rows import Contact
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def talks(world: World, helen: Contact) -> World:
    """Thirty conversations in inbox 1, a minute apart, each with one message; the last resolved."""
    for _ in range(30):
        world.clock.advance(60)
        row = world.add_conversation(inbox_id=1, contact_id=helen.id)
        world.add_message(row.display_id, "Hello")
    world.set_status(30, "resolved")
    return world


async def listed(client: httpx.AsyncClient, **params: str | int) -> list[int]:
    response = await client.get("/conversations", params=params)
    return [row["id"] for row in response.json()["data"]["payload"]]


async def test_only_open_ones_are_listed_unless_asked_for_all(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    everything = {
        *await listed(chatwoot, status="all"),
        *await listed(chatwoot, status="all", page=2),
    }

    assert 30 not in {*await listed(chatwoot), *await listed(chatwoot, page=2)}
    assert everything == set(range(1, 31))


async def test_a_page_has_twenty_five_and_there_is_no_page_number_in_it(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    response = await chatwoot.get("/conversations", params={"status": "all"})

    assert len(response.json()["data"]["payload"]) == 25
    assert response.json()["data"]["meta"] == {
        "mine_count": 0,
        "assigned_count": 0,
        "unassigned_count": 30,
        "all_count": 30,
    }
    assert await listed(chatwoot, status="all", page=2) == [5, 4, 3, 2, 1]
    assert await listed(chatwoot, status="all", page=3) == []


@pytest.mark.parametrize(
    ("sort_by", "first"),
    [
        ("last_activity_at_desc", [30, 29, 28]),
        ("last_activity_at_asc", [1, 2, 3]),
        ("created_at_asc", [1, 2, 3]),
        ("created_at_desc", [30, 29, 28]),
        ("priority_desc", [7, 4, 30]),
        ("waiting_since_asc", [1, 2, 3]),
        ("no such order", [30, 29, 28]),
    ],
)
async def test_order(
    chatwoot: httpx.AsyncClient, talks: World, sort_by: str, first: list[int]
) -> None:
    talks.update_conversation((1, 4), priority="low")
    talks.update_conversation((1, 7), priority="urgent")

    assert (await listed(chatwoot, status="all", sort_by=sort_by))[:3] == first


async def test_updated_within_ignores_the_page_and_gives_everything_changed(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.clock.advance(3_600)
    for display_id in range(1, 29):
        talks.update_conversation((1, display_id), custom_attributes={"vip": True})

    changed = await listed(chatwoot, status="all", updated_within=600, page=7)

    assert sorted(changed) == list(range(1, 29))


async def test_an_edited_message_makes_its_conversation_change_but_not_rise(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.clock.advance(3_600)
    talks.edit_message(3, "Hello (edited)")

    assert await listed(chatwoot, status="all", updated_within=60) == [3]
    assert (await listed(chatwoot, status="all"))[0] == 30


async def test_lists_can_be_narrowed(chatwoot: httpx.AsyncClient, talks: World) -> None:
    talks.update_conversation((1, 5), assignee_id=1, labels=("billing",))
    talks.update_conversation((1, 6), assignee_id=2, labels=("delivery",))
    talks.add_message(9, "Where is the INVOICE?")

    assert await listed(chatwoot, assignee_type="me") == [5]
    assert sorted(await listed(chatwoot, assignee_type="assigned")) == [5, 6]
    assert await listed(chatwoot, **{"labels[]": "delivery"}) == [6]
    assert await listed(chatwoot, q="invoice") == [9]
    assert await listed(chatwoot, inbox_id=2) == []


async def test_counts_alone(chatwoot: httpx.AsyncClient, talks: World) -> None:
    response = await chatwoot.get("/conversations/meta", params={"status": "resolved"})

    assert response.json()["meta"]["all_count"] == 1


def filter_by(key: str, operator: str, *values: Any, then: str | None = None) -> dict[str, Any]:
    return {
        "attribute_key": key,
        "filter_operator": operator,
        "values": list(values),
        "query_operator": then,
    }


async def test_the_filter_answers_in_an_envelope_of_its_own(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    payload = [filter_by("status", "equal_to", "resolved")]
    response = await chatwoot.post("/conversations/filter", json={"payload": payload})

    assert response.json().keys() == {"meta", "payload"}
    assert [row["id"] for row in response.json()["payload"]] == [30]


async def test_and_binds_before_or(chatwoot: httpx.AsyncClient, talks: World) -> None:
    payload = [
        filter_by("display_id", "equal_to", 1, then="OR"),
        filter_by("display_id", "equal_to", 2, 3, then="AND"),
        filter_by("status", "equal_to", "resolved"),
    ]
    response = await chatwoot.post("/conversations/filter", json={"payload": payload})

    assert [row["id"] for row in response.json()["payload"]] == [1]


async def test_dates_have_the_grain_of_a_day(chatwoot: httpx.AsyncClient, talks: World) -> None:
    async def after(day: str) -> int:
        payload = [filter_by("last_activity_at", "is_greater_than", day)]
        response = await chatwoot.post("/conversations/filter", json={"payload": payload})
        return int(response.json()["meta"]["all_count"])

    assert await after("2026-02-28") == 30
    assert await after("2026-03-01") == 0


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ([filter_by("updated_at", "is_greater_than", "2026-03-01")], "Invalid attribute key"),
        ([filter_by("status", "contains", "open")], "Invalid operator"),
        ([filter_by("status", "equal_to")], "Invalid value"),
        ([], "param is missing"),
    ],
)
async def test_a_bad_filter_is_a_422_with_an_error(
    chatwoot: httpx.AsyncClient, talks: World, payload: list[Any], complaint: str
) -> None:
    response = await chatwoot.post("/conversations/filter", json={"payload": payload})

    assert response.status_code == 422
    assert complaint in response.json()["error"]


async def test_one_alone_is_a_bare_object_with_its_last_message_only(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.add_message(1, "Still there?")
    row = (await chatwoot.get("/conversations/1")).json()

    assert (row["id"], row["status"], row["meta"]["channel"]) == (1, "open", "Channel::Email")
    assert [message["content"] for message in row["messages"]] == ["Still there?"]
    assert row["meta"]["sender"]["email"] == "helen@client.example"


async def test_times_are_whole_seconds_but_updated_at_is_a_float_and_never_is_zero(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.clock.advance(0.25)
    talks.edit_message(1, "edited")
    row = (await chatwoot.get("/conversations/1")).json()

    assert row["created_at"] == row["timestamp"] == row["last_activity_at"] == 1_772_366_460
    assert row["updated_at"] == 1_772_368_200.25
    assert (row["first_reply_created_at"], row["snoozed_until"]) == (0, None)
    assert isinstance(row["waiting_since"], int)


async def test_snoozed_until_is_iso(chatwoot: httpx.AsyncClient, talks: World) -> None:
    talks.set_status(1, "snoozed", snoozed_until=1_772_400_000)

    row = (await chatwoot.get("/conversations/1")).json()
    assert (row["status"], row["snoozed_until"]) == ("snoozed", "2026-03-01T21:20:00.000Z")


async def test_labels_are_replaced_as_a_whole(chatwoot: httpx.AsyncClient, talks: World) -> None:
    await chatwoot.post("/conversations/1/labels", json={"labels": ["a", "b"]})
    await chatwoot.post("/conversations/1/labels", json={"labels": ["b", "c"]})

    assert (await chatwoot.get("/conversations/1/labels")).json() == {"payload": ["b", "c"]}


async def test_a_status_is_toggled_and_leaves_an_activity_row(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    response = await chatwoot.post("/conversations/1/toggle_status", json={})

    assert response.json()["payload"]["current_status"] == "resolved"
    last = (await chatwoot.get("/conversations/1/messages")).json()["payload"][-1]
    assert (last["content"], last["message_type"]) == ("Conversation was marked resolved by Ada", 2)


async def test_a_conversation_can_be_begun(
    chatwoot: httpx.AsyncClient, world: World, helen: Contact
) -> None:
    body = {"inbox_id": 2, "contact_id": helen.id, "message": {"content": "Good news"}}
    response = await chatwoot.post("/conversations", json=body)

    assert response.json()["messages"][0]["content"] == "Good news"
    assert world.conversation(response.json()["id"]).first_reply_created_at > 0


async def test_deleting_one_is_for_ever(chatwoot: httpx.AsyncClient, talks: World) -> None:
    assert (await chatwoot.delete("/conversations/30")).status_code == 200

    assert (await chatwoot.get("/conversations/30")).status_code == 404
    assert talks.timeline((1, 30)) == []
    assert 30 not in talks.messages
