"""Tries of single things again at Chatwoot, where a message comes with its conversation."""

from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.clock import Clock
from mayak.sandbox.world import World
from tests.sync.conftest import NOON, Talk
from tests.sync.failing import Patient

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    world = World(Clock(NOON, frozen=True))
    world.add_inbox(name="Mail", channel_type="Channel::Email", email="hello@studio.example")
    world.add_agent(name="Ada", email="ada@studio.example", token="admin", role="administrator")
    return world


@pytest.fixture
async def studio(database: Database, project: UUID, world: World) -> Patient:
    studio = Patient(database, project, world, chatwoot="admin")
    await studio.bind("chatwoot")
    return studio


async def test_a_message_is_read_with_its_conversation_and_no_other(
    studio: Patient, world: World, talk: Talk
) -> None:
    for number in range(3):
        talk("Hello", name=f"P{number}")
    world.faults.add("schema_drift", op="messages.list", nth=2, set={"created_at": "yesterday"})
    await studio.sync("chatwoot")
    await studio.make_due()
    before = studio.last_call()

    result = await studio.retry()

    assert (result.status, await studio.errors()) == ("ok", [])
    assert len(await studio.live("message")) == 3
    assert studio.asked(before).count("messages.list") == 1
    assert "conversations.list" not in studio.asked(before)
    assert (await studio.state("messages"))["status"] == "ok"


async def test_a_message_without_an_id_closes_its_error_when_it_has_one(
    studio: Patient, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.faults.add("schema_drift", op="messages.list", set={"id": None})
    await studio.sync("chatwoot")
    await studio.make_due()
    open_before = await studio.errors()

    await studio.retry()

    assert ([one["external_id"] for one in open_before], await studio.errors()) == ([None], [])
    assert await studio.live("message") == {"1"}


@pytest.mark.parametrize(
    ("op", "drift", "kind"),
    [
        ("conversations.list", {"status": None}, "conversation"),
        ("contacts.list", {"name": 5}, "contact"),
    ],
)
async def test_a_rejected_row_of_a_list_is_asked_for_by_its_id(
    studio: Patient, world: World, talk: Talk, op: str, drift: dict[str, object], kind: str
) -> None:
    talk("Hello")
    world.add_contact(name="Bob", email="bob@client.example")
    world.faults.add("schema_drift", op=op, set=drift)
    await studio.sync("chatwoot")
    await studio.make_due()
    before = studio.last_call()

    result = await studio.retry()

    assert (result.status, await studio.errors()) == ("ok", [])
    assert len(await studio.live(kind)) == (1 if kind == "conversation" else 2)
    assert op not in studio.asked(before)


async def test_one_that_still_does_not_fit_counts_one_attempt_more(
    studio: Patient, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.faults.add("schema_drift", op="messages.list", times=2, set={"created_at": "x"})
    await studio.sync("chatwoot")
    await studio.make_due()

    result = await studio.retry()

    error = await studio.error()
    assert (error["status"], error["attempt"], result.counters["failed"]) == ("pending", 2, 1)


async def test_a_conversation_that_is_gone_becomes_a_tombstone(
    studio: Patient, world: World, talk: Talk
) -> None:
    first, _ = talk("Hello"), talk("Bye", name="Bob")
    world.faults.add("status", op="messages.list", times=2, code=422)
    await studio.sync("chatwoot")
    world.delete_conversation(first)
    await studio.make_due()

    result = await studio.retry()

    assert await studio.live("conversation") == {"2"}
    assert (result.status, await studio.errors()) == ("ok", [])


async def test_the_token_of_an_agent_resolves_nothing(
    studio: Patient, world: World, talk: Talk
) -> None:
    """It would see a part of what there is, and take the rest for gone."""
    talk("Hello")
    world.add_agent(name="Ben", email="ben@studio.example", token="agent", inbox_ids=[])
    world.faults.add("schema_drift", op="messages.list", set={"created_at": "x"})
    await studio.sync("chatwoot")
    await studio.make_due()
    studio.tokens["chatwoot"] = "agent"

    await studio.retry()

    assert await studio.live("conversation") == {"1"}
    assert [one["attempt"] for one in await studio.errors_of("messages")] == [1]
