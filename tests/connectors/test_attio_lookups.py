"""Whose token it is, what can be bound, and records that are asked for by name or by id."""

from typing import Any

import httpx
import pytest

from mayak.connectors.attio import Webhook
from mayak.connectors.base import Part
from mayak.errors import InvalidInput, UpstreamRejected
from tests.connectors.attio_workspace import (
    WORKSPACE,
    Json,
    Workspace,
    company,
    listed,
    refused,
    uid,
    value,
)

pytestmark = pytest.mark.anyio

QUERY = "/v2/objects/companies/records/query"
SCOPES = (
    "record_permission:read-write object_configuration:read list_entry:read "
    "list_configuration:read note:read task:read user_management:read"
)
ONE_AND_TWO = (uid("one"), uid("two"))


def myself(**more: Any) -> Workspace:
    answer = {
        "active": True, "scope": SCOPES, "workspace_id": WORKSPACE, "workspace_name": "Studio",
        "authorized_by_workspace_member_id": "m1", "client_id": "c1", **more,
    }  # fmt: skip
    reply = httpx.Response(200, json=answer, headers={"date": "Tue, 23 May 2023 14:42:00 GMT"})
    return Workspace({"GET /v2/self": reply})


async def test_a_token_is_its_workspace() -> None:
    found = await myself().attio.who_am_i()

    assert (found.account_id, found.account_name, found.user) == (WORKSPACE, "Studio", "m1")
    assert (found.role, found.missing) == (None, {})
    assert found.observed_at is not None


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        pytest.param(
            "record_permission:read object_configuration:read",
            {"members": "user_management:read", "notes": "note:read", "tasks": "task:read"},
            id="records alone",
        ),
        pytest.param(
            SCOPES.replace("record_permission:read-write", ""),
            dict.fromkeys(
                ("companies", "deals", "people", "notes", "tasks"), "record_permission:read"
            ),
            id="all but records",
        ),
        pytest.param(None, {}, id="it does not say"),
    ],
)
async def test_what_a_token_does_not_open_is_named(
    scope: str | None, missing: dict[str, str]
) -> None:
    assert (await myself(scope=scope).attio.who_am_i()).missing == missing


@pytest.mark.parametrize("answer", [{"active": False}, {"active": None}])
async def test_a_token_that_is_not_active_is_refused(answer: Json) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await Workspace({"GET /v2/self": answer}).attio.who_am_i()

    assert caught.value.kind == "auth"


@pytest.mark.parametrize("answer", [[], {"message": "hello"}, {"active": True, "scope": ""}])
async def test_an_answer_about_nobody_is_not_taken(answer: Any) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await Workspace({"GET /v2/self": answer}).attio.who_am_i()

    assert caught.value.kind == "schema"


async def test_only_lists_of_companies_can_be_bound() -> None:
    rows = [
        {"id": {"list_id": "l1"}, "name": "Key accounts", "parent_object": ["companies"]},
        {"id": {"list_id": "l2"}, "name": "Hiring", "parent_object": ["people"]},
    ]

    found = await Workspace({"GET /v2/lists": {"data": rows}}).attio.parts()

    assert found == [Part(kind="list", external_id="l1", name="Key accounts")]


async def test_companies_are_searched_by_name_and_domain() -> None:
    source = Workspace({f"POST {QUERY}": {"data": [company("Acme"), company("Acme Labs")]}})

    found = await source.attio.search_companies(" ACME ", limit=5)

    assert [(part.kind, part.name) for part in found] == [
        ("company", "Acme"), ("company", "Acme Labs"),
    ]  # fmt: skip
    asked = source.bodies(QUERY)[0]
    assert asked["limit"] == 5
    assert asked["filter"] == {
        "$or": [
            {"name": {"value": {"$contains": "ACME"}}},
            {"domains": {"domain": {"$contains": "acme"}}},
        ]
    }


async def test_companies_of_one_name_are_told_apart() -> None:
    twin = company("Acme", domains=[value("domain", domain="acme.example")])
    other = {**company("Acme"), "id": {"record_id": "r2"}}
    source = Workspace({f"POST {QUERY}": {"data": [twin, other]}})

    found = await source.attio.search_companies("acme")

    assert [part.name for part in found] == ["Acme · acme.example", "Acme · r2"]


