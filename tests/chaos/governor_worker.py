"""Asks as much as it may: `python governor_worker.py DSN URL SECONDS RATE BURST TELLS`.

Prints `ready`, waits for a line of input, works, and prints what it did as JSON: of each request
when it started and when its reply was there (by the clock that all processes of a machine share),
whether it was refused and for how long, and how long it stood at the gate.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from datetime import timedelta

import httpx

from mayak.connectors.base import Allowance, Gate
from mayak.platform.db import Database
from mayak.platform.telemetry import set_up_logging
from mayak.sync.service.governor import Budget, Credential, Governor

CROWD = 5
"""Background requests under way in one worker."""
EVERY = 0.2
"""Seconds between the clicks of a person."""
PATIENCE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    waited: float
    started: float
    received: float
    refused_for: float | None
    interactive: bool


class Client:
    def __init__(self, gate: Gate, http: httpx.AsyncClient, *, interactive: bool) -> None:
        self.gate = gate
        self.http = http
        self.interactive = interactive

    async def ask(self, *, rate: float, tells: bool) -> Asked:
        came = time.monotonic()
        await self.gate.enter({"requests": 1})
        started = time.monotonic()
        reply = await self.http.post("/")
        received = time.monotonic()
        refused_for = float(reply.headers["x-reset"]) if reply.status_code == 429 else None
        if refused_for is not None:
            await self.gate.close(timedelta(seconds=refused_for), reason="HTTP 429")
        if tells:
            left = float(reply.headers["x-remaining"])
            said = Allowance(budget="requests", limit=rate, remaining=left, period=SECOND)
            await self.gate.learn([said])
        return Asked(
            waited=started - came,
            started=started,
            received=received,
            refused_for=refused_for,
            interactive=self.interactive,
        )


async def work(dsn: str, url: str, seconds: float, rate: float, burst: float, tells: str) -> None:
    budgets = {"requests": Budget(limit=rate, period=SECOND, burst=burst)}
    credential = Credential.of("Limited", "secret")
    asked: list[Asked] = []
    async with Database(dsn) as database, httpx.AsyncClient(base_url=url) as http:
        governor = Governor(database)

        async def keep_asking(*, interactive: bool) -> None:
            gate = governor.gate(
                credential, budgets=budgets, patience=PATIENCE, interactive=interactive
            )
            client = Client(gate, http, interactive=interactive)
            while time.monotonic() < until:
                asked.append(await client.ask(rate=rate, tells=tells == "tells"))
                if interactive:
                    await asyncio.sleep(EVERY)

        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as crowd:
            crowd.create_task(keep_asking(interactive=True))
            for _ in range(CROWD):
                crowd.create_task(keep_asking(interactive=False))
    sys.stdout.write(json.dumps([asdict(one) for one in asked]))


if __name__ == "__main__":
    set_up_logging("error", "text")  # standard output is for the answer alone
    _, the_dsn, the_url, the_seconds, the_rate, the_burst, tells_or_not = sys.argv
    asyncio.run(
        work(the_dsn, the_url, float(the_seconds), float(the_rate), float(the_burst), tells_or_not)
    )
