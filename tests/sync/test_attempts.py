"""One run may be tried several times: after its worker died, and after it failed."""

from datetime import timedelta

import pytest

from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.sandbox.world import World
from mayak.sync import jobs
from tests.sync.conftest import Talk, Tower

pytestmark = pytest.mark.anyio


class Killed(Exception):
    """Stands for a death that leaves no time to write anything down."""


def die() -> None:
    raise Killed


async def test_a_run_whose_worker_died_goes_on_with_the_stream_it_was_in(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    running, _ = await tower.started()
    tower.wire.after("conversations.list", die)
    with pytest.raises(Killed):
        await jobs.chatwoot_sync.handler(running)

    result = await jobs.chatwoot_sync.handler(running)

    assert (result.status, await tower.live("cw_messages")) == ("ok", {"1"})
    assert len(world.journal.calls("inboxes.list")) == 1


async def test_a_run_that_failed_is_read_anew_by_its_next_attempt(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    await tower.sync()
    world.clock.advance(600)
    world.add_message(1, "Anybody?")
    world.faults.add("html_error", op="conversations.list")
    running, _ = await tower.started()
    with pytest.raises(Upstream):
        await jobs.chatwoot_sync.handler(running)

    result = await jobs.chatwoot_sync.handler(running)

    assert (result.status, await tower.live("cw_messages")) == ("ok", {"1", "2"})


async def test_a_failure_leaves_nothing_to_take_over(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello")
    world.faults.add("ratelimit", op="conversations.list")
    with pytest.raises(Upstream):
        await tower.sync()

    assert await tower.rows("SELECT DISTINCT run_id FROM connector_sync_state") == [
        {"run_id": None}
    ]


async def test_what_is_bound_between_two_attempts_is_read_from_its_start(
    tower: Tower, world: World, talk: Talk
) -> None:
    talk("Hello", inbox=1, name="Helen")
    talk("Hello", inbox=2, name="Bob")
    await tower.bind(1)
    running, _ = await tower.started()
    tower.wire.after("messages.list", die)
    with pytest.raises(Killed):
        await jobs.chatwoot_sync.handler(running)
    await tower.bind(1, 2)

    await jobs.chatwoot_sync.handler(running)

    assert await tower.live("cw_inboxes_raw") == {"1", "2"}
    assert await tower.live("cw_messages") == {"1", "2"}


@pytest.mark.parametrize("skew", [timedelta(hours=-3), timedelta(hours=3)])
async def test_a_clock_that_is_wrong_here_does_not_change_how_long_a_limit_lasts(
    tower: Tower, world: World, talk: Talk, monkeypatch: pytest.MonkeyPatch, skew: timedelta
) -> None:
    talk("Hello")
    for module in ("work", "driving"):
        monkeypatch.setattr(f"mayak.sync.service.{module}.now", lambda: now() + skew)
    world.faults.add("ratelimit", op="conversations.list")
    with pytest.raises(Upstream):
        await tower.sync()

    with pytest.raises(Upstream, match="not over yet") as again:
        await tower.sync()

    assert again.value.retry_after is not None
    assert timedelta(0) < again.value.retry_after <= timedelta(seconds=63)
