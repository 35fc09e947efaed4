"""Somebody at the Connectors page of a project, with three services within reach."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from mayak.access.deps import current_project, current_user
from mayak.access.model import ProjectScope, Role, User
from mayak.automation.model import Result
from mayak.http import errors
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.platform.secrets import Vault, new_key
from mayak.sandbox.world import World
from mayak.sync import api
from mayak.sync.model import Connector
from mayak.sync.service import Credentials, Sources
from tests.sources import usual
from tests.sync.studio import BASE, REGISTRY, Studio


class Desk(Studio):
    """A project beside a World, and the browser of one of its people."""

    def __init__(self, database: Database, project: UUID, world: World) -> None:
        super().__init__(database, project, world)
        self.keys = [new_key()]
        self.role: Role = "manager"
        self.defaults: dict[Connector, Credentials] = usual(BASE, chatwoot=self.tokens["chatwoot"])

    @property
    def sources(self) -> Sources:
        return Sources(self.http, defaults=self.defaults, vault=lambda: Vault(self.keys))

    def only(self, *connectors: Connector) -> None:
        """An installation without the credentials of the others."""
        self.defaults = {name: one for name, one in self.defaults.items() if name in connectors}

    def _app(self) -> FastAPI:
        app = FastAPI()
        things: dict[type[Any], Any] = {Database: self.database, Sources: self.sources}
        app.state.resources = Resources({type(REGISTRY): REGISTRY, **things})
        errors.install(app)
        app.include_router(api.router)
        app.dependency_overrides[current_project] = self._scope
        app.dependency_overrides[current_user] = self._user
        return app

    def _scope(self) -> ProjectScope:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        return ProjectScope(
            id=self.project, slug="x", name="X", time_zone="UTC", role=self.role, created_at=since
        )

    def _user(self) -> User:
        return User(id=self.project, email="ann@a.example", name="Ann", role="member", locale=None)

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One request below /connectors."""
        transport = httpx.ASGITransport(app=self._app())
        async with httpx.AsyncClient(transport=transport, base_url="http://mayak") as client:
            return await client.request(method, f"/connectors{path}", json=body)

    async def got(self, path: str) -> Any:
        """What a page shows; never a failure."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def did(self, method: str, path: str, body: object = None) -> Any:
        """What something that is allowed and right answers."""
        answer = await self.ask(method, path, body)
        assert answer.status_code in {200, 202}, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: object = None) -> tuple[int, str, str]:
        """Status, code and detail of what is not."""
        answer = await self.ask(method, path, body)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["code"], answer.json()["detail"]

    async def shown(self, connector: Connector) -> Any:
        """One connector of the list."""
        items = (await self.got(""))["items"]
        return next(one for one in items if one["connector"] == connector)

    async def waiting(self) -> list[str]:
        """Types of the runs that wait for a worker."""
        rows = await self.rows(
            "SELECT job_type FROM worker_runs WHERE status = 'queued' ORDER BY job_type"
        )
        return [row["job_type"] for row in rows]

    async def read(self, connector: Connector) -> Result:
        return await self.sync(connector)
