"""A studio whose services call it: their webhooks reach the app, without sockets."""

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from mayak.automation.model import Registry, Result
from mayak.entry.http import build_app
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.platform.secrets import Vault, new_key
from mayak.platform.telemetry import RequestMeasures
from mayak.sandbox.app import create_app
from mayak.sandbox.chatwoot.webhooks import Version
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from mayak.sync import jobs
from mayak.sync.model import Connector
from mayak.sync.service import Sources, subscribing
from mayak.sync.service.subscribing import Installed, PublicAddress
from tests.runs import run_once
from tests.sources import usual
from tests.sync.conftest import Wire
from tests.sync.studio import BASE, REGISTRY, Studio

PUBLIC = "https://mayak.test"
DRAINS = {
    "chatwoot": jobs.webhooks_drain_chatwoot,
    "linear": jobs.webhooks_drain_linear,
    "attio": jobs.webhooks_drain_attio,
}


class WithoutSecrets(httpx.AsyncBaseTransport):
    """The way to a Chatwoot whose webhooks have none."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if not request.url.path.endswith("/webhooks"):
            return answer
        body = re.sub(rb'"secret": "[^"]*"', b'"secret": null', await answer.aread())
        return httpx.Response(answer.status_code, content=body)


class Calls:
    """What the services call: the app of one installation, open for as long as the test."""

    def __init__(self, database: Database, world: World, *, version: Version = "4.13") -> None:
        vault = Vault([new_key()])
        self.database = database
        self.world = world
        self.wire = Wire(world)
        # The wire's own server would tell everything a second time, to nobody.
        for listeners in (world.listeners, world.linear_listeners, world.attio_listeners):
            listeners.clear()
        self.app = build_app(
            Resources(
                {
                    Database: database,
                    Sources: Sources(
                        httpx.AsyncClient(transport=self.wire),
                        defaults=usual(BASE, chatwoot="sandbox-admin-token"),
                        vault=lambda: vault,
                    ),
                    Registry: REGISTRY,
                    RequestMeasures: RequestMeasures(),
                    PublicAddress: PublicAddress(url=PUBLIC),
                }
            ),
            cors_origins=[],
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=PUBLIC)
        self.services = create_app(world, version=version, webhook_client=self.client)
        inner = SandboxTransport(self.services)
        # Versions that do not sign have no secrets to show, either.
        self.wire._inner = inner if version == "4.13" else WithoutSecrets(inner)  # noqa: SLF001

    @property
    def sources(self) -> Sources:
        resources: Resources = self.app.state.resources
        return resources.get(Sources)

    async def arrive(self) -> None:
        """Wait until everything that happened was told."""
        state = self.services.state
        for sender in (state.webhooks, state.linear_webhooks, state.attio_webhooks):
            await sender.settle()


class Hearing(Studio):
    """One project beside a World that calls it."""

    def __init__(self, calls: Calls, project: UUID) -> None:
        super().__init__(calls.database, project, calls.world)
        for listeners in (
            calls.world.listeners,
            calls.world.linear_listeners,
            calls.world.attio_listeners,
        ):
            del listeners[1:]
        self.calls = calls
        self.wire = calls.wire

    @property
    def sources(self) -> Sources:
        return self.calls.sources

    async def install(self, connector: Connector, *, unsigned: bool = False) -> Installed:
        return await subscribing.install(
            self.database,
            self.sources,
            self.project,
            connector,
            address=PUBLIC,
            unsigned=unsigned,
        )

    async def drain(self, connector: Connector, *, within: float | None = None) -> Result:
        """One run of what looks into deliveries. Raises what the job raises."""
        return await run_once(
            self.database,
            REGISTRY,
            {Sources: self.sources, Registry: REGISTRY, Database: self.database},
            self.project,
            DRAINS[connector],
            by="webhook",
            within=within,
        )

    async def hear(self, connector: Connector) -> Result:
        """Let everything arrive and be looked into."""
        await self.calls.arrive()
        return await self.drain(connector)

    async def deliveries(self) -> list[dict[str, Any]]:
        return await self.rows("SELECT * FROM webhook_deliveries ORDER BY received_at")

    async def waiting(self) -> list[str]:
        """Job types that wait for a worker."""
        rows = await self.rows("SELECT job_type FROM worker_runs WHERE status = 'queued'")
        return sorted(row["job_type"] for row in rows)

    async def secret(self) -> str:
        """Of the project's only endpoint, as the service has it."""
        [row] = await self.rows("SELECT secret FROM webhook_endpoints WHERE status = 'active'")
        return self.sources.open_sealed(row["secret"])


def signed(secret: str, body: object) -> tuple[bytes, str]:
    """A body as Linear and Attio send it, and its signature."""
    raw = json.dumps(body).encode()
    return raw, hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


async def listening(studio: Hearing, connector: Any) -> Hearing:
    await studio.bind(connector)
    await studio.sync(connector)
    await studio.install(connector)
    return studio


def issue_of(world: World) -> str:
    return next(row.id for row in world.linear.issues if row.archived_at is None)


def event(issue: str, action: str = "update", *, age: timedelta = timedelta(0)) -> dict[str, Any]:
    at = datetime.now(UTC) - age
    return {
        "action": action,
        "type": "Issue",
        "data": {"id": issue, "title": "what the body says"},
        "webhookTimestamp": int(at.timestamp() * 1000),
    }


async def post(studio: Hearing, body: object, *, secret: str | None = None, id_: str = "d1") -> int:
    """Post a body as Linear does; the status of the answer."""
    raw, signature = signed(secret or await studio.secret(), body)
    [row] = await studio.rows("SELECT url FROM webhook_endpoints WHERE status = 'active'")
    headers = {"Linear-Signature": signature, "Linear-Delivery": id_}
    answer = await studio.calls.client.post(row["url"], content=raw, headers=headers)
    return answer.status_code
