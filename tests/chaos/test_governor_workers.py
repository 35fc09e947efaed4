"""Four worker processes under one real limit, which somebody else uses up now and then.

They have to use what there is, stop for each other's refusals, and let people through.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tests.chaos.governor_worker import Asked
from tests.chaos.processes import Process, killed

pytestmark = [pytest.mark.anyio, pytest.mark.chaos, pytest.mark.database]

SECONDS = 15.0
WORKERS = 4
RATE = 60.0
BURST = 30.0
STOLEN_EVERY = 2.0
LATE = 0.05
"""Seconds after a refusal within which requests may still start: they were let in before it."""


class Bucket:
    """A service that answers 429 while its leaky bucket is empty, until a third is there again."""

    def __init__(self) -> None:
        self._level = BURST
        self._at = time.monotonic()
        self.granted = 0
        self.stolen: list[tuple[float, float]] = []
        """When, and how much."""

    def left(self) -> float:
        now = time.monotonic()
        self._level = min(BURST, self._level + RATE * (now - self._at))
        self._at = now
        return self._level

    def take(self) -> bool:
        if self.left() < 1:
            return False
        self._level -= 1
        self.granted += 1
        return True

    def allowed(self, began: float, ended: float) -> float:
        """What it had for others than the thief."""
        stolen = sum(amount for at, amount in self.stolen if began < at < ended)
        return BURST + RATE * (ended - began) - stolen

    async def steal(self) -> None:
        """Somebody else asks for all there is, and for a tenth of the burst beyond it."""
        while True:
            await asyncio.sleep(STOLEN_EVERY)
            self.stolen.append((time.monotonic(), self.left() + BURST / 10))
            self._level = -BURST / 10

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The service, as an ASGI application of one address."""
        _ = scope, receive
        status = 200 if self.take() else 429
        figures = {
            b"x-remaining": max(0.0, self._level),
            b"x-reset": (BURST / 3 - self._level) / RATE,
        }
        headers = [(name, f"{value:.4f}".encode()) for name, value in figures.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


@asynccontextmanager
async def served(bucket: Bucket) -> AsyncIterator[str]:
    """The service on a port of the loopback; its address."""
    config = uvicorn.Config(bucket, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def started(*arguments: object) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, Path(__file__).with_name("governor_worker.py"), *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    return process


async def finished(process: Process) -> list[Asked]:
    told, _ = await process.communicate(b"go\n")
    assert process.returncode == 0
    return [Asked(**one) for one in json.loads(told)]


async def saturated(dsn: str, url: str, bucket: Bucket, *, tells: str) -> list[list[Asked]]:
    """What each of the workers asked while more was wanted than there was."""
    workers: list[Process] = []
    thief: asyncio.Task[None] | None = None
    try:
        for _ in range(WORKERS):
            workers.append(await started(dsn, url, SECONDS, RATE, BURST, tells))  # noqa: PERF401
        thief = asyncio.create_task(bucket.steal())
        return await asyncio.gather(*(finished(worker) for worker in workers))
    finally:
        if thief:
            thief.cancel()
        for worker in workers:
            await killed(worker)


def starts_while_closed(asked: list[Asked]) -> list[float]:
    """Of requests that started before a refusal's reset: how long after it was received."""
    refusals = [(one.received, one.refused_for) for one in asked if one.refused_for is not None]
    return [
        one.started - received
        for one in asked
        for received, wait in refusals
        if received < one.started < received + wait
    ]


@pytest.mark.parametrize("tells", ["tells", "is silent"])
async def test_four_workers_use_a_shared_limit_and_stop_for_each_others_refusals(
    dsn: str, tells: str
) -> None:
    bucket = Bucket()
    async with served(bucket) as url:
        each = await saturated(dsn, url, bucket, tells=tells)
    asked = [one for worker in each for one in worker]
    allowed = bucket.allowed(min(one.started for one in asked), max(one.started for one in asked))
    refused = sum(one.refused_for is not None for one in asked)
    late = starts_while_closed(asked)
    waits = [one.waited for one in asked if one.interactive]
    print(  # noqa: T201
        f"\nthe service {tells}: {bucket.granted} granted, {bucket.granted / allowed:.1%} of"
        f" {allowed:.0f}, {refused} refused; started after a refusal: {len(late)}, at most"
        f" {max(late, default=0) * 1000:.1f} ms; {len(waits)} interactive waited at most"
        f" {max(waits) * 1000:.0f} ms; by worker {[len(worker) for worker in each]}"
    )

    assert refused >= 3
    assert max(late, default=0) <= LATE
    assert bucket.granted / allowed >= 0.9
    assert max(waits) <= 1
    assert min(len(worker) for worker in each) >= len(asked) / WORKERS / 2
