"""Tasks end when they are told to."""

import asyncio

import pytest

from mayak.kit.tasks import ended

pytestmark = pytest.mark.anyio


async def test_a_task_that_lost_its_cancellation_is_told_again() -> None:
    told = 0

    async def deaf() -> None:
        """As `asyncio.wait_for` of Python 3.11, when what it waits for is done in that moment."""
        nonlocal told
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1
                if told > 1:
                    raise

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)

    await ended([task], again_after=0.01)

    assert (told, task.cancelled()) == (2, True)


async def test_what_failed_before_counts_as_ended() -> None:
    async def fails() -> None:
        raise ValueError

    failed = asyncio.create_task(fails())
    await asyncio.wait([failed])

    await ended([failed])
    await ended([])
