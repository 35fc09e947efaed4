"""How records are listed: in order only when asked, page by page, and by filters."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mayak.sandbox.attio.bulk import add_many
from mayak.sandbox.attio.filters import understood
from mayak.sandbox.attio.listing import listed, scrambled, sorts_of
from mayak.sandbox.attio.rows import Record, Table, iso, nanoseconds
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Query = Callable[..., Any]
Edit = Callable[..., dict[str, Any]]
COMPANIES = "/objects/companies/records/query"


async def test_records_cannot_be_listed_by_get(attio: httpx.AsyncClient) -> None:
    answer = await attio.get("/objects/companies/records")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_values_are_arrays_with_their_history_and_type(
    attio: httpx.AsyncClient, company: Callable[..., str]
) -> None:
    id_ = company("Acme", domains=["www.acme.co.uk"])
    (row,) = (await attio.post(COMPANIES, json={})).json()["data"]

    assert row["id"]["record_id"] == id_
    assert "updated_at" not in row
    assert row["web_url"].endswith(f"/company/{id_}/overview")
    assert row["values"]["description"] == []
    assert row["values"]["domains"] == [
        {
            "active_from": row["created_at"],
            "active_until": None,
            "created_by_actor": {"type": "system", "id": None},
            "domain": "acme.co.uk",
            "root_domain": "acme.co.uk",
            "attribute_type": "domain",
        }
    ]


async def test_times_have_nanoseconds(
    attio: httpx.AsyncClient, company: Callable[..., str]
) -> None:
    company("First")
    company("Second")
    rows = (await attio.post(COMPANIES, json={})).json()["data"]
    times = sorted(row["created_at"] for row in rows)

    assert times == ["2026-03-01T12:00:00.000000000Z", "2026-03-01T12:00:00.000000137Z"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("2026-03-01T12:00:00.123456789Z", 123_456_789),
        ("2026-03-01T14:00:00.5+02:00", 500_000_000),
        ("2026-03-01 12:00:00", 0),
    ],
)
def test_a_time_is_read_to_the_nanosecond(text: str, rest: int) -> None:
    assert iso(nanoseconds(text)) == f"2026-03-01T12:00:00.{rest:09d}Z"


async def test_without_sorts_the_order_is_another_each_time(
    attio: httpx.AsyncClient, world: World
) -> None:
    add_many(world, companies=50)
    pages = [(await attio.post(COMPANIES, json={})).json()["data"] for _ in range(3)]
    orders = [[row["id"]["record_id"] for row in page] for page in pages]

    assert len({tuple(order) for order in orders}) == 3
    assert len({frozenset(order) for order in orders}) == 1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 500])
def test_a_scramble_has_every_place_once(count: int) -> None:
    assert [sorted(scrambled(count, seed)) for seed in range(9)] == [list(range(count))] * 9


async def test_pages_by_creation_are_complete_and_in_order(query: Query, world: World) -> None:
    add_many(world, companies=25)
    pages = [await query(limit=10, offset=offset) for offset in (0, 10, 20)]
    forwards = [name for page in pages for name in page]
    backwards = await query(sorts=[{"attribute": "created_at", "direction": "desc"}])

    assert [len(page) for page in pages] == [10, 10, 5]
    assert sorted(forwards) == sorted(f"Company {number}" for number in range(25))
    assert backwards == forwards[::-1]


async def test_a_deletion_shifts_the_pages_behind_it(
    query: Query, company: Callable[..., str], edit: Edit
) -> None:
    ids = [company(name) for name in "abcd"]
    first = await query(limit=2)
    edit("delete_record", record_id=ids[0])
    second = await query(limit=2, offset=2)

    assert (first, second) == (["a", "b"], ["d"])


async def test_other_sorts_put_rows_without_a_value_last(
    query: Query, company: Callable[..., str]
) -> None:
    for name, domains in (("a", ["z.example"]), ("b", []), ("c", ["m.example"])):
        company(name, domains=domains)
    by_domain = [{"path": [["companies", "domains"]], "direction": "asc"}]

    assert await query(sorts=by_domain) == ["c", "a", "b"]
    assert await query(sorts=[{**by_domain[0], "direction": "desc"}]) == ["a", "c", "b"]


@pytest.mark.parametrize("limit", [0, 501, -1, "many", 2.5])
async def test_a_limit_beyond_bounds_is_refused(attio: httpx.AsyncClient, limit: object) -> None:
    answer = await attio.post(COMPANIES, json={"limit": limit})

    assert (answer.status_code, answer.json()["code"]) == (400, "validation_type")


async def test_the_default_page_is_the_largest(query: Query, world: World) -> None:
    add_many(world, companies=501)

    assert len(await query()) == 500


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"name": "Acme"}, ["Acme"]),
    ({"name": {"$eq": "acme"}}, []),
    ({"name": {"value": {"$contains": "ME"}}}, ["Acme", "Romeo"]),
    ({"name": {"$starts_with": "ac"}}, ["Acme"]),
    ({"name": {"$ends_with": "EO"}}, ["Romeo"]),
    ({"name": {"$in": ["Acme", "Zed"]}}, ["Acme", "Zed"]),
    ({"domains": "ACME.example"}, ["Acme"]),
    ({"domains": {"root_domain": {"$eq": "romeo.example"}}}, ["Romeo"]),
    ({"domains": {"$not_empty": True}}, ["Acme", "Romeo"]),
    ({"$not": {"domains": {"$not_empty": True}}}, ["Zed"]),
    ({"stage": "Client"}, ["Acme"]),
    ({"stage": {"option": {"$in": ["Client", "Lost"]}}}, ["Acme", "Zed"]),
    ({"size": {"$gte": 10, "$lt": 30}}, ["Acme", "Romeo"]),
    ({"size": {"$gt": 10}}, ["Romeo", "Zed"]),
    ({"$or": [{"name": "Zed"}, {"size": {"$lte": 10}}]}, ["Acme", "Zed"]),
    ({"$and": [{"size": {"$gt": 5}}, {"stage": "Lost"}]}, ["Zed"]),
    ({"created_at": {"$gte": "2026-03-01T12:00:00.000000138Z"}}, ["Zed"]),
    ({"created_at": {"$gt": "2026-03-01T12:00:00Z", "$lt": "2026-03-02T00:00:00Z"}},
     ["Romeo", "Zed"]),
    ({"created_at": {"value": {"$lte": "2026-03-01T12:00:00Z"}}}, ["Acme"]),
    ({}, ["Acme", "Romeo", "Zed"]),
]  # fmt: skip


@pytest.fixture
def three(edit: Edit) -> list[str]:
    """Ids of three companies: Acme at noon, Romeo and Zed 137 nanoseconds apart."""
    for slug, type_ in (("stage", "select"), ("size", "number")):
        choices = ["Client", "Lost"] if type_ == "select" else []
        edit("add_attribute", object="companies", slug=slug, title=slug, type=type_,
             choices=choices)  # fmt: skip
    return [
        str(
            edit(
                "create_record",
                object="companies",
                values=values,
                created_at=f"2026-03-01T12:00:00.{rest:09d}Z",
            )["id"]["record_id"]
        )
        for rest, values in (
            (0, {"name": "Acme", "domains": "acme.example", "stage": "Client", "size": 10}),
            (137, {"name": "Romeo", "domains": "shop.romeo.example", "size": 20}),
            (274, {"name": "Zed", "stage": "Lost", "size": 30.5}),
        )
    ]


@pytest.mark.parametrize(("wanted", "names"), FILTERS, ids=[str(one[0]) for one in FILTERS])
async def test_filters(
    query: Query, three: list[str], wanted: dict[str, Any], names: list[str]
) -> None:
    assert await query(filter=wanted) == names


async def test_records_can_be_asked_for_by_id(query: Query, three: list[str]) -> None:
    assert await query(filter={"record_id": {"$in": [three[0], three[2]]}}) == ["Acme", "Zed"]
    assert await query(filter={"record_id": three[1]}) == ["Romeo"]


async def test_people_are_found_by_address_whatever_its_case(
    attio: httpx.AsyncClient, edit: Edit
) -> None:
    edit("create_record", object="people", values={"email_addresses": ["Ada@Client.Example"]})
    for wanted in ("ada@client.example", {"email_address": {"$eq": "ADA@client.example"}}):
        body = {"filter": {"email_addresses": wanted}}
        (row,) = (await attio.post("/objects/people/records/query", json=body)).json()["data"]

        assert row["values"]["email_addresses"][0]["original_email_address"] == "Ada@Client.Example"
        assert row["values"]["email_addresses"][0]["email_local_specifier"] == "ada"


@pytest.mark.parametrize(
    "wanted",
    [
        {"nonsense": "x"},
        {"name": {"$gt": "a"}},
        {"size": {"$contains": 1}},
        {"size": {"$gt": None}},
        {"created_at": {"$gte": "2026-03-01"}},
        {"stage": "Nobody"},
        {"$or": {}},
        {"name": {}},
        {"name": {"$in": "Acme"}},
        "Acme",
    ],
    ids=str,
)
async def test_a_filter_that_means_nothing_is_refused(
    attio: httpx.AsyncClient, three: list[str], wanted: object
) -> None:
    answer = await attio.post(COMPANIES, json={"filter": wanted})
    body = answer.json()

    assert (body["status_code"], body["type"], body["code"]) == (
        400,
        "invalid_request_error",
        "filter_error",
    )


class Counting(Table[Record]):
    """A table that counts how many of its rows were looked at by their place."""

    looked = 0

    def at(self, position: int) -> Record:
        self.looked += 1
        return super().at(position)


def test_a_page_of_a_large_object_looks_at_no_more_rows_than_it_shows(world: World) -> None:
    add_many(world, companies=20_000)
    owner, plain = next(iter(world.attio.records.items()))
    table = Counting()
    table.fill(plain.values())
    since = iso(plain.at(19_000).created_at)
    wanted = understood(world.attio, owner, {"created_at": {"$gte": since}})
    sorts = sorts_of(world.attio, owner, [{"attribute": "created_at", "direction": "asc"}])
    keyset = listed(table, wanted, sorts, limit=500, offset=0, seed=1)
    deep = listed(table, None, sorts, limit=500, offset=10_000, seed=1)
    unsorted = listed(table, None, [], limit=500, offset=0, seed=1)

    assert [len(page) for page in (keyset, deep, unsorted)] == [500] * 3
    assert keyset[0].created_at == nanoseconds(since)
    assert table.looked == 1_500
