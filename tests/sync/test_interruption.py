"""A sync that is cut anywhere and started again ends where an uninterrupted one does."""

from contextlib import suppress
from uuid import UUID

import pytest

from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.world import World
from tests.conftest import new_project
from tests.sync.conftest import Talk, Tower

pytestmark = pytest.mark.anyio


@pytest.fixture
def studio(world: World, talk: Talk) -> World:
    """Several pages of everything, a long conversation, tombstones and a visitor."""
    for number in range(30):
        talk("Hello", "Are you there?", name=f"P{number}")
    talk(*(f"Line {number}" for number in range(1010)), name="Long")
    talk("Hi", name="river-3", known=False)
    world.delete_message(5)
    return world


async def another(database: Database, tower: Tower, name: str) -> Tower:
    """A project that takes the account over from the one before it."""
    async with database.system_transaction() as conn:
        await conn.execute("DELETE FROM connector_bindings")
    fresh: UUID = await new_project(database, name)
    tower = Tower(database, fresh, tower.world)
    await tower.bind()
    return tower


@pytest.mark.parametrize("length", [1, 10**6])
async def test_wherever_it_is_cut_the_next_run_completes_it(
    database: Database, tower: Tower, studio: World, length: int
) -> None:
    await tower.sync()
    whole, requests = await tower.copy(), tower.wire.requests

    for cut in range(1, requests + 1, 5):
        broken = await another(database, tower, f"Cut-{cut}")
        broken.wire.breaks_at, broken.wire.breaks_for = cut, length
        with suppress(Upstream):
            await broken.sync()
        broken.wire.breaks_at = None
        await broken.sync()

        assert await broken.copy() == whole, f"cut at request {cut}"
        assert await broken.errors() == []


async def test_a_resumed_run_does_not_read_again_what_it_has(tower: Tower, studio: World) -> None:
    tower.wire.breaks_at = 20
    with pytest.raises(Upstream):
        await tower.sync()
    before = len(await tower.live("cw_messages"))
    tower.wire.breaks_at = None

    result = await tower.sync()

    assert before > 0
    assert result.counters["messages_unchanged"] == 0
    assert len(studio.journal.calls("contacts.list")) == 3


async def test_a_long_conversation_is_resumed_where_its_reading_stopped(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk(*(f"Line {number}" for number in range(1500)))
    tower.wire.breaks_at = 8
    await tower.sync()
    before = len(await tower.live("cw_messages"))
    world.journal.clear()
    tower.wire.breaks_at = None

    await tower.sync()

    first = world.journal.calls("messages.list")[0].params["after"]
    assert (before, int(first)) == (999, 1000)
    assert len(await tower.live("cw_messages")) == 1500


async def test_a_reply_that_proved_nothing_is_not_asked_for_again(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk(*(f"Line {number}" for number in range(1500)))
    tower.wire.breaks_at = 7
    await tower.sync()
    before = len(await tower.live("cw_messages"))
    world.journal.clear()
    tower.wire.breaks_at = None

    await tower.sync()

    windows = [call.params for call in world.journal.calls("messages.list")]
    assert before == 0
    assert [(int(one["after"]), int(one["before"])) for one in windows[:1]] == [(0, 1000)]