async def test_a_company_is_found_by_its_address_in_attio() -> None:
    path = f"/v2/objects/companies/records/{uid('Acme')}"
    source = Workspace({f"GET {path}": {"data": company("Acme")}})

    words = f"https://app.attio.com/w/company/{uid('Acme').upper()}/overview"
    found = await source.attio.search_companies(words)

    assert found == [Part(kind="company", external_id=uid("Acme"), name="Acme")]


async def test_a_search_for_nothing_asks_nothing() -> None:
    source = Workspace()

    assert await source.attio.search_companies("  ") == []
    assert source.requests == []


async def test_a_workspace_without_names_has_nothing_to_search_by() -> None:
    source = Workspace({"GET /v2/objects/companies/attributes": {"data": []}})

    assert await source.attio.search_companies("acme") == []


def holding(*names: str) -> Workspace:
    return Workspace({
        f"GET /v2/objects/companies/records/{uid(name)}": {"data": company(name)}
        for name in names
    })  # fmt: skip


async def test_records_are_fetched_by_id_and_the_others_are_missing() -> None:
    found = await holding("one").attio.fetch("companies", [*ONE_AND_TWO, uid("one")])

    assert [one.external_id for one in found.records] == [uid("one")]
    assert found.missing == {uid("two")}


async def test_notes_and_tasks_are_fetched_by_id() -> None:
    source = Workspace({"GET /v2/tasks/t1": {"data": {"id": {"task_id": "t1"}}}})

    found = await source.attio.fetch("tasks", ["t1", "t2"])

    assert ([one.external_id for one in found.records], found.missing) == (
        ["t1"],
        frozenset({"t2"}),
    )


async def test_members_are_fetched_from_their_list() -> None:
    rows = [{"id": {"workspace_member_id": name}} for name in ("m1", "m2")]
    source = Workspace({"GET /v2/workspace_members": {"data": rows}})

    found = await source.attio.fetch("members", ["m2", "m3"])

    assert ([one.external_id for one in found.records], found.missing) == (
        ["m2"],
        frozenset({"m3"}),
    )


async def test_an_object_that_is_switched_off_makes_nothing_missing() -> None:
    source = holding()
    await source.attio.pull("attributes", {})
    source.answers["GET /v2/objects/companies/attributes"] = refused(404, "not_found")

    with pytest.raises(UpstreamRejected) as caught:
        await source.attio.fetch("companies", ONE_AND_TWO)

    assert caught.value.kind == "not_found"


async def test_an_id_that_leads_to_another_record_is_missing() -> None:
    source = Workspace(
        {f"GET /v2/objects/companies/records/{uid('one')}": {"data": company("two")}}
    )

    found = await source.attio.fetch("companies", [uid("one")])

    assert not found.records
    assert found.missing == {uid("one")}


async def test_a_record_that_came_without_its_id_is_rejected_and_not_missing() -> None:
    source = Workspace({"GET /v2/notes/n1": {"data": {"title": "Call"}}})

    found = await source.attio.fetch("notes", ["n1"])

    assert (len(found.rejected), found.missing) == (1, frozenset())


async def test_one_refusal_ends_the_whole_fetch() -> None:
    source = Workspace({"GET /v2/notes/n2": refused(403, "missing_scope")})

    with pytest.raises(UpstreamRejected) as caught:
        await source.attio.fetch("notes", ["n1", "n2", "n3"])

    assert caught.value.kind == "auth"


async def test_an_id_is_never_a_path() -> None:
    source = Workspace()

    await source.attio.fetch("notes", ["../self"])

    assert source.requests[0].url.raw_path == b"/v2/notes/..%2Fself"


def entries(count: int) -> list[Json]:
    return [
        {
            "id": {"entry_id": f"e{number}"},
            "parent_record_id": f"c{number}",
            "parent_object": "companies",
            "created_at": f"2024-01-01T{number // 60:02}:{number % 60:02}:00.000000000Z",
        }
        for number in range(count)
    ]


