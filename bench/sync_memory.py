"""How much memory a first sync takes when the account is ten times as large, as JSON.

Three processes: PostgreSQL, the sandbox on a socket with as many records as named, and a fresh one
that does nothing but sync them from the beginning to the end, deletions looked for included. Its
peak is what is measured: `ratio` is the peak with many records to the peak with a tenth of them.
`grown_mb` is the peak less what the process had before the sync began.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first in the path, and it has a file named as a module of Python.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
import structlog
import uvloop

from mayak.automation.model import Registry
from mayak.entry.sandbox import run_sandbox
from mayak.platform.db import Database
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.schema import migrate
from mayak.projects import service as projects
from mayak.sandbox.attio.bulk import add_many as add_companies
from mayak.sandbox.linear.bulk import add_many as add_issues
from mayak.sandbox.stories import build_world
from mayak.sync import jobs
from mayak.sync.model import Connector
from mayak.sync.service import Sources, bind
from mayak.sync.service.sources import ref_of
from tests.runs import run_once
from tests.sources import usual

MANY, FEWER = 200_000, 10
KINDS: dict[str, tuple[Connector, str]] = {
    "linear issues": ("linear", "linear_issues_raw"),
    "attio companies": ("attio", "attio_accounts_raw"),
}
REGISTRY = Registry.of([jobs])
JOBS = {"linear": jobs.linear_sync, "attio": jobs.attio_sync}
MB = 2**20


def peak() -> float:
    """The most that this process ever had in memory, in MB."""
    try:
        text = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:  # no Linux; there a fresh process does not inherit its parent's peak
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MB
    [line] = [one for one in text.splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


async def serve(connector: str, records: int) -> None:
    """The sandbox with a crowd, and with limits that nobody has to wait for."""
    world = build_world()
    if connector == "linear":
        world.linear.requests_per_period = world.linear.complexity_per_period = 10**12
        add_issues(world, issues=records)
    else:
        world.attio.reads_per_second = 10**9
        add_companies(world, companies=records)
    await run_sandbox(world, port=0, announce=lambda told, _: print(json.dumps(told), flush=True))


async def sync(connector: Connector, table: str, dsn: str, address: str) -> dict[str, Any]:
    """A fresh project that owns the whole account, synced once."""
    job = JOBS[connector]
    async with Database(dsn) as database, httpx.AsyncClient() as http:
        sources = Sources(http, defaults=usual(address))
        async with database.system_transaction() as conn:
            project = (await projects.create(conn, "Bench")).id
            source = await sources.open(conn, project, connector)
        assert source
        ref = ref_of(connector, await source.reader.who_am_i(), source)
        whole = ref.rpartition("/")[2]
        await bind(database, project, ref, kind="account", external_id=whole, connector=connector)
        before, began = psutil.Process().memory_info().rss / MB, time.perf_counter()
        done = await run_once(database, REGISTRY, {Sources: sources}, project, job)
        seconds = time.perf_counter() - began
        async with database.transaction(project) as conn:
            cursor = await conn.execute(f"SELECT count(*) FROM {table}".encode())
            [[rows]] = await cursor.fetchall()
    assert done.status == "ok", done
    top = peak()
    return {
        "rows": rows,
        "pages": done.counters["pages"],
        "seconds": round(seconds, 1),
        "peak_mb": round(top, 1),
        "grown_mb": round(top - before, 1),
    }


@contextmanager
def crowd(connector: str, records: int) -> Iterator[str]:
    """A sandbox in a process of its own; its address."""
    command = [sys.executable, __file__, "--serve", connector, "--records", str(records)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            told = json.loads(running.stdout.readline())
            yield told["control"].removesuffix("/_control")
        finally:
            running.terminate()


def measured(name: str, records: int, dsn: str) -> dict[str, Any]:
    """One sync in a process of its own."""
    with crowd(KINDS[name][0], records) as address:
        command = [sys.executable, __file__, "--sync", name, "--dsn", dsn, "--address", address]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["rows"] >= records, found
    return {"records": records, **found}


async def compare(server: EmbeddedPostgres, name: str, records: int) -> dict[str, Any]:
    runs = []
    for number in (records // FEWER, records):
        database = f"{KINDS[name][0]}_{number}"
        async with Database(server.dsn()) as admin, admin.connection() as conn:
            await conn.execute(f"CREATE DATABASE {database}".encode())
        await migrate(server.dsn(database))
        runs.append(measured(name, number, server.dsn(database)))
    small, large = runs
    return {
        "runs": runs,
        "ratio": round(large["peak_mb"] / small["peak_mb"], 2),
        "bytes_per_further_record": round(
            (large["peak_mb"] - small["peak_mb"]) * MB / (large["rows"] - small["rows"]), 1
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=MANY)
    parser.add_argument("--only", choices=KINDS, help="one of the two")
    parser.add_argument("--quick", action="store_true", help="2,000 records")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--sync", help=argparse.SUPPRESS)
    parser.add_argument("--dsn", help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    if chosen.serve:
        uvloop.run(serve(chosen.serve, chosen.records))
        return
    if chosen.sync:
        connector, table = KINDS[chosen.sync]
        print(json.dumps(uvloop.run(sync(connector, table, chosen.dsn, chosen.address))))
        return
    records = 2_000 if chosen.quick else chosen.records
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "pg")
        try:
            postgres.start()
            told = {
                name: uvloop.run(compare(postgres, name, records))
                for name in ([chosen.only] if chosen.only else KINDS)
            }
        finally:
            postgres.release()
    json.dump(told, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
