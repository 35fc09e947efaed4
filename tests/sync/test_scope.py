"""A project sees its own inboxes and nothing of another client's."""

import asyncio

import httpx
import pytest

from mayak.errors import InvalidInput
from mayak.sandbox.world import World
from mayak.sync import service
from mayak.sync.model import PartIsTaken
from tests.sources import chatwoot
from tests.sync.conftest import BASE, Talk, Tower

pytestmark = pytest.mark.anyio


async def test_an_inbox_of_another_client_never_arrives(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    talk("Secret", inbox=2, name="Bob")
    talk("Secret", inbox=2, name="river-7", known=False)
    await tower.bind(1)

    await tower.sync()

    assert await tower.live("cw_inboxes_raw") == {"1"}
    assert await tower.live("cw_contacts") == {"1"}
    assert await tower.live("cw_conversations") == {"1"}
    assert await tower.live("cw_messages") == {"1"}
    lists = world.journal.calls("conversations.list")
    assert {call.params["inbox_id"] for call in lists} == {"1"}


async def test_a_person_who_wrote_to_both_is_known_to_both(
    tower: Tower, other_tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    world.add_conversation(inbox_id=2, contact_id=1)
    await tower.bind(1)
    await other_tower.bind(2)

    await tower.sync()
    await other_tower.sync()

    assert await tower.live("cw_conversations") == {"1"}
    assert await other_tower.live("cw_conversations") == {"2"}
    assert await tower.live("cw_contacts") == await other_tower.live("cw_contacts") == {"1"}


async def test_a_bad_record_of_another_client_is_not_quarantined_here(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", inbox=2, name="Bob")
    await tower.bind(1)
    world.faults.add("schema_drift", op="contacts.list", set={"name": ["not", "a", "text"]})

    await tower.sync()

    assert await tower.errors() == []


async def test_an_inbox_that_is_bound_later_is_read_from_its_start(
    tower: Tower, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    talk("Hello", inbox=2, name="Bob")
    await tower.bind(1)
    await tower.sync()
    await tower.bind(1, 2)

    await tower.sync()

    assert await tower.live("cw_messages") == {"1", "2"}
    assert await tower.live("cw_contacts") == {"1", "2"}


async def test_what_is_unbound_disappears_and_comes_back_when_bound_again(
    tower: Tower, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    talk("Hello", inbox=2, name="Bob")
    await tower.bind(1, 2)
    await tower.sync()
    await tower.bind(1)
    left = [await tower.live(name) for name in ("cw_conversations", "cw_messages", "cw_contacts")]
    await tower.sync()
    await tower.bind(1, 2)
    await tower.sync()

    assert left == [{"1"}, {"1"}, {"1"}]
    assert await tower.live("cw_messages") == {"1", "2"}
    assert await tower.live("cw_contacts") == {"1", "2"}


async def test_an_inbox_belongs_to_one_project(tower: Tower, other_tower: Tower) -> None:
    await tower.bind(1)

    with pytest.raises(PartIsTaken, match="inbox 1"):
        await other_tower.bind(1)

    await other_tower.bind(2)


@pytest.mark.parametrize(("first", "second"), [((), (1,)), ((1,), ()), ((), ())])
async def test_a_whole_account_excludes_every_other_project(
    tower: Tower, other_tower: Tower, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    await tower.bind(*first)

    with pytest.raises(PartIsTaken):
        await other_tower.bind(*second)


async def test_two_projects_that_reach_for_one_account_at_once_do_not_both_get_it(
    tower: Tower, other_tower: Tower
) -> None:
    await tower.bind(2)

    ended = await asyncio.gather(
        *(one.bind(number) for one in (tower, other_tower) for number in (1, 1, 1)),
        return_exceptions=True,
    )

    holders = [
        await one.rows("SELECT 1 FROM connector_bindings WHERE external_id = '1'")
        for one in (tower, other_tower)
    ]
    assert sorted(len(rows) for rows in holders) == [0, 1]
    assert sum(isinstance(one, PartIsTaken) for one in ended) == 3


async def test_a_refused_change_of_bindings_changes_nothing(
    tower: Tower, other_tower: Tower
) -> None:
    await tower.bind(1)
    await other_tower.bind(2)

    with pytest.raises(PartIsTaken):
        await other_tower.bind(1, 2)

    rows = await other_tower.rows("SELECT external_id FROM connector_bindings")
    assert rows == [{"external_id": "2"}]


async def test_bound_inboxes_take_their_names_from_the_source(tower: Tower) -> None:
    await tower.bind(1)
    await tower.sync()

    ref = tower.access.default_ref("chatwoot")
    assert ref == "sandbox/chatwoot/1"
    async with tower.database.transaction(tower.project) as conn:
        found = service.described(await service.bindings(conn, tower.project, ref))

    assert (found.scope, [one.name for one in found.inboxes]) == ("inboxes", ["Mail"])


async def test_single_bindings_come_and_go(tower: Tower) -> None:
    ref = "sandbox/chatwoot/1"
    await service.unbind(tower.database, tower.project, ref, kind="account", external_id="1")
    await service.bind(tower.database, tower.project, ref, kind="inbox", external_id="2")

    gone = await service.unbind(tower.database, tower.project, ref, kind="inbox", external_id="2")
    again = await service.unbind(tower.database, tower.project, ref, kind="inbox", external_id="2")

    assert (gone, again) == (True, False)


async def test_an_inbox_id_is_a_number(tower: Tower) -> None:
    with pytest.raises(InvalidInput):
        await service.bind(
            tower.database, tower.project, "sandbox/1", kind="inbox", external_id="one"
        )


async def test_a_server_that_lists_more_than_was_asked_for_is_not_believed(
    tower: Tower, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    talk("Secret", inbox=2, name="Bob")
    await tower.bind(1)
    inner = tower.wire.handle_async_request

    async def generous(request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_remove_param("inbox_id")
        return await inner(request)

    http = httpx.AsyncClient(transport=tower.wire)
    tower.wire.handle_async_request = generous  # type: ignore[method-assign]
    access = chatwoot(http, base_url=BASE, token="admin", account_id=1)

    await tower.sync(access=access)

    assert await tower.live("cw_conversations") == {"1"}
    assert await tower.live("cw_contacts") == {"1"}


async def test_an_inbox_that_does_not_exist_is_not_shown_as_well(tower: Tower, talk: Talk) -> None:
    talk("Hello", inbox=1, name="Helen")
    await tower.bind(1, 99)

    result = await tower.sync()

    state = await tower.state("inboxes")
    assert (result.status, state["status"]) == ("partial", "partial")
    assert "no inbox 99" in state["cause"]
    assert await tower.live("cw_messages") == {"1"}
