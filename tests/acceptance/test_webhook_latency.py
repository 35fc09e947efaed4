"""What is changed at a source is in the copy within two seconds, once the source calls us."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import quantiles
from uuid import UUID

import pytest

from mayak.config import load
from mayak.entry.http import build_app
from mayak.entry.serving import address_of, bind, serving, working
from mayak.entry.wiring import Parts, assembled
from mayak.platform.secrets import new_key
from mayak.sandbox.app import create_app
from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.linear.telling import LINEAR_KEY
from mayak.sandbox.stories import ADMIN_TOKEN, build_world
from mayak.sandbox.world import World
from mayak.sync import jobs, service
from mayak.sync.model import CONNECTORS, MIRRORS
from mayak.sync.service import Sources, subscribing
from tests.conftest import new_project
from tests.runs import run_once

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance, pytest.mark.database]

EACH = 20
"""Edits at each service."""
BOUND = 2.0
"""Seconds that 95 of 100 edits may take."""
GIVE_UP = 30.0
DRAINS = {f"webhooks_drain_{connector}" for connector in CONNECTORS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Something that happens at a source, and how its copy shows."""

    happen: Callable[[], tuple[str, str]]
    """Gives kind and id of the record that changes."""
    column: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A whole Mayak on sockets, beside the services that call it."""

    parts: Parts
    project: UUID
    world: World


@pytest.fixture
async def installation(dsn: str) -> AsyncIterator[Installation]:
    """Bound to everything, copied once, and called by all services."""
    world = build_world()
    ours, theirs = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
    base = address_of(theirs)
    settings = load(
        _env_file=None,
        chatwoot_base_url=f"{base}/chatwoot",
        chatwoot_api_token=ADMIN_TOKEN,
        chatwoot_account_id=1,
        linear_api_key=LINEAR_KEY,
        linear_base_url=f"{base}/linear",
        attio_api_key=ATTIO_KEY,
        attio_base_url=f"{base}/attio",
        mayak_public_url=address_of(ours),
        mayak_secret_key=new_key(),
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(create_app(world), theirs, dated=False))
        parts = await stack.enter_async_context(assembled(settings, dsn))
        app = build_app(parts.resources, cors_origins=[])
        await stack.enter_async_context(serving(app, ours))
        project = await new_project(parts.database, "Northwind")
        await connect(parts, project, address_of(ours))
        await stack.enter_async_context(working(parts, only=DRAINS))
        yield Installation(parts=parts, project=project, world=world)


async def connect(parts: Parts, project: UUID, address: str) -> None:
    """Give everything to the project, copy it, and have the services call."""
    sources = parts.resources.get(Sources)
    for connector in CONNECTORS:
        ref = await service.ask_account(parts.database, sources, project, connector)
        await service.replace_parts(parts.database, project, connector, ref, whole=True, parts=[])
    cycle = jobs.connectors_sync_cycle
    await run_once(parts.database, parts.registry, {Sources: sources}, project, cycle)
    for connector in CONNECTORS:
        await subscribing.install(parts.database, sources, project, connector, address=address)


def edits(world: World, people: list[str]) -> Iterator[Edit]:
    """Edits of all three services in turn, each of another record."""
    issues = [row.id for row in world.linear.issues if row.archived_at is None]
    for number in range(EACH):
        words = f"Edit number {number}"

        def say(number: int = number, words: str = words) -> tuple[str, str]:
            return "message", str(world.add_message(1 + number, words).id)

        def rename(number: int = number, words: str = words) -> tuple[str, str]:
            apply_edit(world, "linear.update_issue", {"issue": issues[number], "title": words})
            return "issue", issues[number]

        def promote(number: int = number, words: str = words) -> tuple[str, str]:
            edit = {"record_id": people[number], "values": {"job_title": words}}
            apply_edit(world, "attio.update_record", edit)
            return "person", people[number]

        yield Edit(happen=say, column="content", value=words)
        yield Edit(happen=rename, column="title", value=words)
        yield Edit(happen=promote, column="job_title", value=words)


async def seconds_until_seen(installation: Installation, edit: Edit) -> float:
    """From the edit at the source until a reader of the copy sees it."""
    began = time.perf_counter()
    kind, external_id = edit.happen()
    statement = f"SELECT {edit.column} FROM {MIRRORS[kind].table} WHERE external_id = %s"
    while time.perf_counter() - began < GIVE_UP:
        async with installation.parts.database.transaction(installation.project) as conn:
            cursor = await conn.execute(statement.encode(), (external_id,))
            if (row := await cursor.fetchone()) is not None and row[0] == edit.value:
                return time.perf_counter() - began
        await asyncio.sleep(0.02)
    return GIVE_UP


async def test_an_edit_is_in_the_copy_within_two_seconds(installation: Installation) -> None:
    async with installation.parts.database.transaction(installation.project) as conn:
        cursor = await conn.execute("SELECT external_id FROM attio_people_raw ORDER BY 1")
        people = [row[0] for row in await cursor.fetchall()]
    waits = []
    for edit in edits(installation.world, people):
        waits.append(asyncio.create_task(seconds_until_seen(installation, edit)))
        await asyncio.sleep(0.1)  # people do not all type at once

    seconds = await asyncio.gather(*waits)

    cuts = quantiles(seconds, n=20)
    found = f"p50 {cuts[9]:.2f} s, p95 {cuts[18]:.2f} s"
    print(f"edit -> copy over {len(seconds)} edits: {found}")  # noqa: T201
    assert len(seconds) == 3 * EACH
    assert cuts[18] <= BOUND
