"""Ends of tasks."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def ended(tasks: Iterable[asyncio.Task[Any]], *, again_after: float = 1.0) -> None:
    """Cancel them and wait until all have ended, asking again every `again_after` seconds.

    Once is not enough: `asyncio.wait_for` of Python 3.11, with which the pool waits for a
    connection, drops a cancellation that comes in the moment in which the wait is over.
    """
    left = every = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_after)
    for task in every:
        if not task.cancelled():
            task.exception()  # or asyncio says that nobody looked
