"""The connector against a whole workspace that behaves as the real one does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mayak.connectors.attio import Attio, verify
from mayak.connectors.base import Page
from mayak.errors import Upstream, UpstreamRejected
from mayak.sandbox.app import create_app
from mayak.sandbox.attio.bulk import add_many
from mayak.sandbox.attio.edits import EDITS
from mayak.sandbox.attio.snapshot import snapshot
from mayak.sandbox.attio.workspace import ATTIO_KEY, ATTIO_NARROW_KEY
from mayak.sandbox.stories import build_world
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return build_world(NOW, frozen=True)


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=SandboxTransport(create_app(world))) as client:
        yield client


def connector(http: httpx.AsyncClient, token: str = ATTIO_KEY, **options: Any) -> Attio:
    base_url = "http://sandbox/attio"
    return Attio(http, token=token, base_url=base_url, jitter=lambda: 0.0, **options)


async def walk(source: Attio, stream: str) -> list[Page]:
    pages = [await source.pull(stream, {})]
    while not pages[-1].complete:
        pages.append(await source.pull(stream, pages[-1].checkpoint))
    return pages


def id_of(row: dict[str, Any]) -> str:
    """The most particular of the ids that a row has."""
    names = ("record_id", "note_id", "task_id", "workspace_member_id", "attribute_id")
    return next(str(row["id"][name]) for name in names if name in row["id"])


@pytest.mark.parametrize("stream", ["companies", "deals", "people", "notes", "tasks", "members"])
async def test_every_stream_is_read_whole(
    http: httpx.AsyncClient, world: World, stream: str
) -> None:
    pages = await walk(connector(http), stream)

    there = {id_of(row) for row in snapshot(world)[stream]}
    assert there
    assert {one.external_id for page in pages for one in page.records} == there
    assert [one for page in pages for one in page.rejected] == []


async def test_the_studios_attributes_are_recognised(http: httpx.AsyncClient) -> None:
    (page,) = await walk(connector(http), "attributes")

    mapped = {(one.fields["object"], one.fields["mapped_to"]) for one in page.records}
    assert mapped >= {
        ("companies", "name"), ("companies", "domains"), ("companies", "stage"),
        ("deals", "stage"), ("deals", "amount"), ("deals", "company_id"), ("deals", "close_date"),
        ("deals", "next_step"), ("people", "emails"), ("people", "company_id"),
    }  # fmt: skip


async def test_deals_have_what_a_pipeline_needs(http: httpx.AsyncClient) -> None:
    (page,) = await walk(connector(http), "deals")

    for field in ("name", "stage", "amount", "currency", "company_id", "close_date", "next_step"):
        known = [one for one in page.records if one.fields[field]]
        assert len(known) > len(page.records) / 2, field


async def test_what_is_listed_is_what_is_fetched(http: httpx.AsyncClient) -> None:
    source = connector(http)
    (listed,) = await walk(source, "companies")
    ids = [one.external_id for one in listed.records]

    fetched = await source.fetch("companies", ids)

    assert {one.external_id: one.content_hash for one in fetched.records} == {
        one.external_id: one.content_hash for one in listed.records
    }


async def test_a_merge_leaves_one_record_for_two(http: httpx.AsyncClient, world: World) -> None:
    source = connector(http)
    old = [id_of(row) for row in snapshot(world)["people"][:2]]

    made = edit(world, "merge_records", primary_record_id=old[0], secondary_record_id=old[1])
    found = await source.fetch("people", [*old, id_of(made)])

    assert [one.external_id for one in found.records] == [id_of(made)]
    assert found.missing == set(old)


def edit(world: World, name: str, **arguments: Any) -> dict[str, Any]:
    made = EDITS[name](world, **arguments)
    assert made is not None
    return made


async def test_a_rename_between_two_pages_is_no_change(
    http: httpx.AsyncClient, world: World
) -> None:
    source = connector(http)
    (before,) = await walk(source, "deals")

    edit(
        world, "rename_attribute", object="deals", attribute="next_step", slug="todo", title="To do"
    )
    (after,) = await walk(source, "deals")

    assert [one.fields for one in after.records] == [one.fields for one in before.records]
    assert [one.content_hash for one in after.records] == [
        one.content_hash for one in before.records
    ]


async def test_what_was_mapped_before_outlives_a_rename(
    http: httpx.AsyncClient, world: World
) -> None:
    (page,) = await walk(connector(http), "attributes")
    mapped: dict[str, dict[str, str]] = {}
    for one in page.records:
        if field := one.fields["mapped_to"]:
            mapped.setdefault(str(one.fields["object"]), {})[str(field)] = one.external_id

    edit(world, "rename_attribute", object="deals", attribute="next_step", slug="x", title="X")
    (deals,) = await walk(connector(http, mapped=mapped), "deals")

    assert any(one.fields["next_step"] for one in deals.records)


async def test_a_workspace_without_deals_says_so(http: httpx.AsyncClient, world: World) -> None:
    source = connector(http)
    (deals,) = await walk(source, "deals")
    edit(world, "set_object_enabled", object="deals", enabled=False)

    for ask in (source.pull("deals", {}), source.fetch("deals", [deals.records[0].external_id])):
        with pytest.raises(UpstreamRejected) as caught:
            await ask
        assert caught.value.kind == "not_found"
    (attributes,) = await walk(source, "attributes")
    assert {one.fields["object"] for one in attributes.records} == {"companies", "people"}


@pytest.mark.parametrize("deep", [20_000, 1500])
async def test_a_large_listing_is_read_whole(
    http: httpx.AsyncClient, world: World, deep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mayak.connectors.attio.paging.DEEP", deep)
    add_many(world, companies=3000)

    pages = await walk(connector(http), "companies")

    there = {id_of(row) for row in snapshot(world)["companies"]}
    assert {one.external_id for page in pages for one in page.records} == there


async def test_deletions_during_a_listing_skip_nobody(
    http: httpx.AsyncClient, world: World
) -> None:
    add_many(world, companies=1200)
    source = connector(http)
    first = await source.pull("companies", {})
    for record in first.records[:40]:
        EDITS["delete_record"](world, record_id=record.external_id)

    pages = [first]
    while not pages[-1].complete:
        pages.append(await source.pull("companies", pages[-1].checkpoint))

    there = {id_of(row) for row in snapshot(world)["companies"]}
    assert there <= {one.external_id for page in pages for one in page.records}


async def test_a_token_for_records_alone_says_so(http: httpx.AsyncClient) -> None:
    source = connector(http, ATTIO_NARROW_KEY)

    assert set((await source.who_am_i()).missing) == {"members", "notes", "tasks"}
    with pytest.raises(UpstreamRejected) as caught:
        await source.pull("notes", {})
    assert caught.value.kind == "auth"
    assert "note:read" in caught.value.reason


async def test_the_rate_limit_is_obeyed_to_the_second(
    http: httpx.AsyncClient, world: World
) -> None:
    world.attio.reads_per_second = 1
    source = connector(http)
    await source.who_am_i()

    with pytest.raises(Upstream) as caught:
        await source.who_am_i()

    assert caught.value.kind == "rate_limit"
    assert caught.value.retry_after is not None
    assert 0.1 <= caught.value.retry_after.total_seconds() <= 1


async def test_a_query_too_heavy_for_any_budget_is_not_repeated(
    http: httpx.AsyncClient, world: World
) -> None:
    world.attio.score_per_query = 0.1

    with pytest.raises(UpstreamRejected) as caught:
        await connector(http).pull("companies", {})

    assert (caught.value.kind, caught.value.retryable) == ("rejected", False)


async def test_a_budget_that_others_have_spent_is_waited_for(
    http: httpx.AsyncClient, world: World
) -> None:
    world.attio.score_budget = 0.1

    with pytest.raises(Upstream) as caught:
        await connector(http).pull("companies", {})

    assert (caught.value.kind, caught.value.retryable) == ("rate_limit", True)


async def test_a_company_is_found_by_a_part_of_its_name(
    http: httpx.AsyncClient, world: World
) -> None:
    row = snapshot(world)["companies"][0]
    name = row["values"]["name"][0]["value"]

    found = await connector(http).search_companies(name[1:6])

    assert id_of(row) in {part.external_id for part in found}


async def test_lists_have_members(http: httpx.AsyncClient, world: World) -> None:
    source = connector(http)
    parts = await source.parts()

    pages = [page async for page in source.list_members(parts[0].external_id)]

    companies = {id_of(row) for row in snapshot(world)["companies"]}
    assert {id_ for page in pages for id_ in page} <= companies
    assert pages[0]


async def test_a_webhook_comes_and_goes(http: httpx.AsyncClient) -> None:
    source = connector(http)

    id_, secret = await source.install_webhook("https://mayak.example/hooks")

    assert secret
    assert [(one.id, one.status) for one in await source.webhooks()] == [(id_, "active")]
    with pytest.raises(UpstreamRejected):
        await source.install_webhook("https://mayak.example/hooks")
    await source.remove_webhook(id_)
    assert await source.webhooks() == []


async def test_what_is_told_is_believed_and_understood(world: World) -> None:
    heard: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(receive))
    app = create_app(world, webhook_client=client)
    async with httpx.AsyncClient(transport=SandboxTransport(app)) as http:
        source = connector(http)
        _, secret = await source.install_webhook("https://mayak.example/hooks")
        objects = await source.objects()
    old = [id_of(row) for row in snapshot(world)["people"][:2]]
    made = edit(world, "merge_records", primary_record_id=old[0], secondary_record_id=old[1])
    await app.state.attio_webhooks.settle()

    told = [
        change
        for one in heard
        for change in verify(secret, one.content, one.headers, now=NOW, objects=objects).changes
    ]
    assert {one.replaces for one in told if one.external_id == id_of(made)} >= set(old)
