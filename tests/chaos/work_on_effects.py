"""A worker to hurt: `python work_on_effects.py DSN LEASE_SECONDS [PATIENCE_SECONDS]`.

Its jobs write a row into the table `effects` per thing done. SIGTERM stops it as it stops
the product's worker: running jobs are handed back after the patience.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from mayak.automation.model import JobRun, Registry, Result, job
from mayak.automation.service import Worker
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute
from mayak.platform.telemetry import set_up_logging

WRITE = "INSERT INTO effects (run_id, pid, note) VALUES (%(run_id)s, %(pid)s, %(note)s)"


async def note(run: JobRun, text: str) -> None:
    async with run.transaction() as conn:
        await execute(conn, WRITE, run_id=run.run_id, pid=os.getpid(), note=text)


@job("quick")
async def quick(run: JobRun) -> Result:
    await note(run, "done")
    return Result()


@job("slow")
async def slow(run: JobRun) -> Result:
    """Says that it began, waits until somebody opens the gate, then has its effect."""
    await note(run, "began")
    while True:
        async with run.transaction() as conn:
            gate = await conn.execute("SELECT is_open FROM gate")
            if await gate.fetchone() == (True,):
                break
        await asyncio.sleep(0.2)
    await note(run, "done")
    return Result()


JOBS = Registry([quick, slow])


async def main(dsn: str, lease: float, patience: float) -> None:
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with Database(dsn) as database:
        worker = Worker(database, JOBS, Resources({}), lease=timedelta(seconds=lease))
        task = asyncio.create_task(worker.run())
        await worker.ready.wait()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stopping.wait()
        await worker.stop(timedelta(seconds=patience))
        await task


if __name__ == "__main__":
    set_up_logging("warning", "text")  # to standard error: the output says `ready` and nothing else
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