async def test_the_members_of_a_list_come_by_pages() -> None:
    path = "/v2/lists/key-accounts/entries/query"
    source = Workspace({f"POST {path}": listed(entries(700))})

    pages = [page async for page in source.attio.list_members("key-accounts")]

    assert {id_ for page in pages for id_ in page} == {f"c{number}" for number in range(700)}
    assert [one["offset"] for one in source.bodies(path)] == [0, 490]
    assert source.bodies(path)[0]["sorts"] == [{"attribute": "created_at", "direction": "asc"}]


async def test_a_list_that_is_deleted_is_refused_as_not_found() -> None:
    with pytest.raises(UpstreamRejected) as caught:
        _ = [page async for page in Workspace().attio.list_members("gone")]

    assert caught.value.kind == "not_found"
    assert "the list is deleted or archived" in caught.value.reason


async def test_the_companies_of_a_filter_come_by_pages() -> None:
    source = Workspace({f"POST {QUERY}": {"data": [company("Acme")]}})
    narrowed = {"lifecycle": "Active"}

    pages = [page async for page in source.attio.company_ids_of_filter(narrowed)]

    assert pages == [[uid("Acme")]]
    assert source.bodies(QUERY)[0]["filter"] == narrowed


async def test_objects_are_known_by_id() -> None:
    rows = [
        {"id": {"object_id": "o1"}, "api_slug": "companies"},
        {"id": {"object_id": "o2"}, "api_slug": "projects"},
    ]

    assert await Workspace({"GET /v2/objects": {"data": rows}}).attio.objects() == {
        "o1": "companies"
    }


async def test_a_webhook_is_installed_for_everything_that_is_mirrored() -> None:
    made = {"id": {"webhook_id": "w1"}, "secret": "hush"}
    source = Workspace({"POST /v2/webhooks": {"data": made}})

    assert await source.attio.install_webhook("https://mayak.example/h") == ("w1", "hush")
    asked = source.bodies("/v2/webhooks")[0]["data"]
    assert asked["target_url"] == "https://mayak.example/h"
    events = {one["event_type"] for one in asked["subscriptions"]}
    assert {"record.merged", "record.updated", "note-content.updated", "task.deleted"} <= events


@pytest.mark.parametrize("url", ["http://localhost:8000/h", "http://127.0.0.1/h", "http://[::1]/h"])
async def test_this_very_machine_may_be_told_without_encryption(url: str) -> None:
    made = {"id": {"webhook_id": "w1"}, "secret": "hush"}

    assert await Workspace({"POST /v2/webhooks": {"data": made}}).attio.install_webhook(url)


@pytest.mark.parametrize("url", ["http://mayak.example/h", "ftp://x", "https://", "mayak", ""])
async def test_nobody_else_is_told_in_the_clear(url: str) -> None:
    source = Workspace()

    with pytest.raises(InvalidInput):
        await source.attio.install_webhook(url)
    assert source.requests == []


async def test_an_address_that_is_subscribed_already_is_refused() -> None:
    source = Workspace({"POST /v2/webhooks": refused(409, "uniqueness_conflict", "Exists")})

    with pytest.raises(UpstreamRejected) as caught:
        await source.attio.install_webhook("https://mayak.example/h")

    assert caught.value.kind == "rejected"


async def test_a_webhook_without_its_secret_is_of_no_use() -> None:
    source = Workspace({"POST /v2/webhooks": {"data": {"id": {"webhook_id": "w1"}}}})

    with pytest.raises(UpstreamRejected) as caught:
        await source.attio.install_webhook("https://mayak.example/h")

    assert caught.value.kind == "schema"


@pytest.mark.parametrize("count", [0, 3, 100, 130])
async def test_all_webhooks_are_listed(count: int) -> None:
    rows = [
        {"id": {"webhook_id": f"w{number}"}, "target_url": "https://x", "status": "degraded",
         "created_at": ""}
        for number in range(count)
    ]  # fmt: skip

    found = await Workspace({"GET /v2/webhooks": listed(rows)}).attio.webhooks()

    assert len(found) == count
    assert found[:1] == [Webhook(id="w0", url="https://x", status="degraded")][:count]


async def test_a_webhook_that_is_not_there_cannot_be_removed() -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await Workspace().attio.remove_webhook("w1")

    assert caught.value.kind == "not_found"
