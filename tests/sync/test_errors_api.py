"""The errors as people see them: lists, groups, one with its record, retry, discard, drift."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from mayak.access.deps import current_project, current_user
from mayak.access.model import ProjectScope, Role, User
from mayak.automation.model import Registry
from mayak.http import errors
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync import api
from mayak.sync.service import Sources
from tests.sync.failing import Patient
from tests.sync.studio import REGISTRY

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ADA = User(id=uuid4(), email="ada@studio.example", name="Ada", role="member", locale=None)


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def bad(world: World) -> str:
    return min(row.id for row in world.linear.issues if row.archived_at is None)


@pytest.fixture
async def studio(database: Database, project: UUID, world: World, bad: str) -> Patient:
    """A project whose copy of Linear lacks one issue."""
    studio = Patient(database, project, world)
    await studio.bind("linear")
    studio.spoil(bad, priority="highest")
    await studio.sync("linear")
    return studio


@pytest.fixture
def roles() -> dict[str, Role]:
    return {"role": "manager"}


@pytest.fixture
async def client(studio: Patient, roles: dict[str, Role]) -> AsyncIterator[httpx.AsyncClient]:
    """Ada, who works on the project."""
    app = FastAPI()
    app.state.resources = Resources(
        {Database: studio.database, Registry: REGISTRY, Sources: studio.sources}
    )
    errors.install(app)
    app.include_router(api.router)

    def scope() -> ProjectScope:
        return ProjectScope(
            id=studio.project, slug="northwind", name="Northwind", time_zone="UTC",
            role=roles["role"], created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip

    app.dependency_overrides[current_project] = scope
    app.dependency_overrides[current_user] = lambda: ADA
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mayak") as client:
        yield client


async def items(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 1),
        ("?status=pending&connector=linear&stream=issues&kind=schema", 1),
        ("?status=dead_letter", 0),
        ("?connector=attio", 0),
        ("?stream=comments", 0),
        ("?kind=network", 0),
        ("?fingerprint=other", 0),
    ],
)
async def test_errors_are_filtered(client: httpx.AsyncClient, query: str, count: int) -> None:
    found = await items(client, f"/connectors/errors{query}")

    assert len(found) == count
    assert all("retry" in one["next_step"] for one in found)


async def test_one_error_shows_the_record_that_was_put_aside(
    client: httpx.AsyncClient, bad: str
) -> None:
    [listed] = await items(client, "/connectors/errors")

    one = (await client.get(f"/connectors/errors/{listed['id']}")).json()

    assert "payload" not in listed
    assert (one["payload"]["id"], one["payload"]["priority"]) == (bad, "highest")


async def test_an_error_of_nobody_is_not_found(client: httpx.AsyncClient) -> None:
    response = await client.get(f"/connectors/errors/{uuid4()}")

    assert (response.status_code, response.json()["code"]) == (404, "connector_error_not_found")


async def test_equal_failures_are_one_group(
    client: httpx.AsyncClient, studio: Patient, world: World, bad: str
) -> None:
    other = max(row.id for row in world.linear.issues if row.archived_at is None)
    studio.spoil(other, priority="highest")
    studio.spoil(bad, priority="highest")
    await studio.sync("linear", full=True)

    [group] = await items(client, "/connectors/errors/groups")

    assert (group["count"], group["dead"], group["kind"]) == (2, 0, "schema")
    assert (group["connector"], group["stream"]) == ("linear", "issues")
    assert group["first_seen_at"] <= group["last_seen_at"]


async def test_a_retry_that_was_asked_for_does_not_wait_for_its_time(
    client: httpx.AsyncClient, studio: Patient
) -> None:
    studio.mend()

    response = await client.post("/connectors/errors/retry", json={"connector": "linear"})

    assert response.status_code == 202
    assert response.json()["job_type"] == "connector_errors_retry"
    [row] = await studio.rows("SELECT next_retry_at <= now() AS due FROM connector_errors")
    assert row["due"]


async def test_a_retry_of_something_strange_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/connectors/errors/retry", json={"ids": [str(uuid4())]})

    assert (response.status_code, response.json()["code"]) == (404, "connector_error_not_found")


async def test_the_retry_of_a_dead_letter_reads_that_record_alone(
    client: httpx.AsyncClient, studio: Patient, world: World, bad: str
) -> None:
    other = max(row.id for row in world.linear.issues if row.archived_at is None)
    studio.spoil(other, priority="highest")
    await studio.sync("linear", full=True)
    await studio.rows(
        "UPDATE connector_errors SET status = 'dead_letter', attempt = 5, next_retry_at = NULL"
        " RETURNING 1"
    )
    studio.mend()
    dead = await items(client, "/connectors/errors/dead-letter")
    [letter] = [one for one in dead if one["external_id"] == f"issue {bad}"]
    before = studio.last_call()

    run = await client.post(f"/connectors/errors/dead-letter/{letter['id']}/retry")
    await studio.retry(ids=[letter["id"]])

    calls = studio.asked(before)
    left = await items(client, "/connectors/errors/dead-letter")
    assert run.status_code == 202
    assert [one["external_id"] for one in left] == [f"issue {other}"]
    assert bad in await studio.live("issue")
    assert calls.count("IssuesById") == 1
    assert len(calls) <= 3, calls


async def test_what_is_not_dead_is_no_dead_letter(client: httpx.AsyncClient) -> None:
    [error] = await items(client, "/connectors/errors")

    response = await client.post(f"/connectors/errors/dead-letter/{error['id']}/retry")

    assert (response.status_code, response.json()["code"]) == (409, "connector_error_not_dead")


async def test_a_discard_lasts_until_the_record_changes(
    client: httpx.AsyncClient, studio: Patient, bad: str
) -> None:
    [error] = await items(client, "/connectors/errors")

    gone = (await client.post(f"/connectors/errors/{error['id']}/discard")).json()
    calm = await studio.state("issues")
    await studio.sync("linear", full=True)
    same = await studio.errors()
    studio.spoil(bad, priority="lowest")
    await studio.sync("linear", full=True)

    assert (gone["status"], gone["resolved_by"]) == ("resolved", ADA.email)
    assert calm["status"] == "ok"
    assert same == []
    assert len(await studio.errors()) == 1


async def test_a_discard_can_be_taken_back(client: httpx.AsyncClient, studio: Patient) -> None:
    [error] = await items(client, "/connectors/errors")
    await client.post(f"/connectors/errors/{error['id']}/discard")

    back = await client.post(f"/connectors/errors/{error['id']}/restore")
    twice = await client.post(f"/connectors/errors/{error['id']}/restore")

    state = await studio.state("issues")
    assert (back.status_code, back.json()["status"]) == (200, "pending")
    assert (state["status"], state["cause"]) == ("partial", "1 of its records could not be copied.")
    assert (twice.status_code, twice.json()["code"]) == (409, "connector_error_settled")


async def test_what_fails_again_cannot_be_restored_beside_it(
    client: httpx.AsyncClient, studio: Patient, bad: str
) -> None:
    [error] = await items(client, "/connectors/errors")
    await client.post(f"/connectors/errors/{error['id']}/discard")
    studio.spoil(bad, priority="highest", title="Another")
    await studio.sync("linear", full=True)

    response = await client.post(f"/connectors/errors/{error['id']}/restore")

    assert response.status_code == 409
    assert "newer" in response.json()["detail"]


async def test_drift_is_told_when_it_comes_and_not_on_the_first_sync(
    client: httpx.AsyncClient, studio: Patient, world: World
) -> None:
    first = await items(client, "/connectors/drift")
    world.faults.add("schema_drift", service="linear", op="IssuesPage", set={"mood": "sunny"})

    await studio.sync("linear", full=True)

    [drift] = await items(client, "/connectors/drift?connector=linear")
    assert first == []
    assert (drift["stream"], drift["field"]) == ("issues", "mood:text")
    assert drift["next_step"]


@pytest.mark.parametrize("role", get_args(Role))
async def test_who_may_do_what(
    client: httpx.AsyncClient, roles: dict[str, Role], role: Role
) -> None:
    [error] = await items(client, "/connectors/errors")
    roles["role"] = role

    codes = [
        (await client.post("/connectors/errors/retry")).status_code,
        (await client.get(f"/connectors/errors/{error['id']}")).status_code,
        (await client.post(f"/connectors/errors/{error['id']}/discard")).status_code,
    ]

    works, manages = role != "viewer", role in {"owner", "manager"}
    assert codes == [202 if works else 403, 200 if works else 403, 200 if manages else 403]


@pytest.mark.parametrize(
    "wanted",
    [
        {"from": "2026-01-01T00:00:00"},
        {"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z", "to": "2999-01-01T00:00:00Z"},
        {"from": "2026-01-01T00:00:00Z", "streams": ["users"]},
        {"from": "2026-01-01T00:00:00Z", "streams": ["inboxes"]},
        {},
    ],
)
async def test_a_backfill_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, wanted: dict[str, object]
) -> None:
    response = await client.post("/connectors/linear/backfill", json=wanted)

    assert response.status_code == 422, response.text


async def test_two_spans_are_two_backfills_and_one_span_is_one(client: httpx.AsyncClient) -> None:
    end = datetime(2026, 3, 1, tzinfo=UTC)

    async def start(days: int) -> str:
        wanted = {"from": (end - timedelta(days=days)).isoformat(), "to": end.isoformat()}
        response = await client.post("/connectors/linear/backfill", json=wanted)
        assert response.status_code == 202, response.text
        return str(response.json()["id"])

    week, again, month = await start(7), await start(7), await start(30)

    assert (week == again, week == month) == (True, False)
