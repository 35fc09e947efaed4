"""Tokens, scopes, limits and faults."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from mayak.sandbox.attio.bulk import add_many
from mayak.sandbox.attio.telling import ATTIO_KEY, ATTIO_NARROW_KEY
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Connect = Callable[[str], httpx.AsyncClient]
Edit = Callable[..., dict[str, Any]]
COMPANIES = "/objects/companies/records/query"
BY_CREATION = {"sorts": [{"attribute": "created_at", "direction": "asc"}]}


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_call_without_a_good_token_is_refused(connect: Connect, token: str) -> None:
    answer = await connect(token).get("/objects")

    assert (answer.status_code, answer.json()["type"]) == (401, "auth_error")


async def test_self_tells_what_the_token_may_do(attio: httpx.AsyncClient) -> None:
    body = (await attio.get("/self")).json()

    assert body["active"]
    assert "note:read-write" in body["scope"].split(" ")
    assert body["workspace_id"]


async def test_a_token_that_was_revoked_is_told_so_by_self_alone(
    connect: Connect, edit: Edit
) -> None:
    edit("revoke_token", token=ATTIO_KEY)
    client = connect(ATTIO_KEY)

    assert (await client.get("/self")).json() == {"active": False}
    assert (await client.get("/objects")).status_code == 401
    assert (await connect("").get("/self")).status_code == 401


async def test_a_missing_scope_is_refused_on_that_endpoint_only(connect: Connect) -> None:
    client = connect(ATTIO_NARROW_KEY)
    statuses = {
        path: (await client.get(path)).status_code
        for path in ("/objects", "/objects/deals/attributes", "/notes", "/tasks", "/lists",
                     "/workspace_members", "/webhooks")
    }  # fmt: skip
    refused = (await client.get("/notes")).json()

    assert (await client.post(COMPANIES, json={})).status_code == 200
    assert [path for path, status in statuses.items() if status == 200] == [
        "/objects",
        "/objects/deals/attributes",
    ]
    assert set(statuses.values()) == {200, 403}
    assert (refused["status_code"], "note:read" in refused["message"]) == (403, True)


async def test_reading_does_not_mean_writing(connect: Connect) -> None:
    body = {"data": {"values": {"name": "Acme"}}}
    answer = await connect(ATTIO_NARROW_KEY).post("/objects/companies/records", json=body)

    assert answer.status_code == 403


async def test_a_scope_can_be_lost(attio: httpx.AsyncClient, world: World) -> None:
    world.faults.add("permission_loss", service="attio", scope="note:read", times=None)

    assert (await attio.get("/notes")).status_code == 403
    assert "note:" not in (await attio.get("/self")).json()["scope"]
    assert (await attio.get("/tasks")).status_code == 200


async def test_an_object_can_be_lost_with_its_notes(
    attio: httpx.AsyncClient, world: World, company: Callable[..., str], edit: Edit
) -> None:
    edit("add_note", record_id=company("Acme"), content="x")
    world.faults.add("permission_loss", service="attio", object="companies", times=None)

    assert (await attio.post(COMPANIES, json={})).status_code == 404
    assert (await attio.get("/notes")).json()["data"] == []


@pytest.mark.parametrize(("kind", "allowed"), [("reads", 100), ("writes", 25)])
async def test_what_is_too_much_for_a_second_waits_for_the_next(
    attio: httpx.AsyncClient, world: World, kind: str, allowed: int
) -> None:
    async def call() -> httpx.Response:
        if kind == "reads":
            return await attio.post(COMPANIES, json={})
        return await attio.post("/objects/companies/records", json={"data": {"values": {}}})

    statuses = [(await call()).status_code for _ in range(allowed)]
    refused = await call()
    later = parsedate_to_datetime(refused.headers["retry-after"])
    world.clock.advance(1)

    assert set(statuses) == {200}
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limit_exceeded")
    assert (later - parsedate_to_datetime(refused.headers["date"])).total_seconds() == 1
    assert (await call()).status_code == 200


async def test_the_limits_can_be_set(attio: httpx.AsyncClient, world: World) -> None:
    world.attio.reads_per_second = 1

    assert [(await attio.get("/objects")).status_code for _ in range(2)] == [200, 429]


async def test_a_refusal_on_purpose_names_a_time_by_the_clock_of_its_date(
    attio: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("ratelimit", service="attio")
    world.faults.add("clock_skew", service="attio", seconds=3600)
    refused = await attio.get("/objects")
    later = parsedate_to_datetime(refused.headers["retry-after"])

    assert refused.status_code == 429
    assert refused.headers["date"] == "Sun, 01 Mar 2026 13:00:00 GMT"
    assert (later - parsedate_to_datetime(refused.headers["date"])).total_seconds() == 1


async def test_the_score_of_queries_is_shared_by_all_tokens(connect: Connect, world: World) -> None:
    world.attio.score_budget = 3.0
    mine, theirs = connect(ATTIO_KEY), connect(ATTIO_NARROW_KEY)
    first = await theirs.post(COMPANIES, json=BY_CREATION)
    refused = await mine.post(COMPANIES, json=BY_CREATION)
    later = parsedate_to_datetime(refused.headers["retry-after"]).timestamp()
    cheap = await mine.post(COMPANIES, json={})
    world.clock.advance(10)

    assert (first.status_code, refused.status_code, cheap.status_code) == (200, 429, 200)
    assert later == world.clock.timestamp()
    assert (await mine.post(COMPANIES, json=BY_CREATION)).status_code == 200


async def test_a_query_that_costs_too_much_by_itself_is_refused_without_a_time(
    attio: httpx.AsyncClient, world: World
) -> None:
    add_many(world, companies=10_000)
    world.attio.score_per_query = 3.5
    refused = await attio.post(COMPANIES, json=BY_CREATION)

    assert (refused.status_code, refused.json()["code"]) == (429, "query_score_exceeded")
    assert "retry-after" not in refused.headers
    assert (await attio.post(COMPANIES, json={})).status_code == 200


async def test_an_old_copy_can_be_read_by_a_query(
    attio: httpx.AsyncClient, world: World, company: Callable[..., str], edit: Edit
) -> None:
    id_ = company("Acme")
    world.faults.add("stale_read", service="attio", op="records.query")
    edit("update_record", record_id=id_, values={"name": "ACME"})
    company("New")
    names = [
        sorted(row["values"]["name"][0]["value"] for row in answer.json()["data"])
        for answer in [await attio.post(COMPANIES, json={}) for _ in range(2)]
    ]

    assert names == [["Acme"], ["ACME", "New"]]


async def test_a_row_can_disappear_between_two_pages(
    attio: httpx.AsyncClient, world: World, company: Callable[..., str]
) -> None:
    ids = [company(name) for name in "abc"]
    world.faults.add(
        "mutate_between_pages",
        service="attio",
        op="records.query",
        edit="attio.delete_record",
        args={"record_id": ids[0]},
    )
    pages = [
        (await attio.post(COMPANIES, json={**BY_CREATION, "limit": 2, "offset": offset})).json()
        for offset in (0, 2)
    ]

    assert [[row["id"]["record_id"] for row in page["data"]] for page in pages] == [ids[:2], []]


async def test_other_faults_are_told_in_attios_words(
    attio: httpx.AsyncClient, world: World, company: Callable[..., str]
) -> None:
    company("Acme")
    world.faults.add("token_expired", service="attio")
    expired = await attio.get("/objects")
    world.faults.add("schema_drift", service="attio", set={"values": None})
    drifted = await attio.post(COMPANIES, json={})

    assert (expired.status_code, expired.json()["type"]) == (401, "auth_error")
    assert drifted.json()["data"][0]["values"] is None


async def test_an_unknown_route_is_not_found_in_the_envelope(attio: httpx.AsyncClient) -> None:
    answer = await attio.get("/nonsense")

    assert (answer.status_code, answer.json()["status_code"]) == (404, 404)


async def test_every_call_is_in_the_journal(attio: httpx.AsyncClient, world: World) -> None:
    await attio.post(COMPANIES, json={})
    (call,) = world.journal.calls("records.query", service="attio")

    assert (call.status, call.params) == (200, {"object": "companies"})
