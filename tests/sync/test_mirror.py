"""The copy follows the source: new, changed, deleted, back again; and nothing else is written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayak.sandbox.world import World
from mayak.sync import service
from tests.sources import chatwoot
from tests.sync.conftest import Talk, Tower

ROOT = "http://sandbox"
"""The same Chatwoot under another address."""

pytestmark = pytest.mark.anyio


async def test_everything_is_copied_whatever_its_status(
    tower: Tower, world: World, talk: Talk
) -> None:
    for status in ("open", "resolved", "pending", "snoozed"):
        world.set_status(talk("Hello", name=status), status)

    result = await tower.sync()

    assert await tower.live("cw_conversations") == {"1", "2", "3", "4"}
    assert (result.status, result.counters["messages"]) == ("ok", 4)


async def test_a_listing_goes_on_to_its_last_page(tower: Tower, talk: Talk) -> None:
    for number in range(51):
        talk("Hello", name=f"P{number}")

    await tower.sync()

    assert len(await tower.live("cw_conversations")) == 51
    assert len(await tower.live("cw_contacts")) == 51


async def test_an_unchanged_source_writes_nothing(tower: Tower, talk: Talk) -> None:
    talk("Hello", "Anybody there?")
    await tower.sync()
    before = await tower.rows("SELECT xmin, ctid, revision FROM cw_messages")

    result = await tower.sync()

    changed = {name: result.counters[name] for name in ("contacts", "conversations", "messages")}
    assert changed == {"contacts": 0, "conversations": 0, "messages": 0}
    assert await tower.rows("SELECT xmin, ctid, revision FROM cw_messages") == before


async def test_reading_an_unchanged_conversation_again_writes_no_message(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", "Anybody there?")
    await tower.sync()
    world.clock.advance(10)
    world.update_conversation((1, 1))

    result = await tower.sync()

    assert result.counters["messages_unchanged"] == 2
    assert result.counters["messages"] == 0


async def test_an_edit_deep_in_the_history_is_seen(tower: Tower, world: World, talk: Talk) -> None:
    talk(*(f"Line {number}" for number in range(250)))
    await tower.sync()
    revision = (await tower.message(3))["revision"]
    world.clock.advance(3600)
    world.edit_message(3, "Line three")

    result = await tower.sync()

    row = await tower.message(3)
    assert (row["content"], result.counters["messages_written"]) == ("Line three", 1)
    assert row["revision"] > revision


async def test_a_touch_leaves_what_was_derived_up_to_date(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    before = await tower.rows("SELECT revision, source_updated_at FROM cw_conversations")
    world.clock.advance(10)
    world.edit_message(1, "Hello!")
    await tower.sync()

    after = await tower.rows("SELECT revision, source_updated_at FROM cw_conversations")

    assert after[0]["revision"] == before[0]["revision"]
    assert after[0]["source_updated_at"] > before[0]["source_updated_at"]


async def test_a_deleted_message_becomes_a_tombstone_without_words(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("My password is 1234")
    await tower.sync()
    world.clock.advance(10)
    world.delete_message(1)

    result = await tower.sync()

    row = await tower.message(1)
    assert (row["content"], row["deleted_at"] is None) == (None, False)
    assert row["payload"]["content_attributes"] == {"deleted": True}
    assert result.counters["messages_deleted"] == 1


async def test_a_deletion_that_is_taken_back_is_undone(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.delete_message(1)
    await tower.sync()
    world.clock.advance(10)
    world.edit_message(1, "Hello", content_attributes={})

    await tower.sync()

    row = await tower.message(1)
    assert (row["content"], row["deleted_at"]) == ("Hello", None)


async def test_a_message_that_is_no_longer_served_is_gone_and_may_come_back(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("One", "Two", "Three")
    elsewhere = talk(inbox=2, name="Bob")
    await tower.bind(1)
    await tower.sync()
    two = world.message(2)
    world.clock.advance(10)
    world.put_message(replace(two, conversation_id=elsewhere))
    world.update_conversation((1, 1))
    await tower.sync()
    gone = await tower.live("cw_messages")
    world.clock.advance(10)
    world.put_message(two)
    world.update_conversation((1, 1))
    await tower.sync()

    assert gone == {"1", "3"}
    assert await tower.live("cw_messages") == {"1", "2", "3"}


async def test_private_notes_stay_private(tower: Tower, world: World, talk: Talk) -> None:
    talk("Hello")
    world.add_message(1, "They never pay", message_type="outgoing", sender_id=1, private=True)

    await tower.sync()

    rows = await tower.rows("SELECT private, sender_kind FROM cw_messages ORDER BY external_id")
    assert [(row["private"], row["sender_kind"]) for row in rows] == [
        (False, "contact"),
        (True, "agent"),
    ]


async def test_a_conversation_of_thousands_in_an_imported_order_is_whole(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk()
    at = world.clock.timestamp()
    for number in range(2300):
        # Two imports and what was said since: ids rise while times jump back and forth.
        world.add_message(1, f"Line {number}", created_at=at - (number * 7919) % 2300)

    result = await tower.sync()

    assert len(await tower.live("cw_messages")) == 2300
    assert result.counters["messages_written"] == 2300


async def test_nul_characters_and_very_long_texts_are_kept(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("broken\x00mail", "ж" * 150_000)

    result = await tower.sync()

    assert result.status == "ok"
    assert (await tower.message(1))["content"] == "brokenmail"
    assert (await tower.message(2))["content"] == "ж" * 150_000


async def test_attachments_come_and_go_with_their_message(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk()
    file = {
        "id": 9,
        "message_id": 1,
        "file_type": "image",
        "file_size": 5,
        "data_url": "http://f/9",
    }
    world.add_message(1, "Look", attachments=(file,))
    await tower.sync()
    there = await tower.live("cw_attachments_raw")
    world.clock.advance(10)
    world.delete_message(1)
    await tower.sync()

    assert (there, await tower.live("cw_attachments_raw")) == ({"9"}, set())


async def test_visitors_without_a_name_are_known_from_their_conversations(
    tower: Tower, talk: Talk
) -> None:
    talk("Hi", name="misty-river-18", known=False)

    await tower.sync()

    rows = await tower.rows("SELECT name, email FROM cw_contacts")
    assert rows == [{"name": "misty-river-18", "email": None}]


async def test_the_embedded_form_of_a_contact_erases_nothing(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    world.clock.advance(10)
    world.update_contact(1, name="Helen Hill")
    world.update_conversation((1, 1), status="resolved")

    await tower.sync()

    row = (await tower.rows("SELECT name, email, payload FROM cw_contacts"))[0]
    assert (row["name"], row["email"]) == ("Helen Hill", "helen@client.example")
    assert row["payload"]["contact_inboxes"]


async def test_contacts_are_listed_once_a_day(tower: Tower, world: World, talk: Talk) -> None:
    talk("Hello")
    await tower.sync()
    world.add_contact(name="Late", email="late@client.example")
    world.clock.advance(timedelta(hours=23).total_seconds())
    await tower.sync()
    before = await tower.live("cw_contacts")
    world.clock.advance(timedelta(hours=2).total_seconds())
    await tower.sync()

    assert (before, await tower.live("cw_contacts")) == ({"1"}, {"1", "2"})
    assert len(world.journal.calls("contacts.list")) == 2


async def test_a_long_silence_is_made_up_for_by_a_whole_listing(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    world.clock.advance(timedelta(hours=1).total_seconds())
    await tower.sync()
    world.clock.advance(timedelta(hours=7).total_seconds())
    await tower.sync()

    asked = [call.params for call in world.journal.calls("conversations.list")]
    assert ["updated_within" in params for params in asked] == [False, False, True, False, False]
    assert int(asked[2]["updated_within"]) in range(3600 + 120, 3600 + 122)


async def test_a_conversation_that_is_gone_before_it_is_read_is_buried(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    talk("Goodbye", name="Bob")
    await tower.sync()
    world.clock.advance(10)
    world.add_message(2, "One more thing")
    tower.wire.after("conversations.list", lambda: world.delete_conversation(2))

    result = await tower.sync()

    assert await tower.live("cw_conversations") == {"1"}
    assert await tower.live("cw_messages") == {"1"}
    assert (result.status, result.counters["conversations_deleted"]) == ("ok", 1)


async def test_hard_deletions_are_found_within_a_day(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    talk("Goodbye", name="Bob")
    await tower.sync()
    world.delete_contact(2)
    world.clock.advance(timedelta(hours=25).total_seconds())

    await tower.sync()

    assert await tower.live("cw_conversations") == {"1"}
    assert await tower.live("cw_messages") == {"1"}
    assert await tower.live("cw_contacts") == {"1"}


async def test_a_conversation_that_comes_back_brings_its_messages(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    kept, said = world.conversation(1), world.message(1)
    world.delete_conversation(1)
    world.clock.advance(timedelta(hours=25).total_seconds())
    await tower.sync()
    gone = await tower.live("cw_messages")
    world.put_conversation(kept)
    world.put_message(said)
    world.clock.advance(timedelta(hours=25).total_seconds())
    await tower.sync()

    assert (gone, await tower.live("cw_messages")) == (set(), {"1"})


async def test_another_account_is_read_from_its_start(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    elsewhere = chatwoot(
        httpx.AsyncClient(transport=tower.wire), base_url=ROOT, token="admin", account_id=1
    )
    await service.replace_bindings(
        tower.database, tower.project, "sandbox/1", scope="account", inboxes=[]
    )
    world.journal.clear()

    await tower.sync(access=elsewhere)

    assert "updated_within" not in world.journal.calls("conversations.list")[0].params


async def test_fields_of_a_later_version_are_kept(tower: Tower, world: World, talk: Talk) -> None:
    talk("Hello")
    new: dict[str, Any] = {"mood": {"is": "fine"}, "message_type": 3}
    world.faults.add("schema_drift", op="messages.list", set=new)

    await tower.sync()

    row = await tower.message(1)
    assert (row["payload"]["mood"], row["message_type"]) == ({"is": "fine"}, "template")
