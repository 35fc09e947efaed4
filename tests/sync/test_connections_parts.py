"""Choosing: parts of an account, attributes of Attio, and looking at what is stored."""

from typing import Any
from uuid import UUID

import pytest

from mayak.platform.db import Database
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Row = dict[str, Any]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def desk(database: Database, project: UUID, world: World) -> Desk:
    return Desk(database, project, world)


@pytest.fixture
def other_desk(database: Database, other_project: UUID, world: World) -> Desk:
    return Desk(database, other_project, world)


async def parts(desk: Desk, connector: str, words: str = "") -> list[Row]:
    found: list[Row] = (await desk.got(f"/{connector}/parts?q={words}"))["items"]
    return found


def bound(found: list[Row]) -> dict[str, str | None]:
    return {f"{one['kind']} {one['external_id']}": one["bound"] for one in found}


async def test_parts_are_the_whole_account_and_then_its_teams_and_projects(desk: Desk) -> None:
    found = await parts(desk, "linear")

    assert found[0]["kind"] == "account"
    assert {one["kind"] for one in found[1:]} == {"team", "project"}
    assert set(bound(found).values()) == {None}


async def test_a_part_of_another_project_is_elsewhere_without_its_name(
    desk: Desk, other_desk: Desk
) -> None:
    account, first, second, *rest = await parts(desk, "linear")
    await other_desk.bind("linear", (first["kind"], first["external_id"]))
    await desk.bind("linear", (second["kind"], second["external_id"]))

    answer = await desk.ask("GET", "/linear/parts")

    whose = [one["bound"] for one in answer.json()["items"]]
    assert whose == ["elsewhere", "elsewhere", "here", *[None] * len(rest)]
    assert account["kind"] == "account"
    assert str(other_desk.project) not in answer.text
    assert "Baltika" not in [one["name"] for one in answer.json()["items"] if one["bound"]]


async def test_when_another_project_has_the_account_nothing_is_left(
    desk: Desk, other_desk: Desk
) -> None:
    await other_desk.bind("chatwoot")

    assert {one["bound"] for one in await parts(desk, "chatwoot")} == {"elsewhere"}


async def test_companies_are_searched_for_by_name(desk: Desk, world: World) -> None:
    await desk.bind("attio")
    await desk.sync("attio")
    company = (await desk.rows("SELECT external_id, name FROM attio_accounts_raw LIMIT 1"))[0]

    found = await parts(desk, "attio", str(company["name"]))

    assert ("company", company["external_id"]) in [(o["kind"], o["external_id"]) for o in found]
    assert "company" not in {one["kind"] for one in await parts(desk, "attio")}
    assert await parts(desk, "attio", "no such company anywhere") == []


async def test_a_company_that_another_project_has_through_a_list_is_elsewhere(
    desk: Desk, other_desk: Desk, world: World
) -> None:
    company = world.projects[0].attio_company_ids[0]
    await other_desk.bind("attio", ("company", company))
    await other_desk.sync("attio")
    async with desk.database.system_transaction() as conn:
        await conn.execute("UPDATE connector_bindings SET kind = 'list', external_id = 'a-list'")

    found = await parts(desk, "attio", company)

    assert bound(found) == {f"company {company}": "elsewhere"}


async def test_a_linear_project_of_another_projects_team_is_elsewhere(
    desk: Desk, other_desk: Desk, world: World
) -> None:
    team = world.projects[0].linear_team_ids[0]
    await other_desk.bind("linear", ("team", team))
    await other_desk.sync("linear")
    theirs = await other_desk.live("project")

    found = bound(await parts(desk, "linear"))
    wanted = {"kind": "project", "external_id": min(theirs), "name": "Theirs"}
    refused = await desk.refused("PUT", "/linear/bindings", {"scope": "parts", "parts": [wanted]})

    elsewhere = {name for name, whose in found.items() if whose == "elsewhere"}
    assert elsewhere == {f"team {team}", *(f"project {id_}" for id_ in theirs)} | {
        next(iter(found))
    }
    assert refused[:2] == (409, "binding_taken")


