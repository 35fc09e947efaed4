"""A sync that is killed again and again ends as one that was left alone."""

import asyncio
import random
import socket
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
import uvicorn

from mayak.automation.model import FINAL, Registry, Run
from mayak.automation.service import get, recent, trigger
from mayak.platform.db import Database
from mayak.sandbox.app import create_app
from mayak.sandbox.journal import Call
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import jobs
from mayak.sync.service import account_ref, replace_bindings
from tests.conftest import new_project

pytestmark = [pytest.mark.anyio, pytest.mark.chaos]

KILLS = 20
OF_EVERY_RUN = 3
"""Pages that each further run asks for on purpose: the inboxes, what was touched lately, and the
last page of a listing that was cut off.
"""
REGISTRY = Registry.of([jobs])
TABLES = ("cw_inboxes_raw", "cw_contacts", "cw_conversations", "cw_messages", "cw_attachments_raw")
OURS = ("project_id", "synced_at", "observed_at", "revision", "walk_cursor")
"""Columns that may differ between two copies of the same source."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A server over the built-in World in a thread of this process."""

    world: World
    url: str

    def pages(self) -> list[Call]:
        """Every page that was asked for; asking who we are is no page."""
        return [call for call in self.world.journal if not call.path.endswith("/profile")]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    bound = socket.create_server(("127.0.0.1", 0))
    world = build_world(long_conversation=True)
    server = uvicorn.Server(uvicorn.Config(create_app(world), log_config=None, date_header=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield Sandbox(world, f"http://127.0.0.1:{bound.getsockname()[1]}/chatwoot")
    server.should_exit = True
    thread.join()
    bound.close()


@asynccontextmanager
async def worker(dsn: str, sandbox: str) -> AsyncIterator[asyncio.subprocess.Process]:
    script = Path(__file__).with_name("sync_worker.py")
    process = await asyncio.create_subprocess_exec(sys.executable, script, dsn, sandbox)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def bound_project(database: Database, sandbox: str) -> UUID:
    project = await new_project(database, "Whole")
    await replace_bindings(database, project, account_ref(sandbox, 1), scope="account", inboxes=[])
    return project


async def ask(database: Database, project: UUID) -> UUID:
    async with database.transaction(project) as conn:
        return (await trigger(conn, REGISTRY, project, "chatwoot_sync")).id


async def ended(database: Database, project: UUID, run_id: UUID) -> Run:
    async with asyncio.timeout(120):
        while True:
            async with database.transaction(project) as conn:
                run = await get(conn, run_id)
            if run.status in FINAL:
                return run
            await asyncio.sleep(0.05)


def copy_of(dsn: str) -> dict[tuple[str, str], dict[str, object]]:
    """Every copied row by table and id; of a deletion only that it is known."""
    found: dict[tuple[str, str], dict[str, object]] = {}
    with psycopg.connect(dsn) as conn:
        for table in TABLES:
            for (row,) in conn.execute(f"SELECT to_jsonb(t) FROM {table} t"):
                row["deleted_at"] = row["deleted_at"] is not None
                found[table, row["external_id"]] = {
                    name: value for name, value in row.items() if name not in OURS
                }
    return found


def differences(
    one: dict[tuple[str, str], dict[str, object]], other: dict[tuple[str, str], dict[str, object]]
) -> list[str]:
    """What differs, a line each."""
    lines = [f"only in one copy: {key}" for key in one.keys() ^ other.keys()]
    for key in one.keys() & other.keys():
        names = one[key].keys() | other[key].keys()
        lines += [
            f"{key} {name}: {one[key].get(name)!r} / {other[key].get(name)!r}"
            for name in sorted(names)
            if one[key].get(name) != other[key].get(name)
        ]
    return lines


async def undisturbed(dsn: str, sandbox: Sandbox) -> int:
    """Sync without a kill; how many pages that took."""
    async with Database(dsn) as database:
        project = await bound_project(database, sandbox.url)
        run_id = await ask(database, project)
        async with worker(dsn, sandbox.url):
            assert (await ended(database, project, run_id)).status == "ok"
    return len(sandbox.pages())


async def killed_at(dsn: str, sandbox: Sandbox, points: list[int]) -> int:
    """Sync with a kill -9 whenever this many pages were asked for; how many runs that took."""
    async with Database(dsn) as database:
        project = await bound_project(database, sandbox.url)
        for point in points:
            # A run whose worker died five times is given up; the one that waits takes its place.
            await ask(database, project)
            async with worker(dsn, sandbox.url) as process, asyncio.timeout(60):
                while len(sandbox.pages()) < point:  # noqa: ASYNC110  # the journal has no event
                    await asyncio.sleep(0.001)
                process.kill()
        async with worker(dsn, sandbox.url):
            last = await ended(database, project, await ask(database, project))
            assert last.status == "ok"
            again = await ended(database, project, await ask(database, project))
    assert {name: again.counters[name] for name in ("contacts", "conversations", "messages")} == {
        "contacts": 0,
        "conversations": 0,
        "messages": 0,
    }
    async with Database(dsn) as database, database.transaction(project) as conn:
        return len(await recent(conn, limit=200))


async def test_twenty_kills_leave_what_no_kill_leaves(
    dsn: str, other_dsn: str, sandbox: Sandbox
) -> None:
    pages = await undisturbed(other_dsn, sandbox)
    sandbox.world.journal.clear()

    runs = await killed_at(dsn, sandbox, sorted(random.sample(range(2, pages), KILLS)))

    assert differences(copy_of(dsn), copy_of(other_dsn)) == []
    asked = Counter((call.path, str(sorted(call.params.items()))) for call in sandbox.pages())
    twice = sum(times - 1 for times in asked.values())
    sys.stdout.write(f"{KILLS} kills, {runs} runs, {pages} pages, {twice} asked for again\n")
    assert twice <= KILLS + OF_EVERY_RUN * (runs - 1)
