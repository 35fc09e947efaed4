"""One page of each stream: what is asked, where the next one starts, and what is never skipped."""

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from mayak.connectors.base import Page
from mayak.errors import UpstreamRejected
from tests.connectors.attio_workspace import (
    COMPANIES,
    Json,
    Workspace,
    company,
    listed,
    refused,
    uid,
)

pytestmark = pytest.mark.anyio

QUERY = "/v2/objects/companies/records/query"
OLDEST_FIRST = [{"attribute": "created_at", "direction": "asc"}]


def moment(number: int) -> str:
    """The time at which the company of a number was made."""
    return f"2024-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000001Z"


def companies(count: int) -> list[Json]:
    return [company(f"c{number}", moment(number)) for number in range(count)]


def of(rows: list[Json]) -> Workspace:
    return Workspace({f"POST {QUERY}": listed(rows)})


async def walk(source: Workspace, stream: str = "companies", **checkpoint: Any) -> list[Page]:
    pages = [await source.attio.pull(stream, checkpoint)]
    while not pages[-1].complete:
        # As it would come back from the database.
        kept = orjson.loads(orjson.dumps(pages[-1].checkpoint))
        pages.append(await source.attio.pull(stream, kept))
        assert len(pages) < 300
    return pages


def ids(pages: list[Page]) -> set[str]:
    return {record.external_id for page in pages for record in page.records}


async def test_records_are_asked_for_oldest_first_in_the_largest_pages() -> None:
    source = of(companies(3))

    page = await source.attio.pull("companies", {})

    assert source.bodies(QUERY) == [{"sorts": OLDEST_FIRST, "limit": 500, "offset": 0}]
    assert [one.external_id for one in page.records] == [uid("c0"), uid("c1"), uid("c2")]
    assert page.complete


async def test_the_next_page_begins_with_the_last_ten_rows() -> None:
    source = of(companies(600))

    first, _ = await walk(source)

    assert (first.checkpoint["since"], first.checkpoint["offset"]) == (None, 490)
    assert [one["offset"] for one in source.bodies(QUERY)] == [0, 490]


async def test_every_record_is_read_over_many_pages() -> None:
    rows = companies(1700)

    assert ids(await walk(of(rows))) == {row["id"]["record_id"] for row in rows}


async def test_a_full_last_page_is_not_the_last() -> None:
    assert len(await walk(of(companies(500)))) == 2


@pytest.mark.parametrize("gone", [3, 10, 200, 480])
async def test_deletions_between_two_pages_skip_nobody(gone: int) -> None:
    rows = companies(1200)
    left = {row["id"]["record_id"] for row in rows[gone:]}
    source = of(rows)

    first = await source.attio.pull("companies", {})
    del rows[:gone]
    rest = await walk(source, **first.checkpoint)

    assert left <= ids([first, *rest])


async def test_nobody_is_skipped_when_the_rest_has_moved_before_the_page() -> None:
    rows = companies(530)
    last = rows[-1]["id"]["record_id"]
    source = of(rows)

    first = await source.attio.pull("companies", {})
    del rows[:300]

    assert last in ids(await walk(source, **first.checkpoint))


async def test_deep_pages_go_on_from_a_time_instead_of_a_number() -> None:
    source = of(companies(500))
    checkpoint = {"since": None, "offset": 19_900}
    source.answers[f"POST {QUERY}"] = {"data": companies(500)}

    page = await source.attio.pull("companies", checkpoint)

    assert page.checkpoint == {"since": moment(499), "offset": 0}


async def test_a_time_is_asked_for_as_it_came() -> None:
    source = of(companies(5))

    await source.attio.pull("companies", {"since": moment(2), "offset": 0})

    assert source.bodies(QUERY)[0]["filter"] == {"created_at": {"$gte": moment(2)}}


async def test_a_page_of_one_instant_goes_on_by_number_however_deep() -> None:
    same = [company(f"c{number}", moment(7)) for number in range(500)]
    source = Workspace({f"POST {QUERY}": {"data": same}})

    page = await source.attio.pull("companies", {"since": moment(7), "offset": 30_000})

    assert (page.checkpoint["since"], page.checkpoint["offset"]) == (moment(7), 30_490)


async def test_a_whole_listing_beyond_the_deepest_number_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mayak.connectors.attio.paging.DEEP", 1000)
    rows = companies(3200)
    source = of(rows)

    pages = await walk(source)

    assert ids(pages) == {row["id"]["record_id"] for row in rows}
    assert max(one["offset"] for one in source.bodies(QUERY)) <= 1000


async def test_times_of_another_precision_compare_as_times() -> None:
    rows = companies(500)
    rows[-1]["created_at"] = "2024-01-01T00:08:19.500000001Z"
    rows[-2]["created_at"] = "2024-01-01T00:08:19.5Z"
    source = Workspace({f"POST {QUERY}": {"data": rows}})

    page = await source.attio.pull("companies", {"since": None, "offset": 19_900})

    assert page.checkpoint["since"] == "2024-01-01T00:08:19.500000001Z"


