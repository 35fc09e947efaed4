"""What edits do to the rows around them."""

import pytest

from mayak.sandbox.rows import Contact, Conversation
from mayak.sandbox.world import UnknownRow, World


@pytest.fixture
def talk(world: World, helen: Contact) -> Conversation:
    return world.add_conversation(inbox_id=1, contact_id=helen.id)


def test_only_activity_moves_the_last_activity(world: World, talk: Conversation) -> None:
    said = world.add_message(1, "Hello")
    active = world.conversation(1).last_activity_at
    world.clock.advance(10)
    world.edit_message(said.id, "Hello!")

    assert world.conversation(1).last_activity_at == active
    assert world.conversation(1).updated_at == active + 10


def test_a_client_who_writes_reopens_a_resolved_conversation(
    world: World, talk: Conversation
) -> None:
    world.set_status(1, "resolved")
    world.add_message(1, "One more thing")

    assert world.conversation(1).status == "open"


def test_a_private_note_is_no_reply(world: World, talk: Conversation) -> None:
    world.add_message(1, "Hello?")
    world.add_message(1, "note", message_type="outgoing", sender_id=1, private=True)
    waiting = world.conversation(1)
    world.clock.advance(60)
    world.add_message(1, "Hello!", message_type="outgoing", sender_id=1)
    answered = world.conversation(1)

    assert (waiting.first_reply_created_at, waiting.waiting_since) == (0, talk.created_at)
    assert (answered.first_reply_created_at, answered.waiting_since) == (talk.created_at + 60, 0)


def test_writing_moves_the_contacts_last_activity(world: World, helen: Contact) -> None:
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    world.clock.advance(5)
    world.add_message(1, "Hello")

    assert world.contact(helen.id).last_activity_at == helen.created_at + 5


def test_numbers_are_not_given_twice(world: World, talk: Conversation) -> None:
    first = world.add_message(1, "Hello")
    world.delete_conversation(1)
    again = world.add_conversation(inbox_id=1, contact_id=1)

    assert again.display_id == 2
    assert world.add_message(2, "Hello").id == first.id + 1


def test_what_is_not_there_cannot_be_edited(world: World) -> None:
    for edit in (
        lambda: world.add_message(7, "Hello"),
        lambda: world.delete_message(7),
        lambda: world.update_contact(7, name="Nobody"),
        lambda: world.add_conversation(inbox_id=1, contact_id=7),
    ):
        with pytest.raises(UnknownRow):
            edit()


def test_a_copy_stays_as_it_was(world: World, talk: Conversation) -> None:
    said = world.add_message(1, "Hello")
    copy = world.copy()
    world.add_message(1, "More")
    world.edit_message(said.id, "Changed")

    assert [row.content for row in copy.messages_of(talk.key)] == ["Hello"]
    assert [row.content for row in world.messages_of(talk.key)] == ["Changed", "More"]


def test_display_ids_are_counted_per_account(world: World, helen: Contact) -> None:
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    foreign = world.add_conversation(inbox_id=1, contact_id=helen.id, account_id=2)

    assert foreign.display_id == 1
