"""What is taken away from a project is gone, whatever is under way meanwhile."""

import asyncio
from typing import Any

import httpx
import pytest

from mayak.platform.db import Conn, fetch_value
from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from mayak.sync import jobs, service
from mayak.sync.queries import bindings
from mayak.sync.service import account_ref
from tests.sources import chatwoot
from tests.sync.conftest import NOON, Talk, Tower

pytestmark = pytest.mark.anyio

COPIES = ("cw_inboxes_raw", "cw_contacts", "cw_conversations", "cw_messages", "cw_attachments_raw")
ANOTHER_MESSAGE = """
INSERT INTO cw_messages (project_id, external_id, conversation_id, message_type, source_created_at,
                         payload, content_hash)
SELECT project_id, '99', conversation_id, message_type, source_created_at, payload, content_hash
  FROM cw_messages WHERE conversation_id = '2'
"""
BURY_TWO = "UPDATE cw_conversations SET deleted_at = now() WHERE inbox_id = '2'"
SOMEBODY_WAITS = """
SELECT EXISTS (SELECT 1 FROM pg_locks
                WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))
"""


@pytest.fixture
def clients(talk: Talk) -> None:
    """Helen writes to inbox 1, Bob to inbox 2."""
    talk("Hello", inbox=1, name="Helen")
    talk("Secret", inbox=2, name="Bob")


async def alive(tower: Tower) -> list[set[str]]:
    return [await tower.live(table) for table in COPIES]


@pytest.mark.parametrize("op", ["contacts.list", "conversations.list", "messages.list"])
async def test_a_page_that_was_asked_for_before_its_inbox_went_is_not_written(
    tower: Tower, other_tower: Tower, clients: None, op: str
) -> None:
    await tower.bind(1, 2)

    async def hand_over() -> None:
        await tower.bind(1)
        await other_tower.bind(2)

    tower.wire.after(op, hand_over)

    result = await tower.sync()

    assert result.status == "ok"
    assert await alive(tower) == [{"1"}, {"1"}, {"1"}, {"1"}, set()]


async def until_somebody_waits(conn: Conn) -> None:
    async with asyncio.timeout(20):
        while not await fetch_value(conn, SOMEBODY_WAITS):  # noqa: ASYNC110  # no event tells
            await asyncio.sleep(0.01)


async def test_taking_away_waits_for_the_page_that_is_being_written(
    tower: Tower, clients: None
) -> None:
    await tower.bind(1, 2)
    await tower.sync()
    async with tower.database.transaction(tower.project) as page:
        await bindings.held(page, tower.project, "chatwoot", "sandbox/chatwoot/1")
        change = asyncio.create_task(tower.bind(1))
        await until_somebody_waits(page)
        await page.execute(ANOTHER_MESSAGE)

    await change

    assert await tower.live("cw_messages") == {"1"}


async def test_an_inbox_that_is_bound_during_a_sync_is_read_by_it(
    tower: Tower, world: World, clients: None
) -> None:
    await tower.bind(1)
    tower.wire.after("conversations.list", lambda: tower.bind(1, 2))

    await tower.sync()

    assert await tower.live("cw_messages") == {"1", "2"}
    assert len(world.journal.calls("contacts.list")) == 2


async def test_a_sync_without_inboxes_left_ends_well(tower: Tower, clients: None) -> None:
    tower.wire.after("messages.list", tower.unbind)

    result = await tower.sync()

    assert (result.status, await alive(tower)) == ("ok", [set()] * 5)


async def test_what_slipped_through_is_buried_by_the_next_sync(tower: Tower, clients: None) -> None:
    await tower.bind(1, 2)
    await tower.sync()
    await tower.bind(1)
    for table in COPIES:
        await tower.rows(f"UPDATE {table} SET deleted_at = NULL RETURNING 1")
    await tower.rows(
        "UPDATE cw_conversations SET deleted_at = now() WHERE inbox_id = '2' RETURNING 1"
    )

    result = await tower.sync()

    assert await alive(tower) == [{"1"}, {"1"}, {"1"}, {"1"}, set()]
    assert result.counters["buried"] == 4


async def test_what_was_unbound_and_bound_at_once_comes_back(
    tower: Tower, world: World, clients: None
) -> None:
    world.clock.advance(3600)
    await tower.bind(1, 2)
    await tower.sync()
    await tower.bind(1)
    await tower.bind(1, 2)

    await tower.sync()

    assert await alive(tower) == [{"1", "2"}, {"1", "2"}, {"1", "2"}, {"1", "2"}, set()]


