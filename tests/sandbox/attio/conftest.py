"""A small Attio that stands still, and clients that talk to it without sockets."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.attio.workspace import furnished
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

Edit = Callable[..., dict[str, Any]]
Connect = Callable[[str], httpx.AsyncClient]


@pytest.fixture
def edit(world: World) -> Edit:
    """Run an edit of Attio by name; gives the row it made, {} for a deletion."""
    furnished(world)

    def edit(name: str, /, **args: Any) -> dict[str, Any]:
        return apply_edit(world, f"attio.{name}", args) or {}

    return edit


@pytest.fixture
def company(edit: Edit) -> Callable[..., str]:
    """A company by name; gives its id."""

    def company(name: str, **values: Any) -> str:
        row = edit("create_record", object="companies", values={"name": name, **values})
        return str(row["id"]["record_id"])

    return company


@pytest.fixture
async def connect(app: Starlette) -> AsyncIterator[Connect]:
    """A client by token; paths are relative to /v2."""
    opened: list[httpx.AsyncClient] = []

    def connect(token: str) -> httpx.AsyncClient:
        opened.append(
            httpx.AsyncClient(
                transport=SandboxTransport(app),
                base_url="http://sandbox/attio/v2",
                headers={"authorization": f"Bearer {token}"} if token else {},
            )
        )
        return opened[-1]

    yield connect
    for client in opened:
        await client.aclose()


@pytest.fixture
def attio(connect: Connect) -> httpx.AsyncClient:
    """The client that may do everything."""
    return connect(ATTIO_KEY)


Query = Callable[..., Any]


@pytest.fixture
def query(attio: httpx.AsyncClient) -> Query:
    """Query companies, oldest first unless told otherwise; gives their names."""

    async def query(**body: Any) -> list[str]:
        body.setdefault("sorts", [{"attribute": "created_at", "direction": "asc"}])
        answer = await attio.post("/objects/companies/records/query", json=body)
        assert answer.status_code == 200, answer.text
        return [row["values"]["name"][0]["value"] for row in answer.json()["data"]]

    return query
