"""Paging through the messages of one conversation."""

import httpx
import pytest

from mayak.sandbox.rows import Contact, Conversation
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def talk(world: World, helen: Contact) -> Conversation:
    """Conversation 1 with messages 1 to 130, one a second."""
    row = world.add_conversation(inbox_id=1, contact_id=helen.id)
    for number in range(1, 131):
        world.clock.advance(1)
        world.add_message(row.display_id, f"line {number}")
    return row


async def ids(client: httpx.AsyncClient, **params: str | int) -> list[int]:
    response = await client.get("/conversations/1/messages", params=params)
    return [row["id"] for row in response.json()["payload"]]


async def test_without_parameters_the_latest_twenty_come_oldest_first(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    assert await ids(chatwoot) == list(range(111, 131))


async def test_before_gives_the_twenty_below_an_id(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    assert await ids(chatwoot, before=50) == list(range(30, 50))


async def test_after_gives_a_hundred_above_an_id_and_zero_is_an_id(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    assert await ids(chatwoot, after=0) == list(range(1, 101))
    assert await ids(chatwoot, after=100) == list(range(101, 131))
    assert await ids(chatwoot, after=130) == []


async def test_with_both_the_lower_end_is_included(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    assert await ids(chatwoot, after=5, before=9) == [5, 6, 7, 8]


async def test_with_both_a_thousand_come_at_once(
    chatwoot: httpx.AsyncClient, world: World, talk: Conversation
) -> None:
    for number in range(1_000):
        world.add_message(1, f"more {number}")

    assert len(await ids(chatwoot, after=1, before=5_000)) == 1_000


async def test_imported_history_is_chosen_by_id_but_ordered_and_cut_by_time(
    chatwoot: httpx.AsyncClient, world: World, talk: Conversation
) -> None:
    old = world.add_message(1, "imported", created_at=world.clock.timestamp() - 86_400)

    page = await ids(chatwoot, after=20)

    assert page[0] == old.id == 131
    assert page[1:] == list(range(21, 120)), "so the last id of a page is no place to go on from"


async def test_internal_rows_can_be_left_out(
    chatwoot: httpx.AsyncClient, world: World, talk: Conversation
) -> None:
    note = world.add_message(1, "psst", message_type="outgoing", sender_id=1, private=True)
    activity = world.add_message(1, "Ada was assigned", message_type="activity")

    assert {note.id, activity.id} <= set(await ids(chatwoot, after=100))
    assert not {note.id, activity.id} & set(
        await ids(chatwoot, after=100, filter_internal_messages="true")
    )


async def test_a_row_has_seconds_numbers_and_a_sender_but_no_updated_at(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    response = await chatwoot.get("/conversations/1/messages", params={"before": 2})
    (row,) = response.json()["payload"]

    assert (row["message_type"], row["private"], row["content_type"]) == (0, False, "text")
    assert row["created_at"] == 1_772_366_401
    assert row["sender"]["type"] == "contact"
    assert not {"updated_at", "account_id"} & row.keys()


async def test_activity_has_no_sender(
    chatwoot: httpx.AsyncClient, world: World, talk: Conversation
) -> None:
    world.add_message(1, "Conversation was opened", message_type="activity")
    response = await chatwoot.get("/conversations/1/messages")

    assert response.json()["payload"][-1]["message_type"] == 2
    assert "sender" not in response.json()["payload"][-1]


async def test_deleting_leaves_a_tombstone_and_touches_the_conversation(
    chatwoot: httpx.AsyncClient, world: World, talk: Conversation
) -> None:
    active, touched = world.conversation(1).last_activity_at, world.conversation(1).updated_at
    world.clock.advance(60)

    assert (await chatwoot.delete("/conversations/1/messages/7")).status_code == 200

    response = await chatwoot.get("/conversations/1/messages", params={"after": 7, "before": 8})
    (row,) = response.json()["payload"]
    assert row["content"] == "This message was deleted"
    assert row["content_attributes"] == {"deleted": True}
    assert world.conversation(1).updated_at == touched + 60
    assert world.conversation(1).last_activity_at == active


async def test_a_message_of_another_conversation_is_not_found_here(
    chatwoot: httpx.AsyncClient, world: World, helen: Contact, talk: Conversation
) -> None:
    world.add_conversation(inbox_id=1, contact_id=helen.id)

    assert (await chatwoot.delete("/conversations/2/messages/7")).status_code == 404


async def test_saying_something_answers_with_the_row_and_the_echo(
    chatwoot: httpx.AsyncClient, talk: Conversation
) -> None:
    response = await chatwoot.post(
        "/conversations/1/messages", json={"content": "Hello!", "echo_id": "ours-1"}
    )

    said = response.json()
    assert (said["content"], said["message_type"], said["echo_id"]) == ("Hello!", 1, "ours-1")
    assert said["sender"]["name"] == "Ada"
    assert await ids(chatwoot, after=130) == [said["id"]]


async def test_incoming_messages_may_be_written_in_api_inboxes_only(
    chatwoot: httpx.AsyncClient, world: World, helen: Contact, talk: Conversation
) -> None:
    world.add_conversation(inbox_id=2, contact_id=helen.id)
    incoming = {"content": "Hi", "message_type": "incoming"}

    assert (await chatwoot.post("/conversations/1/messages", json=incoming)).status_code == 422
    written = await chatwoot.post("/conversations/2/messages", json=incoming)
    assert (written.json()["message_type"], written.json()["sender"]["id"]) == (0, helen.id)