async def test_a_linear_project_that_is_bound_stays_when_another_project_takes_its_team(
    desk: Desk, other_desk: Desk, world: World
) -> None:
    team = world.projects[0].linear_team_ids[0]
    ids = [one["external_id"] for one in await parts(desk, "linear") if one["kind"] == "project"]
    await desk.bind("linear", *(("project", id_) for id_ in ids))
    await other_desk.bind("linear", ("team", team))
    await other_desk.sync("linear")

    found = bound(await parts(desk, "linear"))
    wanted = [{"kind": "project", "external_id": id_} for id_ in ids]
    await desk.did("PUT", "/linear/bindings", {"scope": "parts", "parts": wanted})

    assert {found[f"project {id_}"] for id_ in ids} == {"here"}


async def test_a_bound_company_is_listed_although_companies_are_not(
    desk: Desk, world: World
) -> None:
    company = world.projects[0].attio_company_ids[0]
    await desk.bind("attio", ("company", company))

    assert bound(await parts(desk, "attio"))[f"company {company}"] == "here"


async def test_parts_of_nothing_connected_are_a_conflict(desk: Desk) -> None:
    desk.only()

    assert (await desk.refused("GET", "/linear/parts"))[:2] == (409, "not_connected")


async def test_binding_starts_a_sync_and_so_does_unbinding(desk: Desk) -> None:
    _, team, *_ = await parts(desk, "linear")
    wanted = {"kind": "team", "external_id": team["external_id"], "name": team["name"]}

    await desk.did("PUT", "/linear/bindings", {"scope": "parts", "parts": [wanted]})
    first = await desk.waiting()
    await desk.sync("linear")
    await desk.did("PUT", "/linear/bindings", {"scope": "none"})

    assert first == ["linear_sync"]
    assert await desk.waiting() == ["linear_sync"]
    assert await desk.live("issue") == set()


async def test_what_nobody_can_reach_any_more_can_still_be_unbound(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")
    desk.only("chatwoot")

    linear = await desk.shown("linear")
    after = await desk.did("PUT", "/linear/bindings", {"scope": "none"})

    assert (linear["scope"], linear["line"]["status"]) == ("account", "disabled")
    assert after == {"scope": "none", "inboxes": [], "parts": []}
    assert await desk.live("issue") == set()


@pytest.mark.parametrize(
    "wanted",
    [
        {"scope": "parts", "parts": [{"kind": "inbox", "external_id": "1"}]},
        {"scope": "parts", "parts": [{"kind": "account", "external_id": "1"}]},
        {"scope": "parts", "parts": [{"kind": "team", "external_id": "\x00"}]},
        {"scope": "inboxes", "inboxes": ["1"]},
        {"scope": "none", "parts": [{"kind": "team", "external_id": "x"}]},
    ],
)
async def test_parts_that_the_service_cannot_have_are_refused(desk: Desk, wanted: Row) -> None:
    status, _, _ = await desk.refused("PUT", "/linear/bindings", wanted)

    assert status == 422
    assert await desk.waiting() == []


def fields(mapping: Row, object_: str) -> dict[str, Row]:
    [found] = [one for one in mapping["objects"] if one["object"] == object_]
    return {one["field"]: one for one in found["fields"]}


async def test_a_mapping_shows_what_was_found_by_name_and_what_else_would_do(desk: Desk) -> None:
    empty = fields(await desk.got("/attio/mapping"), "companies")
    await desk.bind("attio")
    await desk.sync("attio")

    found = fields(await desk.got("/attio/mapping"), "companies")

    assert {one["chosen_by"] for one in empty.values()} == {"none"}
    assert found["name"]["chosen_by"] == "name"
    assert found["name"]["attribute"]["slug"] == "name"
    assert found["name"]["attribute"] in found["name"]["candidates"]


async def test_a_person_who_knows_better_is_believed_and_everything_is_read_again(
    desk: Desk,
) -> None:
    await desk.bind("attio")
    await desk.sync("attio")
    name = fields(await desk.got("/attio/mapping"), "companies")["name"]
    other = next(one for one in name["candidates"] if one != name["attribute"])

    after = await desk.did("PUT", "/attio/mapping", {"companies": {"name": other["id"]}})
    waiting = await desk.rows("SELECT job_type, payload FROM worker_runs WHERE status = 'queued'")
    await desk.sync("attio", full=True)

    chosen = fields(after, "companies")["name"]
    assert (chosen["attribute"], chosen["chosen_by"]) == (other, "person")
    assert waiting == [{"job_type": "attio_sync", "payload": {"full": True}}]
    [row] = await desk.rows(
        "SELECT mapped_to FROM attio_attributes_raw WHERE external_id = %s", other["id"]
    )
    assert row == {"mapped_to": "name"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"ships": {"name": "x"}}, "ships: is no object"),
        ({"companies": {"colour": "x"}}, "companies.colour: is no field"),
        ({"companies": {"name": "x"}}, "companies.name: names no attribute"),
        ({"companies": {"name": "DOMAINS"}}, "companies.name: needs an attribute of type text"),
    ],
)
async def test_a_mapping_that_attio_does_not_have_is_refused(
    desk: Desk, wanted: dict[str, dict[str, str]], said: str
) -> None:
    await desk.bind("attio")
    await desk.sync("attio")
    domains = fields(await desk.got("/attio/mapping"), "companies")["domains"]["attribute"]["id"]
    real = {
        name: {field: id_.replace("DOMAINS", domains) for field, id_ in one.items()}
        for name, one in wanted.items()
    }

    status, code, detail = await desk.refused("PUT", "/attio/mapping", real)

    assert (status, code) == (422, "invalid_input")
    assert detail.startswith(said)