async def test_a_poll_reads_only_what_is_newer_on_every_page() -> None:
    source = of(companies(900))

    pages = await walk(source, created_after=moment(300))

    assert uid("c299") not in ids(pages)
    assert len(ids(pages)) == 600
    assert {str(one["filter"]) for one in source.bodies(QUERY)} == {
        str({"created_at": {"$gte": moment(300)}})
    }


async def test_a_poll_may_name_its_time_as_our_clocks_do() -> None:
    source = of([])
    at = datetime(2024, 1, 1, 2, 0, 0, 5, tzinfo=UTC).isoformat()

    await source.attio.pull("companies", {"created_after": at})

    asked = source.bodies(QUERY)[0]["filter"]["created_at"]["$gte"]
    assert asked == "2024-01-01T02:00:00.000005000Z"


async def test_notes_come_by_fifty_until_a_short_page() -> None:
    notes = [{"id": {"note_id": f"n{number}"}, "created_at": ""} for number in range(95)]
    source = Workspace({"GET /v2/notes": listed(notes)})

    pages = await walk(source, "notes")

    asked = [(one.url.params["limit"], one.url.params["offset"]) for one in source.requests]
    assert asked == [("50", "0"), ("50", "40"), ("50", "80")]
    assert len(ids(pages)) == 95


async def test_tasks_come_oldest_first() -> None:
    source = Workspace({"GET /v2/tasks": {"data": []}})

    page = await source.attio.pull("tasks", {"offset": 490})

    assert dict(source.requests[0].url.params) == {
        "limit": "500", "offset": "490", "sort": "created_at:asc",
    }  # fmt: skip
    assert page.complete


async def test_attributes_of_all_objects_come_in_one_page() -> None:
    page = await Workspace().attio.pull("attributes", {})

    mapped = {one.fields["mapped_to"]: one for one in page.records if one.fields["mapped_to"]}
    assert {one.fields["object"] for one in page.records} == {"companies", "deals", "people"}
    assert mapped["next_step"].fields["slug"] == "todo"
    assert page.complete


async def test_archived_attributes_are_asked_for() -> None:
    source = Workspace()

    await source.attio.pull("attributes", {})

    assert all(one.url.params["show_archived"] == "true" for one in source.requests)


async def test_a_workspace_without_deals_still_has_attributes() -> None:
    source = Workspace({"GET /v2/objects/deals/attributes": refused(404, "not_found")})

    page = await source.attio.pull("attributes", {})

    assert {one.fields["object"] for one in page.records} == {"companies", "people"}


async def test_a_workspace_without_any_object_is_no_workspace() -> None:
    nowhere = {
        f"GET /v2/objects/{name}/attributes": refused(404, "not_found")
        for name in ("companies", "deals", "people")
    }

    with pytest.raises(UpstreamRejected):
        await Workspace(nowhere).attio.pull("attributes", {})


async def test_attributes_that_came_in_a_round_number_are_asked_for_again() -> None:
    rows = [
        {**COMPANIES[0], "id": {"attribute_id": f"a{number}"}, "api_slug": f"s{number}"}
        for number in range(23)
    ]

    def answer(request: httpx.Request) -> Json:
        start = int(request.url.params.get("offset", 0))
        return {"data": rows[start : start + 10]}

    source = Workspace({"GET /v2/objects/companies/attributes": answer})
    page = await source.attio.pull("attributes", {})

    own = [one for one in page.records if one.fields["object"] == "companies"]
    assert len(own) == 23


async def test_attributes_are_asked_for_once_and_again_when_pulled() -> None:
    source = of(companies(3))
    path = "/v2/objects/companies/attributes"

    await source.attio.pull("companies", {})
    await source.attio.pull("companies", {})
    assert source.asked(path) == 1
    await source.attio.pull("attributes", {})
    assert source.asked(path) == 2


async def test_the_ids_of_a_stream_carry_the_hashes_of_its_records() -> None:
    source = of(companies(2))

    page = await source.attio.pull("companies", {})
    found = await source.attio.ids("companies", {})

    assert found.versions == {one.external_id: one.content_hash.hex() for one in page.records}
    assert found.complete


async def test_a_record_that_cannot_be_read_is_still_among_the_ids() -> None:
    broken = {"id": {"record_id": "b"}, "created_at": "", "values": ["not", "an", "object"]}
    source = Workspace({f"POST {QUERY}": {"data": [broken]}})

    assert set((await source.attio.ids("companies", {})).versions) == {"b"}


async def test_a_stream_that_does_not_exist_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no stream invoices"):
        await Workspace().attio.pull("invoices", {})
