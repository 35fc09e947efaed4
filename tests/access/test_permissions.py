"""Every route, walked by every role: the table of permissions decides, and nothing else."""

from typing import get_args
from uuid import UUID, uuid4

import pytest

from mayak.access.model import LEAST, Permission, Role, may
from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.entry.http import build_app
from mayak.kit.resources import Resources
from mayak.platform.db import Database, execute
from mayak.platform.telemetry import RequestMeasures
from tests.house import House, Route, routes

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("GET", "/"),
    ("GET", "/app"),
    ("GET", "/app/{path}"),
    ("GET", "/docs"),
    ("GET", "/docs/oauth2-redirect"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("POST", "/auth/login"),
    ("POST", "/auth/logout"),
    ("POST", "/webhooks/{connector}/{binding}"),  # signed by the service that calls
}
"""Routes for everybody, on purpose."""
ANY_USER = {
    ("GET", "/auth/session"),
    ("PATCH", "/auth/me"),
    ("GET", "/projects"),
    ("POST", "/projects/{project_id}/select"),
}
"""Routes about the user themselves: logging in is enough."""

WALKED = list(routes(build_app(Resources({RequestMeasures: RequestMeasures()}), cors_origins=[])))
GUARDED = [route for route in WALKED if route.permission]


def address(route: Route) -> str:
    """The route's address with something in each of its holes."""
    path = route.path.replace("{path:path}", "").replace("{source_type}", "chatwoot_message")
    path = path.replace("{job_type}", "embeddings_run")
    path = path.replace("{connector}", "linear").replace("{stream}", "issues")
    ids = (
        "project_id",
        "run_id",
        "query_id",
        "external_id",
        "endpoint_id",
        "error_id",
        "finding_id",
        "case_id",
    )
    for hole in (f"{{{name}}}" for name in ids):
        path = path.replace(hole, str(UUID(int=7)))
    assert "{" not in path, f"{path} has a hole that this test does not know"
    return path


def test_every_route_asks_for_a_permission_or_is_open_on_purpose() -> None:
    unguarded = {(route.method, route.path.replace(":path", "")) for route in WALKED}
    unguarded -= {(route.method, route.path) for route in GUARDED}

    assert unguarded == PUBLIC | ANY_USER
    assert len(GUARDED) > 15


def test_every_permission_is_in_the_table_and_every_route_asks_for_one_of_them() -> None:
    assert set(LEAST) == set(get_args(Permission))
    assert {route.permission for route in GUARDED} <= set(LEAST)


@pytest.mark.parametrize("role", get_args(Role))
async def test_a_role_passes_exactly_where_the_table_says(
    house: House, project: UUID, role: Role
) -> None:
    client = await house.visitor(role, project)
    for route in GUARDED:
        if route.permission == "projects.create":
            continue  # concerns the installation: below
        answer = await client.request(route.method, address(route))

        refused = answer.status_code == 403
        assert refused is not may(role, _known(route)), f"{role}: {route}: {answer.text}"
        assert answer.status_code < 500 or answer.json()["code"] == "misconfigured", route
        if refused:
            assert answer.json()["code"] == "permission_missing"


def _known(route: Route) -> Permission:
    permission = route.permission
    assert permission in LEAST
    return permission


async def test_nobody_passes_without_logging_in(house: House) -> None:
    client = await house.stranger()
    asked = [route for route in WALKED if (route.method, route.path) in ANY_USER] + GUARDED
    assert len(asked) == len(GUARDED) + len(ANY_USER)
    for route in asked:
        answer = await client.request(route.method, address(route))

        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), route


async def test_only_an_owner_of_the_installation_creates_projects(
    house: House, project: UUID
) -> None:
    member = await house.visitor("owner", project)
    await house.add("root@studio.example", "owner")
    owner = await house.browser("root@studio.example")

    refused = await member.post("/projects", json={"name": "Vega"})
    made = await owner.post("/projects", json={"name": "Вега"})

    assert (refused.status_code, refused.json()["code"]) == (403, "permission_missing")
    assert (made.status_code, made.json()["slug"], made.json()["role"]) == (201, "vega", "owner")


async def test_whoever_is_removed_from_a_project_is_out_at_once(
    house: House, project: UUID
) -> None:
    client = await house.visitor("manager", project)
    assert (await client.get("/jobs/runs")).status_code == 200

    async with house.parts.database.system_transaction() as conn:
        await execute(conn, "DELETE FROM memberships")

    assert (await client.get("/jobs/runs")).json()["code"] == "no_project_selected"
    assert (await client.get("/auth/session")).json()["project"] is None
    assert (await client.get("/projects")).json()["items"] == []


async def test_a_changed_role_counts_from_the_next_request(house: House, project: UUID) -> None:
    client = await house.visitor("viewer", project)
    assert (await client.post("/jobs/chatwoot/sync")).status_code == 403

    async with house.parts.database.system_transaction() as conn:
        await execute(conn, "UPDATE memberships SET role = 'operator'")

    assert (await client.post("/jobs/chatwoot/sync")).status_code == 202


async def test_a_disabled_user_is_out_at_once_and_cannot_come_back(
    house: House, project: UUID
) -> None:
    client = await house.visitor("owner", project)
    async with house.parts.database.system_transaction() as conn:
        await execute(conn, "UPDATE users SET disabled_at = now()")

    assert (await client.get("/auth/session")).status_code == 401
    login = {"email": "owner@studio.example", "password": "a long enough password"}
    answer = await (await house.stranger()).post("/auth/login", json=login)
    assert answer.json()["code"] == "invalid_credentials"


async def test_a_project_of_others_does_not_exist(
    house: House, project: UUID, other_project: UUID
) -> None:
    client = await house.visitor("owner", project)

    theirs = await client.post(f"/projects/{other_project}/select")
    nobodys = await client.post(f"/projects/{uuid4()}/select")

    assert (theirs.status_code, theirs.json()["code"]) == (404, "project_not_found")
    assert theirs.json().keys() == nobodys.json().keys()
    assert (await client.get("/auth/session")).json()["project"]["id"] == str(project)


async def test_a_run_of_another_project_does_not_exist(
    house: House, database: Database, project: UUID, other_project: UUID
) -> None:
    client = await house.visitor("owner", project)
    registry = house.parts.resources.get(Registry)
    async with database.transaction(other_project) as conn:
        run = await trigger(conn, registry, other_project, "chatwoot_sync")

    answer = await client.get(f"/jobs/runs/{run.id}")

    assert (answer.status_code, answer.json()["code"]) == (404, "run_not_found")
    assert (await client.get("/jobs/runs")).json()["items"] == []


async def test_without_a_project_most_routes_ask_to_choose_one(house: House) -> None:
    await house.add("new@studio.example")
    client = await house.browser("new@studio.example")

    answer = await client.get("/jobs/runs")

    assert (answer.status_code, answer.json()["code"]) == (409, "no_project_selected")
