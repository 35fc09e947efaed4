"""A Chatwoot of this process, a project bound to it, and a sync that really runs."""

from collections.abc import Callable
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any
from uuid import UUID

import httpx
import pytest

from mayak.automation.model import Registry, Result, Trigger
from mayak.automation.queries import Claim
from mayak.automation.service.execution import RunningJob
from mayak.platform.db import Database
from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from mayak.sync import jobs, service
from mayak.sync.model import BindingScope
from mayak.sync.service import Sources
from tests.runs import run_once, started
from tests.sources import chatwoot

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE = "http://sandbox/chatwoot"
REGISTRY = Registry.of([jobs])

Rows = list[dict[str, Any]]


class Wire(httpx.AsyncBaseTransport):
    """The way to the sandbox, which can be cut."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inner: httpx.AsyncBaseTransport = SandboxTransport(create_app(world))
        self.requests = 0
        self.breaks_at: int | None = None
        """The number of the first request that finds no connection."""
        self.breaks_for = 10**6
        """How many requests in a row find none."""
        self._then: dict[str, Callable[[], object]] = {}

    def after(self, op: str, then: Callable[[], object]) -> None:
        """Do this once, or await it, right after the next answered call of an operation."""
        self._then[op] = then

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if self.breaks_at and 0 <= self.requests - self.breaks_at < self.breaks_for:
            raise httpx.ConnectError("nobody is there", request=request)
        response = await self._inner.handle_async_request(request)
        last = self._world.journal.calls()[-1]
        if then := self._then.pop(last.op, None):
            done = then()
            if isawaitable(done):
                await done
        return response


class Tower:
    """One project and its copy of the World."""

    def __init__(self, database: Database, project: UUID, world: World) -> None:
        self.database = database
        self.project = project
        self.world = world
        self.wire = Wire(world)
        self.token = "admin"

    @property
    def access(self) -> Sources:
        http = httpx.AsyncClient(transport=self.wire)
        return chatwoot(http, base_url=BASE, token=self.token, account_id=1)

    async def bind(self, *inboxes: int) -> None:
        """Give these inboxes to the project; none means the whole account."""
        await self._bind("inboxes" if inboxes else "account", inboxes)

    async def unbind(self) -> None:
        """Take everything away from the project."""
        await self._bind("none", ())

    async def _bind(self, scope: BindingScope, inboxes: tuple[int, ...]) -> None:
        ref = self.access.default_ref("chatwoot")
        assert ref is not None
        await service.replace_bindings(
            self.database,
            self.project,
            ref,
            scope=scope,
            inboxes=[str(one) for one in inboxes],
        )

    async def started(
        self, by: Trigger = "manual", access: Sources | None = None
    ) -> tuple[RunningJob, Claim]:
        """A run that was claimed, in the engine's own JobRun; its handler may be called again."""
        things = {Sources: access or self.access}
        return await started(
            self.database, REGISTRY, things, self.project, jobs.chatwoot_sync, by=by
        )

    async def sync(self, by: Trigger = "manual", access: Sources | None = None) -> Result:
        """One run of the job. Raises what the job raises."""
        things = {Sources: access or self.access}
        return await run_once(
            self.database, REGISTRY, things, self.project, jobs.chatwoot_sync, by=by
        )

    async def rows(self, query: str, *values: object) -> Rows:
        """What the project sees of its own tables."""
        async with self.database.transaction(self.project) as conn:
            cursor = await conn.execute(query.encode(), values or None)
            names = [column.name for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def live(self, table: str) -> set[str]:
        """Ids of the rows that are no tombstones."""
        rows = await self.rows(f"SELECT external_id FROM {table} WHERE deleted_at IS NULL")
        return {row["external_id"] for row in rows}

    async def message(self, message_id: int) -> dict[str, Any]:
        found = await self.rows("SELECT * FROM cw_messages WHERE external_id = %s", str(message_id))
        return found[0]

    async def state(self, stream: str) -> dict[str, Any]:
        found = await self.rows("SELECT * FROM connector_sync_state WHERE stream = %s", stream)
        return found[0]

    async def errors(self, status: str = "pending") -> Rows:
        return await self.rows("SELECT * FROM connector_errors WHERE status = %s", status)

    async def copy(self) -> dict[str, Rows]:
        """Everything that was copied, without what differs between two equal copies."""
        tables = ("cw_inboxes_raw", "cw_contacts", "cw_conversations", "cw_messages")
        ours = ("synced_at", "observed_at", "revision", "deleted_at", "project_id")
        copied = {}
        for table in (*tables, "cw_attachments_raw"):
            rows = await self.rows(f"SELECT * FROM {table} ORDER BY external_id")
            for row in rows:
                row["gone"] = row["deleted_at"] is not None
                for name in ours:
                    del row[name]
            copied[table] = rows
        return copied


@pytest.fixture
def world() -> World:
    """Inboxes 1 (e-mail) and 2 (chat); an administrator and an agent; time stands still."""
    world = World(Clock(NOON, frozen=True))
    world.add_inbox(name="Mail", channel_type="Channel::Email", email="hello@studio.example")
    world.add_inbox(name="Chat", channel_type="Channel::WebWidget")
    world.add_agent(name="Ada", email="ada@studio.example", token="admin", role="administrator")
    world.add_agent(name="Ben", email="ben@studio.example", token="agent", inbox_ids=[1])
    return world


Talk = Callable[..., int]


@pytest.fixture
def talk(world: World) -> Talk:
    """Start a conversation of a new contact; its id."""

    def start(
        *texts: str, inbox: int = 1, name: str = "Helen", known: bool = True, **fields: Any
    ) -> int:
        email = f"{name.lower()}@client.example" if known else None
        person = world.add_contact(name=name, email=email)
        said = world.add_conversation(inbox_id=inbox, contact_id=person.id, **fields)
        for text in texts:
            world.add_message(said.display_id, text)
        return said.display_id

    return start


@pytest.fixture
async def tower(database: Database, project: UUID, world: World) -> Tower:
    """The project, bound to the whole account."""
    tower = Tower(database, project, world)
    await tower.bind()
    return tower


@pytest.fixture
def other_tower(database: Database, other_project: UUID, world: World) -> Tower:
    """Another project, bound to nothing yet."""
    return Tower(database, other_project, world)
