"""Writing records: what is kept, what is refused, and what deletions and merges leave behind."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Edit = Callable[..., dict[str, Any]]
COMPANIES = "/objects/companies/records"
PEOPLE = "/objects/people/records"


def values(**fields: Any) -> dict[str, Any]:
    return {"data": {"values": fields}}


def id_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"]["record_id"])


def domains(answer: httpx.Response) -> list[str]:
    return [one["domain"] for one in answer.json()["data"]["values"]["domains"]]


async def test_a_created_record_is_read_back(attio: httpx.AsyncClient) -> None:
    made = await attio.post(COMPANIES, json=values(name="Acme", domains=["acme.example"]))
    shown = await attio.get(f"{COMPANIES}/{id_of(made)}")

    assert shown.json() == made.json()
    assert made.json()["data"]["values"]["name"][0]["created_by_actor"]["type"] == "api-token"


async def test_a_unique_value_belongs_to_one_record(attio: httpx.AsyncClient) -> None:
    await attio.post(COMPANIES, json=values(domains=["acme.example"]))
    again = await attio.post(COMPANIES, json=values(domains=["ACME.example"]))

    assert (again.status_code, again.json()["code"]) == (409, "uniqueness_conflict")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"nonsense": "x"}, "value_not_found"),
        ({"name": 5}, "validation_type"),
        ({"name": ["a", "b"]}, "validation_type"),
        ({"created_at": "2026-03-01T12:00:00Z"}, "immutable_value"),
        ({"team": ["8f0b4a39-0000-4000-8000-000000000000"]}, "value_not_found"),
        ({"primary_location": {"locality": "Tallinn"}}, "validation_type"),
    ],
)
async def test_what_cannot_be_written_is_refused(
    attio: httpx.AsyncClient, fields: dict[str, Any], code: str
) -> None:
    answer = await attio.post(COMPANIES, json=values(**fields))

    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_every_type_of_a_deal_has_its_own_members(attio: httpx.AsyncClient) -> None:
    firm = id_of(await attio.post(COMPANIES, json=values(name="Acme")))
    made = await attio.post(
        "/objects/deals/records",
        json=values(name="Site", stage="Won 🎉", value=120.5, associated_company=firm),
    )
    shown = made.json()["data"]["values"]

    assert shown["stage"][0]["status"]["celebration_enabled"]
    assert (shown["value"][0]["currency_value"], shown["value"][0]["currency_code"]) == (
        120.5,
        "EUR",
    )
    assert shown["associated_company"][0]["target_object"] == "companies"
    assert shown["associated_company"][0]["target_record_id"] == firm


async def test_a_phone_number_and_a_name_are_taken_apart(attio: httpx.AsyncClient) -> None:
    made = await attio.post(PEOPLE, json=values(name="Lepik, Irina", phone_numbers="+37255500162"))
    shown = made.json()["data"]["values"]

    assert shown["phone_numbers"][0]["country_code"] == "EE"
    assert (shown["name"][0]["first_name"], shown["name"][0]["full_name"]) == (
        "Irina",
        "Irina Lepik",
    )


async def test_patch_adds_in_front_and_put_replaces(attio: httpx.AsyncClient) -> None:
    id_ = id_of(await attio.post(COMPANIES, json=values(domains=["a.example"])))
    patched = await attio.patch(f"{COMPANIES}/{id_}", json=values(domains=["b.example"]))
    put = await attio.put(f"{COMPANIES}/{id_}", json=values(domains=["c.example"]))

    assert domains(patched) == ["b.example", "a.example"]
    assert domains(put) == ["c.example"]


async def test_an_unchanged_element_keeps_the_time_it_was_set(
    attio: httpx.AsyncClient, world: World
) -> None:
    made = await attio.post(COMPANIES, json=values(name="Acme", domains=["a.example"]))
    world.clock.advance(60)
    fields = values(name="Acme", domains=["a.example", "b.example"])
    put = await attio.put(f"{COMPANIES}/{id_of(made)}", json=fields)
    first, second = put.json()["data"]["values"]["domains"]

    assert first["active_from"] == made.json()["data"]["created_at"]
    assert second["active_from"].startswith("2026-03-01T12:01:00.")


async def test_assert_creates_once_and_then_writes(attio: httpx.AsyncClient) -> None:
    url = f"{COMPANIES}?matching_attribute=domains"
    first = await attio.put(url, json=values(name="Acme", domains=["a.example"]))
    second = await attio.put(url, json=values(name="ACME", domains=["a.example", "b.example"]))

    assert id_of(first) == id_of(second)
    assert second.json()["data"]["values"]["name"][0]["value"] == "ACME"
    assert set(domains(second)) == {"a.example", "b.example"}


@pytest.mark.parametrize(
    ("attribute", "fields", "code"),
    [
        ("name", {"name": "Acme"}, "matching_attribute_definition_not_unique"),
        ("domains", {"name": "Acme"}, "missing_value"),
        ("domains", {"domains": ["a.example", "b.example"]}, "multiple_match_results"),
        ("nonsense", {"name": "Acme"}, "value_not_found"),
    ],
)
async def test_assert_refuses_what_does_not_name_one_record(
    attio: httpx.AsyncClient,
    company: Callable[..., str],
    attribute: str,
    fields: dict[str, Any],
    code: str,
) -> None:
    company("A", domains=["a.example"])
    company("B", domains=["b.example"])
    url = f"{COMPANIES}?matching_attribute={attribute}"
    answer = await attio.put(url, json=values(**fields))

    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_relationship_is_seen_and_written_from_both_sides(
    attio: httpx.AsyncClient,
) -> None:
    firm = id_of(await attio.post(COMPANIES, json=values(name="Acme")))
    ada = id_of(await attio.post(PEOPLE, json=values(name="Ada L", company=firm)))
    ben = id_of(await attio.post(PEOPLE, json=values(name="Ben M")))
    put = await attio.put(f"{COMPANIES}/{firm}", json=values(team=[ben]))
    people = [(await attio.get(f"{PEOPLE}/{id_}")).json()["data"]["values"] for id_ in (ada, ben)]

    assert [one["target_record_id"] for one in put.json()["data"]["values"]["team"]] == [ben]
    assert [[one["target_record_id"] for one in person["company"]] for person in people] == [
        [],
        [firm],
    ]


async def test_a_deleted_record_leaves_no_trace(attio: httpx.AsyncClient, edit: Edit) -> None:
    firm = id_of(await attio.post(COMPANIES, json=values(name="Acme")))
    ada = id_of(await attio.post(PEOPLE, json=values(name="Ada L", company=firm)))
    note = edit("add_note", record_id=firm, content="x")["id"]["note_id"]
    task = edit("add_task", content="x", record_ids=[firm, ada])["id"]["task_id"]
    gone = await attio.delete(f"{COMPANIES}/{firm}")
    person = (await attio.get(f"{PEOPLE}/{ada}")).json()["data"]

    assert (gone.status_code, gone.json()) == (200, {})
    assert (await attio.get(f"{COMPANIES}/{firm}")).status_code == 404
    assert (await attio.delete(f"{COMPANIES}/{firm}")).status_code == 404
    assert person["values"]["company"] == []
    assert (await attio.get(f"/notes/{note}")).status_code == 404
    linked = (await attio.get(f"/tasks/{task}")).json()["data"]["linked_records"]
    assert [one["target_record_id"] for one in linked] == [ada]


async def test_a_merge_makes_a_third_record_of_two(attio: httpx.AsyncClient, edit: Edit) -> None:
    one = id_of(await attio.post(COMPANIES, json=values(name="Acme", domains=["a.example"])))
    two = id_of(
        await attio.post(COMPANIES, json=values(description="Anvils", domains=["b.example"]))
    )
    ada = id_of(await attio.post(PEOPLE, json=values(name="Ada L", company=two)))
    note = edit("add_note", record_id=two, content="x")["id"]["note_id"]
    body = {"data": {"primary_record_id": one, "secondary_record_id": two}}
    merged = (await attio.post(f"{COMPANIES}/merge", json=body)).json()["data"]["new_record_id"]
    shown = await attio.get(f"{COMPANIES}/{merged}")
    person = (await attio.get(f"{PEOPLE}/{ada}")).json()["data"]["values"]

    assert merged not in {one, two}
    assert {(await attio.get(f"{COMPANIES}/{old}")).status_code for old in (one, two)} == {404}
    assert domains(shown) == ["a.example", "b.example"]
    assert shown.json()["data"]["values"]["description"][0]["value"] == "Anvils"
    assert shown.json()["data"]["values"]["team"][0]["target_record_id"] == ada
    assert person["company"][0]["target_record_id"] == merged
    assert (await attio.get(f"/notes/{note}")).json()["data"]["parent_record_id"] == merged
    assert (await attio.post(f"{COMPANIES}/merge", json=body)).status_code == 404


async def test_a_record_is_not_merged_with_itself(
    attio: httpx.AsyncClient, company: Callable[..., str]
) -> None:
    id_ = company("Acme")
    body = {"data": {"primary_record_id": id_, "secondary_record_id": id_}}

    assert (await attio.post(f"{COMPANIES}/merge", json=body)).status_code == 400


async def test_a_renamed_attribute_keeps_its_id_and_every_value(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit
) -> None:
    made = edit("add_attribute", object="companies", slug="tier", title="Tier", type="text")
    id_ = company("Acme", tier="gold")
    renamed = edit("rename_attribute", object="companies", attribute="tier", slug="level")
    shown = (await attio.get(f"{COMPANIES}/{id_}")).json()["data"]["values"]

    assert renamed["id"] == made["id"]
    assert shown["level"][0]["value"] == "gold"
    assert "tier" not in shown


async def test_an_archived_attribute_is_listed_only_when_asked_for(
    attio: httpx.AsyncClient, company: Callable[..., str], edit: Edit
) -> None:
    id_ = company("Acme", description="Anvils")
    edit("archive_attribute", object="companies", attribute="description")
    listed = [
        [row["api_slug"] for row in (await attio.get(url)).json()["data"]]
        for url in (
            "/objects/companies/attributes",
            "/objects/companies/attributes?show_archived=true",
        )
    ]

    assert ["description" in slugs for slugs in listed] == [False, True]
    assert "description" not in (await attio.get(f"{COMPANIES}/{id_}")).json()["data"]["values"]


async def test_a_renamed_option_is_shown_by_every_record_at_once(
    attio: httpx.AsyncClient, edit: Edit
) -> None:
    deal = edit("create_record", object="deals", values={"name": "Site", "stage": "Lost"})
    edit("rename_option", object="deals", attribute="stage", option="Lost", title="Gone")
    shown = await attio.get(f"/objects/deals/records/{deal['id']['record_id']}")

    assert shown.json()["data"]["values"]["stage"][0]["status"]["title"] == "Gone"


async def test_a_disabled_object_is_answered_like_one_that_never_was(
    attio: httpx.AsyncClient, edit: Edit
) -> None:
    edit("set_object_enabled", object="deals", enabled=False)
    objects = (await attio.get("/objects")).json()["data"]

    assert [row["api_slug"] for row in objects] == ["companies", "people"]
    assert (await attio.get("/objects/deals/attributes")).status_code == 404
    assert (await attio.post("/objects/deals/records/query", json={})).status_code == 404
