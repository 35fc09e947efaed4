"""A worker for the storm: `python storm_worker.py DSN`. Prints `ready`, works until it is killed.

Its job notes that it began, takes a while, and counts one in the transaction that ends its run.
"""

import asyncio
import random
import sys

from mayak.automation.model import JobRun, Registry, Result, job
from mayak.automation.service import Worker
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute
from mayak.platform.telemetry import set_up_logging

BEGAN = "INSERT INTO began (project_id, at) VALUES (%(project_id)s, clock_timestamp())"
COUNT = "UPDATE counter SET value = value + 1 WHERE project_id = %(project_id)s"
FOLLOWED = "UPDATE counter SET followed = followed + 1 WHERE project_id = %(project_id)s"


@job("count")
async def count(run: JobRun) -> Result:
    async with run.transaction() as conn:
        await execute(conn, BEGAN, project_id=run.project_id)
    await asyncio.sleep(random.uniform(0.05, 0.5))  # noqa: S311
    async with run.transaction(ends=Result(counters={"counted": 1})) as conn:
        await execute(conn, COUNT, project_id=run.project_id)
    return Result()


@job("follow", after=("count",), queue="derive")
async def follow(run: JobRun) -> Result:
    async with run.transaction(ends=Result()) as conn:
        await execute(conn, FOLLOWED, project_id=run.project_id)
    return Result()


JOBS = Registry([count, follow])


async def main(dsn: str) -> None:
    async with Database(dsn) as database:
        worker = Worker(database, JOBS, Resources({}))
        task = asyncio.create_task(worker.run())
        await worker.ready.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await task


if __name__ == "__main__":
    set_up_logging("warning", "text")  # to standard error: the output says `ready` and nothing else
    asyncio.run(main(sys.argv[1]))
