"""The HTTP face of sync."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import get_args

import httpx
import pytest
from fastapi import FastAPI

from mayak.access.deps import current_project
from mayak.access.model import ProjectScope, Role
from mayak.automation.model import Registry
from mayak.http import errors
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.sandbox.world import World
from mayak.sync import api
from mayak.sync.service import Sources
from tests.sync.conftest import REGISTRY, Talk, Tower

pytestmark = pytest.mark.anyio


@pytest.fixture
def roles() -> dict[str, Role]:
    """The role of the one who asks; a test may change it."""
    return {"role": "manager"}


@pytest.fixture
async def client(tower: Tower, roles: dict[str, Role]) -> AsyncIterator[httpx.AsyncClient]:
    """Someone who is logged in and works on the tower's project."""
    app = FastAPI()
    app.state.resources = Resources(
        {Database: tower.database, Registry: REGISTRY, Sources: tower.access}
    )
    errors.install(app)
    app.include_router(api.router)

    def scope() -> ProjectScope:
        return ProjectScope(
            id=tower.project,
            slug="northwind",
            name="Northwind",
            time_zone="UTC",
            role=roles["role"],
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    app.dependency_overrides[current_project] = scope
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mayak") as client:
        yield client


@pytest.mark.parametrize("path", ["/connectors/chatwoot/sync", "/jobs/chatwoot/sync"])
async def test_a_sync_is_accepted_and_waits_for_a_worker(
    client: httpx.AsyncClient, path: str
) -> None:
    first, second = await client.post(path), await client.post(path)

    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["job_type"] == "chatwoot_sync"
    assert first.json()["status"] == "queued"
    assert first.json()["id"] == second.json()["id"]


async def test_states_tell_how_much_is_here(
    client: httpx.AsyncClient, tower: Tower, talk: Talk
) -> None:
    talk("Hello", "Anybody?")
    await tower.sync()

    items = (await client.get("/connectors/state")).json()["items"]

    assert [(one["stream"], one["status"], one["rows"]) for one in items] == [
        ("inboxes", "ok", 2),
        ("contacts", "ok", 1),
        ("conversations", "ok", 1),
        ("messages", "ok", 2),
    ]
    assert items[0]["last_success_at"]


async def test_errors_are_read_page_by_page(
    client: httpx.AsyncClient, tower: Tower, world: World, talk: Talk
) -> None:
    for number in range(3):
        talk("Hello", name=f"P{number}")
    world.faults.add("schema_drift", op="messages.list", times=None, set={"created_at": "x"})
    await tower.sync()

    first = (await client.get("/connectors/errors?limit=2")).json()
    rest = (await client.get("/connectors/errors", params={"cursor": first["next_cursor"]})).json()

    found = [one["external_id"] for one in first["items"] + rest["items"]]
    assert sorted(found) == ["message 1", "message 2", "message 3"]
    assert rest["next_cursor"] is None
    assert (await client.get("/connectors/errors?status=resolved")).json()["items"] == []


async def test_bindings_are_replaced_as_a_whole(client: httpx.AsyncClient) -> None:
    before = (await client.get("/connectors/chatwoot/bindings")).json()
    wanted = {"scope": "inboxes", "inboxes": ["2"]}
    after = (await client.put("/connectors/chatwoot/bindings", json=wanted)).json()

    assert before == {"scope": "account", "inboxes": [], "parts": []}
    assert after["scope"] == "inboxes"
    assert after["inboxes"] == [{"external_id": "2", "name": None}]
    assert after["parts"] == [{"kind": "inbox", "external_id": "2", "name": None}]
    assert (await client.get("/connectors/chatwoot/bindings")).json() == after


async def test_an_inbox_of_another_project_is_a_conflict(
    client: httpx.AsyncClient, tower: Tower, other_tower: Tower
) -> None:
    await tower.bind(1)
    await other_tower.bind(2)

    wanted = {"scope": "inboxes", "inboxes": ["2"]}
    response = await client.put("/connectors/chatwoot/bindings", json=wanted)

    assert (response.status_code, response.json()["code"]) == (409, "binding_taken")


@pytest.mark.parametrize(
    "wanted",
    [
        {"scope": "inboxes", "inboxes": []},
        {"scope": "account", "inboxes": ["1"]},
        {"scope": "inboxes", "inboxes": ["one"]},
    ],
)
async def test_bindings_that_contradict_themselves_are_refused(
    client: httpx.AsyncClient, wanted: dict[str, object]
) -> None:
    assert (await client.put("/connectors/chatwoot/bindings", json=wanted)).status_code == 422


@pytest.mark.parametrize("role", get_args(Role))
async def test_only_managers_change_what_belongs_to_a_project(
    client: httpx.AsyncClient, roles: dict[str, Role], role: Role
) -> None:
    roles["role"] = role

    response = await client.put("/connectors/chatwoot/bindings", json={"scope": "none"})

    assert response.status_code == (200 if role in {"owner", "manager"} else 403)