async def test_nothing_is_mapped_before_the_first_sync(desk: Desk) -> None:
    refusal = await desk.refused("PUT", "/attio/mapping", {"companies": {"name": "x"}})

    assert refusal[:2] == (409, "attributes_unknown")


async def test_stored_records_are_paged_found_and_shown_as_they_are(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")

    first = await desk.got("/linear/records/issues?limit=2")
    second = await desk.got(f"/linear/records/issues?limit=2&cursor={first['next_cursor']}")
    one = first["items"][0]
    again = await desk.got(f"/linear/records/issues?external_id={one['external_id']}")

    ids = [row["external_id"] for row in first["items"] + second["items"]]
    assert ids == sorted(set(ids))
    assert len(ids) == 4
    assert again == {"items": [one], "next_cursor": None}
    title = one["payload"]["title"]
    found = await desk.ask("GET", "/linear/records/issues?q=" + title.upper().replace("&", "%26"))
    assert one["external_id"] in [row["external_id"] for row in found.json()["items"]]


async def test_a_record_is_found_by_words_with_quotes_in_them(desk: Desk, world: World) -> None:
    await desk.bind("chatwoot")
    world.add_message(1, 'He said "now"\nor never')
    await desk.sync("chatwoot")

    found = await desk.got('/chatwoot/records/messages?q=said "NOW"%0Aor')

    assert len(found["items"]) == 1


async def test_tombstones_are_shown_to_those_who_ask(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")
    await desk.did("PUT", "/linear/bindings", {"scope": "none"})

    assert (await desk.got("/linear/records/issues"))["items"] == []
    buried = (await desk.got("/linear/records/issues?deleted=true&limit=1"))["items"]
    assert buried[0]["deleted_at"]


async def test_a_stream_of_another_connector_is_not_found(desk: Desk) -> None:
    refusal = await desk.refused("GET", "/chatwoot/records/issues")

    assert refusal[:2] == (404, "stream_unknown")


async def test_records_of_another_project_are_not_shown(desk: Desk, other_desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")

    assert (await other_desk.got("/linear/records/issues?deleted=true"))["items"] == []
