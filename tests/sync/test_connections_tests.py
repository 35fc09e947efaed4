"""Testing a connection: what it sees, what it does not, and what to do when nobody answers."""

from uuid import UUID

import pytest

from mayak.connectors.base import Part
from mayak.platform.db import Database
from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.linear.telling import LINEAR_KEY
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from mayak.sync.model import STREAMS, Connector
from tests.sync.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ALL: list[Connector] = ["chatwoot", "linear", "attio"]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def desk(database: Database, project: UUID, world: World) -> Desk:
    return Desk(database, project, world)


@pytest.fixture
def other_desk(database: Database, other_project: UUID, world: World) -> Desk:
    return Desk(database, other_project, world)


async def parts_of(desk: Desk, connector: Connector, kind: str) -> list[Part]:
    async with desk.database.transaction(desk.project) as conn:
        source = await desk.sources.open(conn, desk.project, connector)
    assert source is not None
    return [one for one in await source.reader.parts() if one.kind == kind]


@pytest.mark.parametrize("connector", ALL)
async def test_a_good_connection_shows_whose_it_is_and_a_sample(
    desk: Desk, connector: Connector
) -> None:
    await desk.bind(connector)

    test = await desk.did("POST", f"/{connector}/test")

    assert (test["ok"], test["error"]) == (True, None)
    assert test["account_name"]
    assert test["parts_count"] >= 1
    assert [one["seen"] for one in test["coverage"]] == [True]
    assert 1 <= len(test["sample"]) <= 3
    times = [one["at"] for one in test["sample"]]
    assert times == sorted(times, reverse=True)
    assert test["cost_ms"] >= 0


async def test_a_sample_of_linear_is_the_newest_issue(desk: Desk, world: World) -> None:
    await desk.bind("linear")
    [issues] = [one for one in STREAMS["linear"] if one.name == "issues"]
    row = next(iter(desk.told(issues).values()))
    apply_edit(world, "linear.update_issue", {"issue": row["id"], "title": "Fresh as a daisy"})

    test = await desk.did("POST", "/linear/test")

    assert test["sample"][0]["title"] == f"{row['identifier']} Fresh as a daisy"


async def test_a_sample_shows_nothing_of_parts_that_are_not_bound(desk: Desk) -> None:
    first, second = (await parts_of(desk, "linear", "team"))[:2]
    await desk.bind("linear", ("team", first.external_id))

    test = await desk.did("POST", "/linear/test")

    key, other_key = first.name.split(" · ")[0], second.name.split(" · ")[0]
    titles = [one["title"] for one in test["sample"]]
    assert titles
    assert all(title.startswith(f"{key}-") for title in titles)
    assert not any(title.startswith(f"{other_key}-") for title in titles)


@pytest.mark.parametrize("connector", ALL)
async def test_with_nothing_bound_the_installations_credential_shows_nothing(
    desk: Desk, connector: Connector
) -> None:
    test = await desk.did("POST", f"/{connector}/test")

    assert (test["ok"], test["coverage"], test["sample"]) == (True, [], [])


async def test_whoever_has_the_secret_sees_a_sample_before_anything_is_bound(desk: Desk) -> None:
    test = await desk.did("POST", "/linear/test", {"secret": LINEAR_KEY})

    assert test["sample"]
    assert await desk.rows("SELECT 1 FROM connector_connections") == []


async def test_a_part_that_is_out_of_sight_fails_the_test_by_name(desk: Desk, world: World) -> None:
    seen, lost = (await parts_of(desk, "linear", "team"))[:2]
    await desk.bind("linear", ("team", seen.external_id), ("team", lost.external_id))
    world.faults.add("permission_loss", service="linear", times=None, team_id=lost.external_id)

    test = await desk.did("POST", "/linear/test")

    assert test["ok"] is False
    assert test["error"]["kind"] == "not_found"
    by_id = {one["external_id"]: one["seen"] for one in test["coverage"]}
    assert by_id == {seen.external_id: True, lost.external_id: False}


async def test_companies_lists_and_projects_are_covered_too(desk: Desk, world: World) -> None:
    company = world.projects[0].attio_company_ids[0]
    listed = await parts_of(desk, "attio", "list")
    await desk.bind(
        "attio",
        ("company", company),
        ("company", "00000000-0000-4000-8000-000000000000"),
        *[("list", one.external_id) for one in listed[:1]],
    )

    test = await desk.did("POST", "/attio/test")

    seen = {one["external_id"]: one["seen"] for one in test["coverage"]}
    assert seen.pop("00000000-0000-4000-8000-000000000000") is False
    assert set(seen.values()) == {True}


async def test_a_credential_of_another_account_is_told_apart(desk: Desk) -> None:
    await desk.bind("linear")
    async with desk.database.transaction(desk.project) as conn:
        await conn.execute("UPDATE connector_bindings SET account_ref = 'linear/elsewhere'")

    refusal = await desk.refused("PUT", "/linear/connection", {"secret": LINEAR_KEY})

    assert refusal[:2] == (409, "connection_failed")
    assert "does not see what the project is bound to" in refusal[2]


@pytest.mark.parametrize("connector", ALL)
async def test_an_address_where_nobody_answers_says_what_to_do(
    desk: Desk, connector: Connector
) -> None:
    desk.wire.breaks_at = 1

    test = await desk.did("POST", f"/{connector}/test")

    assert (test["ok"], test["error"]["kind"]) == (False, "network")
    assert "can be reached from here" in test["error"]["next_step"]
    assert test["parts_count"] is None


@pytest.mark.parametrize("connector", ALL)
async def test_a_wrong_secret_is_an_answer_and_not_an_accident(
    desk: Desk, connector: Connector
) -> None:
    test = await desk.did("POST", f"/{connector}/test", {"secret": "wrong_secret"})

    assert (test["ok"], test["error"]["kind"]) == (False, "auth")
    assert test["error"]["next_step"]
    assert "wrong_secret" not in str(test)


async def test_a_permission_that_a_sync_cannot_do_without_fails_the_test(
    desk: Desk, world: World
) -> None:
    scopes = world.attio.tokens[ATTIO_KEY].scopes
    lacking = [one for one in scopes if not one.startswith("record_permission")]
    apply_edit(world, "attio.set_scopes", {"token": ATTIO_KEY, "scopes": lacking})

    test = await desk.did("POST", "/attio/test")

    assert (test["ok"], test["error"]["kind"]) == (False, "auth")
    assert "record_permission" in str(test["error"]) + str(test["missing"])


async def test_a_test_of_what_is_stored_is_remembered(desk: Desk) -> None:
    await desk.did("POST", "/linear/test")

    assert (await desk.shown("linear"))["tested_at"]