async def test_inboxes_and_silent_contacts_go_with_what_is_taken_away(
    tower: Tower, world: World, clients: None
) -> None:
    await tower.bind(1, 2)
    await tower.sync()
    world.delete_conversation(2)
    await tower.rows("DELETE FROM cw_conversations WHERE external_id = '2' RETURNING 1")

    await tower.bind(1)

    assert await alive(tower) == [{"1"}, {"1"}, {"1"}, {"1"}, set()]


@pytest.mark.parametrize(
    ("op", "drift"),
    [
        ("inboxes.list", {"name": 5}),
        ("contacts.list", {"name": 5}),
        ("conversations.list", {"status": None}),
        ("messages.list", {"created_at": "yesterday"}),
    ],
)
async def test_errors_that_quote_what_is_taken_away_go_with_it(
    tower: Tower, world: World, talk: Talk, op: str, drift: dict[str, Any]
) -> None:
    talk("Secret", inbox=2, name="Bob")
    world.faults.add("schema_drift", op=op, set=drift, times=None)
    await tower.bind(2)
    await tower.sync()
    before = await tower.errors()
    await tower.bind(1)

    assert (len(before), await tower.errors()) == (1, [])


async def test_errors_of_what_stays_are_kept(tower: Tower, world: World, clients: None) -> None:
    world.faults.add("status", op="messages.list", times=None, code=422)
    world.faults.add("schema_drift", op="contacts.list", times=None, set={"name": 5})
    await tower.bind(1, 2)
    await tower.sync()
    await tower.bind(1)

    left = {row["external_id"] for row in await tower.errors()}

    assert left == {"contact 1", "conversation 1"}


async def test_the_first_sync_after_everything_went_lets_the_cascade_follow(
    tower: Tower, clients: None
) -> None:
    await tower.sync()
    await tower.unbind()

    first, second = await tower.sync(), await tower.sync()

    assert await alive(tower) == [set()] * 5
    assert (first.status, second.status) == ("ok", "skipped")
    assert (await tower.state("messages"))["status"] == "idle"


async def test_burying_what_slipped_through_lets_the_cascade_follow(
    tower: Tower, clients: None
) -> None:
    await tower.sync()
    await tower.unbind()
    await tower.sync()
    await tower.rows("UPDATE cw_messages SET deleted_at = NULL RETURNING 1")

    result = await tower.sync()

    assert (result.status, result.counters["buried"]) == ("ok", 2 + 2)


async def test_another_server_starts_from_nothing_and_mixes_no_ids(
    tower: Tower, clients: None
) -> None:
    await tower.sync()
    other = World(Clock(NOON, frozen=True))
    other.add_inbox(name="Desk", channel_type="Channel::WebWidget")
    other.add_agent(name="Ada", email="ada@other.example", token="admin", role="administrator")
    other.add_conversation(inbox_id=1, contact_id=other.add_contact(name="river-9").id)
    http = httpx.AsyncClient(transport=SandboxTransport(create_app(other)))
    elsewhere = chatwoot(http, base_url="http://sandbox", token="admin", account_id=1)

    await service.bind(tower.database, tower.project, "sandbox/1", kind="account", external_id="1")
    buried = await alive(tower)
    await tower.sync(access=elsewhere)

    assert buried == [set()] * 5
    assert await tower.rows("SELECT account_ref FROM connector_bindings") == [
        {"account_ref": "sandbox/1"}
    ]
    assert await alive(tower) == [{"1"}, {"1"}, {"1"}, set(), set()]
    contact = (await tower.rows("SELECT name, email FROM cw_contacts WHERE external_id = '1'"))[0]
    assert contact == {"name": "river-9", "email": None}


async def test_an_address_that_is_wrong_for_a_while_costs_nothing(
    tower: Tower, clients: None
) -> None:
    await tower.sync()
    before = await alive(tower)
    http = httpx.AsyncClient(transport=tower.wire)
    wrong = chatwoot(http, base_url="http://elsewhere", token="admin", account_id=1)

    await tower.sync(access=wrong)

    assert await alive(tower) == before


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://chat.example.com:443", "chat.example.com/1"),
        ("http://chat.example.com:80/", "chat.example.com/1"),
        ("https://chat.example.com", "chat.example.com/1"),
        ("https://chat.example.com:80", "chat.example.com:80/1"),
        ("http://chat.example.com:3000/desk/", "chat.example.com:3000/desk/1"),
    ],
)
def test_a_port_that_goes_without_saying_is_no_part_of_the_name(
    base_url: str, expected: str
) -> None:
    assert account_ref(base_url, 1) == expected


def test_a_first_sync_may_take_most_of_a_working_day() -> None:
    assert jobs.chatwoot_sync.timeout.total_seconds() == 6 * 3600
