"""A small World that stands still, and clients that talk to it without sockets."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette

from mayak.sandbox.app import create_app
from mayak.sandbox.clock import Clock
from mayak.sandbox.rows import Contact
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from tests.sandbox.linear_world import ADMIN_KEY, Ask, furnish

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """Inboxes 1 (e-mail) and 2 (API); an administrator, 1, and an agent, 2, of inbox 1 only."""
    world = World(Clock(NOON, frozen=True))
    world.add_inbox(name="Mail", channel_type="Channel::Email", email="hello@studio.example")
    world.add_inbox(name="Programs", channel_type="Channel::Api")
    world.add_agent(name="Ada", email="ada@studio.example", token="admin", role="administrator")
    world.add_agent(name="Ben", email="ben@studio.example", token="agent", inbox_ids=[1])
    return world


@pytest.fixture
def helen(world: World) -> Contact:
    """Contact 1, known by e-mail, without conversations."""
    return world.add_contact(name="Helen", email="helen@client.example")


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world)


Client = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def connect(app: Starlette) -> AsyncIterator[Client]:
    """A client of account 1 by token; paths are relative to the account."""
    opened: list[httpx.AsyncClient] = []

    def connect(token: str) -> httpx.AsyncClient:
        opened.append(
            httpx.AsyncClient(
                transport=SandboxTransport(app),
                base_url="http://sandbox/chatwoot/api/v1/accounts/1",
                headers={"api_access_token": token},
            )
        )
        return opened[-1]

    yield connect
    for client in opened:
        await client.aclose()


@pytest.fixture
def chatwoot(connect: Client) -> httpx.AsyncClient:
    """The administrator's client."""
    return connect("admin")


@pytest.fixture
def studio(world: World) -> World:
    """The small World with a workspace of Linear; see linear_world.furnish."""
    furnish(world)
    return world


@pytest.fixture
async def ask(app: Starlette, studio: World) -> AsyncIterator[Ask]:
    """Ask Linear: a query, its variables, and `key` or `headers` for another than Ada."""
    transport = SandboxTransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/linear") as client:

        async def asking(
            query: str,
            *,
            key: str = ADMIN_KEY,
            name: str | None = None,
            headers: dict[str, str] | None = None,
            **variables: object,
        ) -> httpx.Response:
            body = {"query": query, "variables": variables, "operationName": name}
            given = {"Authorization": key} if headers is None else headers
            return await client.post("/graphql", json=body, headers=given)

        yield asking


@pytest.fixture
async def control(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/_control") as client:
        yield client
