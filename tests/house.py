"""A whole Mayak in this process, spoken to over HTTP without sockets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from mayak.access import service as access
from mayak.access.deps import CSRF_COOKIE, CSRF_HEADER
from mayak.access.model import Role, User, UserRole
from mayak.config import Settings
from mayak.entry.http import build_app
from mayak.entry.wiring import Parts, assembled

PASSWORD = "a long enough password"
ADDRESS = "http://mayak.test"


@dataclass(kw_only=True)
class House:
    """The app on a fresh database, its users, and browsers for them."""

    parts: Parts
    app: FastAPI
    stack: AsyncExitStack = field(repr=False)

    async def add(
        self, email: str, role: UserRole = "member", *, projects: dict[UUID, Role] | None = None
    ) -> User:
        """A user with `PASSWORD`, and with roles in projects."""
        async with self.parts.database.system_transaction() as conn:
            user = await access.create_user(
                conn, email=email, name="", password=PASSWORD, role=role
            )
            for project, there in (projects or {}).items():
                await access.admit(conn, project, user.id, there)
        return user

    async def stranger(self, **headers: str) -> httpx.AsyncClient:
        """A browser that nobody is logged in with."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)
        return await self.stack.enter_async_context(client)

    async def browser(self, email: str, project: UUID | None = None) -> httpx.AsyncClient:
        """A browser of this user, on a project; it sends the CSRF header as the dashboard does."""
        client = await self.stranger()
        login = {"email": email, "password": PASSWORD}
        (await client.post("/auth/login", json=login)).raise_for_status()
        client.headers[CSRF_HEADER] = client.cookies[CSRF_COOKIE]
        if project is not None:
            (await client.post(f"/projects/{project}/select")).raise_for_status()
        return client

    async def visitor(self, role: Role, project: UUID) -> httpx.AsyncClient:
        """A browser of a new user who has this role in the project, and is on it."""
        email = f"{role}@studio.example"
        await self.add(email, projects={project: role})
        return await self.browser(email, project)


@asynccontextmanager
async def opened_house(dsn: str, **settings: Any) -> AsyncIterator[House]:
    """Built as every process builds it, from these settings alone."""
    chosen = Settings(_env_file=None, **settings)  # type: ignore[call-arg]
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(assembled(chosen, dsn))
        app = build_app(parts.resources, cors_origins=chosen.cors_origin)
        yield House(parts=parts, app=app, stack=stack)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    permission: str | None
    """What its `allow` dependency asks for; None when it has none."""


def routes(app: FastAPI) -> Iterator[Route]:
    """Every route of our own, as the app serves it."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        if dependant is None or not context.path:
            continue
        asked = [
            name.removeprefix("allow ")
            for name in (getattr(one.call, "__name__", "") for one in dependant.dependencies)
            if name.startswith("allow ")
        ]
        for method in sorted(context.methods or ()):
            yield Route(method, context.path, asked[0] if asked else None)
