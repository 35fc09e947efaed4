"""Whatever goes wrong, the answer is problem+json under the id that the log has."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from mayak.access.deps import CookieRules
from mayak.access.model import Lifetimes
from mayak.entry.http import build_app
from mayak.kit.resources import Resources
from mayak.platform.db import Database
from mayak.platform.telemetry import RequestMeasures
from tests.house import House

pytestmark = pytest.mark.anyio

PREFIXES = ["", "/api"]


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body, after checking what every problem has."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"] == "about:blank"
    assert body["request_id"] == answer.headers["x-request-id"] != ""
    return body


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_an_address_that_leads_nowhere(hall: House, prefix: str) -> None:
    problem(await (await hall.stranger()).get(f"{prefix}/nowhere"), 404, "not_found")


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_method_that_is_not_allowed(hall: House, prefix: str) -> None:
    answer = await (await hall.stranger()).delete(f"{prefix}/health")

    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_input_that_is_wrong_is_named_field_by_field(hall: House, prefix: str) -> None:
    answer = await (await hall.stranger()).post(f"{prefix}/auth/login", json={"email": 7})

    body = problem(answer, 422, "invalid_input")
    assert {one["field"] for one in body["facts"]["fields"]} == {"email", "password"}
    assert "email: " in body["detail"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_bug_is_an_answer_too_and_tells_nothing_of_our_inside(
    hall: House, prefix: str
) -> None:
    @hall.app.get("/buggy")
    async def buggy() -> None:
        raise ZeroDivisionError("secret detail")

    answer = await (await hall.stranger()).get(f"{prefix}/buggy")

    body = problem(answer, 500, "internal")
    assert "secret detail" not in answer.text
    assert "under this request id" in body["detail"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_a_database_that_is_down_is_said_and_worth_a_retry(prefix: str) -> None:
    rules = CookieRules(
        secure=False, lifetimes=Lifetimes(idle=timedelta(days=1), absolute=timedelta(days=1))
    )
    down = Database("postgresql://127.0.0.1:1/nowhere", patience=timedelta(seconds=0.2))
    async with down:
        things = {Database: down, CookieRules: rules, RequestMeasures: RequestMeasures()}
        app = build_app(Resources(things), cors_origins=[])
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://mayak.test") as client:
            answer = await client.get(
                f"{prefix}/auth/session", headers={"cookie": "mayak_session=x"}
            )

    problem(answer, 503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert "127.0.0.1" not in answer.text


async def test_an_app_that_stands_under_the_prefix_answers_the_same(
    owner: httpx.AsyncClient,
) -> None:

    for path in ("/auth/session", "/projects", "/openapi.json"):
        assert (await owner.get(path)).json() == (await owner.get(f"/api{path}")).json()


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        pytest.param("req-1234_5.A", True, id="a sane one"),
        pytest.param("short", False, id="too short"),
        pytest.param("x" * 65, False, id="too long"),
        pytest.param("has spaces in it", False, id="spaces"),
        pytest.param("<script>alert(1)</script>", False, id="markup"),
        pytest.param("моя-заявка-7", False, id="other letters"),
    ],
)
async def test_the_callers_request_id_is_kept_when_it_is_a_sane_one(
    hall: House,
    asked: str,
    kept: bool,  # noqa: FBT001
) -> None:
    client = await hall.stranger()
    answer = await client.get("/nowhere", headers={"x-request-id": asked.encode()})  # type: ignore[arg-type]

    given = answer.headers["x-request-id"]
    assert (given == asked) is kept
    assert given.isascii()
    assert answer.json()["request_id"] == given


async def test_answers_that_are_no_problem_have_a_request_id_too(hall: House) -> None:
    client = await hall.stranger()
    first, second = await client.get("/health"), await client.get("/api/health")

    assert first.headers["x-request-id"] != second.headers["x-request-id"] != ""
