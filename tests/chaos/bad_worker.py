"""A worker whose jobs are bad: `python bad_worker.py DSN MEGABYTES`. Prints `ready`.

Guarded as the product guards its workers: the loop by a watchdog, the memory by a limit.
"""

import asyncio
import sys
import time
from datetime import timedelta

from mayak.automation.model import JobRun, Registry, Result, job
from mayak.automation.service import Worker
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.platform.telemetry import set_up_logging
from mayak.platform.watchdog import Watchdog, limit_memory


@job("sleeps", max_attempts=1)
async def sleeps(run: JobRun) -> Result:
    """Waits in a way that stops everything else in the process."""
    time.sleep(3600)  # noqa: ASYNC251  # that is the bug
    return Result()


@job("spins", max_attempts=1)
async def spins(run: JobRun) -> Result:
    while True:
        pass


@job("eats", max_attempts=1)
async def eats(run: JobRun) -> Result:
    """Takes memory until there is none left."""
    eaten = []
    while True:
        eaten.append(bytearray(16 * 2**20))
        await asyncio.sleep(0)


@job("works")
async def works(run: JobRun) -> Result:
    async with run.transaction(ends=Result(counters={"done": 1})):
        pass
    return Result()


JOBS = Registry([sleeps, spins, eats, works])


async def main(dsn: str, megabytes: int) -> None:
    limit_memory(megabytes)
    async with Database(dsn) as database, Watchdog(timedelta(seconds=2)).guarding():
        worker = Worker(database, JOBS, Resources({}), lease=timedelta(seconds=6))
        task = asyncio.create_task(worker.run())
        await worker.ready.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await task


if __name__ == "__main__":
    set_up_logging("warning", "text")  # to standard error: the output says `ready` and nothing else
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
