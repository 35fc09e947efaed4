"""The HTTP face of reconciliation."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from mayak.access.deps import current_project
from mayak.access.model import ProjectScope
from mayak.automation.model import Registry
from mayak.http import errors
from mayak.kit.resources import Resources
from mayak.lightrag.service.coverage import coverage
from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sync import api
from mayak.sync.model.reconciliation import Downstreams
from mayak.sync.service import Sources
from tests.sync.auditor import Auditor
from tests.sync.studio import REGISTRY

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ALL = "/connectors/reconciliation"


@pytest.fixture
async def studio(database: Database, project: UUID) -> Auditor:
    """A project with the whole of a Linear workspace, synced."""
    studio = Auditor(database, project, build_world(frozen=True))
    await studio.bind("linear")
    await studio.sync("linear")
    return studio


@pytest.fixture
async def client(studio: Auditor) -> AsyncIterator[httpx.AsyncClient]:
    """A manager of the project."""
    app = FastAPI()
    app.state.resources = Resources(
        {
            Database: studio.database,
            Registry: REGISTRY,
            Sources: studio.sources,
            Downstreams: Downstreams((coverage,)),
        }
    )
    errors.install(app)
    app.include_router(api.router)

    def scope() -> ProjectScope:
        return ProjectScope(
            id=studio.project,
            slug="northwind",
            name="Northwind",
            time_zone="UTC",
            role="manager",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )

    app.dependency_overrides[current_project] = scope
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mayak") as client:
        yield client


async def test_before_the_first_check_nothing_is_known(client: httpx.AsyncClient) -> None:
    body = (await client.get(ALL)).json()

    [linear] = body["connectors"]
    assert {linear[name] for name in ("completeness", "missing", "extra", "stale")} == {None}
    assert {one["full"] for one in body["streams"]} == {None}


async def test_a_check_shows_in_numbers_and_ids(client: httpx.AsyncClient, studio: Auditor) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 3))
    await studio.check(connector="linear")

    body = (await client.get(ALL)).json()
    query = {"connector": "linear", "stream": "issues"}
    diff = (await client.get(f"{ALL}/diff", params=query)).json()

    [linear] = body["connectors"]
    assert (linear["missing"], linear["open"]["missing"]) == (3, 3)
    assert linear["worst"]["stream"] == "issues"
    assert linear["trend"][0]["completeness"] == linear["completeness"] < 100
    assert (set(diff["missing"]), diff["counts"]["missing"]) == (lost, 3)


async def test_one_unknown_stream_makes_the_whole_unknown(
    client: httpx.AsyncClient, studio: Auditor
) -> None:
    await studio.check(connector="linear")
    studio.world.faults.add("status", service="linear", op="CommentIds", times=None, code=500)
    await studio.check(connector="linear")

    body = (await client.get(ALL)).json()

    [linear] = body["connectors"]
    [comments] = [one for one in body["streams"] if one["stream"] == "comments"]
    assert (linear["completeness"], linear["missing"], linear["worst"]) == (None, None, None)
    assert (comments["full"]["completeness"], bool(comments["full"]["cause"])) == (None, True)


async def test_findings_come_in_pages(client: httpx.AsyncClient, studio: Auditor) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 3))
    await studio.check(connector="linear")

    first = (await client.get(f"{ALL}/findings", params={"limit": 2})).json()
    query = {"limit": 2, "cursor": first["next_cursor"]}
    second = (await client.get(f"{ALL}/findings", params=query)).json()

    found = {one["external_id"] for one in first["items"] + second["items"]}
    assert (found, second["next_cursor"]) == (lost, None)


async def test_an_ignored_finding_stays_ignored_until_it_is_taken_up_again(
    client: httpx.AsyncClient, studio: Auditor
) -> None:
    await studio.lose("issue", await studio.some("issue", 1))
    await studio.check(connector="linear")
    [finding] = (await client.get(f"{ALL}/findings")).json()["items"]
    await client.post(f"{ALL}/findings/{finding['id']}/ignore")
    await studio.check(connector="linear")
    ignored = await studio.found("issues", "ignored")

    reopened = await client.post(f"{ALL}/findings/{finding['id']}/reopen")

    assert ignored == {"missing": {finding["external_id"]}}
    assert reopened.json()["status"] == "open"
    assert len((await client.get(f"{ALL}/findings")).json()["items"]) == 1


async def test_a_strange_finding_cannot_be_ignored(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{ALL}/findings/{uuid4()}/ignore")

    assert (response.status_code, response.json()["code"]) == (404, "finding_not_found")


@pytest.mark.parametrize(
    ("path", "body", "job"),
    [
        ("run", None, "connectors_reconciliation_run"),
        ("run", {"connector": "linear", "stream": "issues"}, "connectors_reconciliation_run"),
        ("repair", {"kinds": ["missing"]}, "connectors_reconciliation_repair"),
    ],
)
async def test_checks_and_repairs_are_runs(
    client: httpx.AsyncClient, path: str, body: dict[str, object] | None, job: str
) -> None:
    response = await client.post(f"{ALL}/{path}", json=body)

    assert (response.status_code, response.json()["job_type"]) == (202, job)


@pytest.mark.parametrize("body", [{"connector": "linear", "stream": "deals"}, {"stream": "issues"}])
async def test_a_stream_that_there_is_not_is_refused(
    client: httpx.AsyncClient, body: dict[str, str]
) -> None:
    response = await client.post(f"{ALL}/run", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "invalid_input")


async def test_a_repair_of_chosen_findings_leaves_the_others(
    client: httpx.AsyncClient, studio: Auditor
) -> None:
    lost = await studio.lose("issue", await studio.some("issue", 2))
    await studio.check(connector="linear")
    first, second = (await client.get(f"{ALL}/findings")).json()["items"]

    await studio.repair(finding_ids=[first["id"]])

    assert await studio.found("issues") == {"missing": {second["external_id"]}}
    assert await studio.found("issues", "repaired") == {"missing": lost - {second["external_id"]}}
