"""The Connectors page: who a project is connected as, and one line of truth about each."""

from typing import Any, get_args
from uuid import UUID

import pytest

from mayak.access.model import Role
from mayak.platform.db import Database, execute
from mayak.platform.secrets import new_key
from mayak.sandbox.linear.telling import LINEAR_KEY
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LINEAR = "http://sandbox/linear"
SECRET = "lin_api_a_secret_of_somebody"


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def desk(database: Database, project: UUID, world: World) -> Desk:
    return Desk(database, project, world)


@pytest.fixture
def other_desk(database: Database, other_project: UUID, world: World) -> Desk:
    return Desk(database, other_project, world)


async def test_what_is_not_connected_says_how_to_connect_it(desk: Desk) -> None:
    desk.only("chatwoot")

    linear = await desk.shown("linear")

    assert (linear["configured"], linear["line"]["status"]) == (False, "disabled")
    assert "LINEAR_API_KEY" in linear["line"]["next_step"]
    assert (linear["scope"], linear["parts_bound"], linear["rows"]) == ("none", 0, 0)
    assert {one["status"] for one in linear["streams"]} == {"idle"}


async def test_what_is_connected_and_unbound_says_so(desk: Desk) -> None:
    linear = await desk.shown("linear")

    assert (linear["configured"], linear["own"], linear["line"]["status"]) == (True, False, "idle")
    assert "belongs to this project yet" in linear["line"]["cause"]


async def test_a_connector_that_was_read_shows_whose_it_is_and_how_fresh(desk: Desk) -> None:
    await desk.bind("linear")
    waiting = await desk.shown("linear")
    await desk.sync("linear")

    linear = await desk.shown("linear")

    assert (waiting["line"]["status"], waiting["last_success_at"]) == ("idle", None)
    assert linear["line"] == {
        "status": "ok", "cause": None, "next_step": None, "until": None, "stream": "projects"
    }  # fmt: skip
    assert linear["scope"] == "account"
    assert linear["account_name"]
    assert linear["role"] == "admin"
    assert linear["last_success_at"]
    assert linear["rows"] == sum(one["rows"] for one in linear["streams"]) > 100


async def test_the_line_is_about_the_worst_stream(desk: Desk, world: World) -> None:
    await desk.bind("linear")
    await desk.sync("linear")
    async with desk.database.transaction(desk.project) as conn:
        for stream, status in (("issues", "failing"), ("comments", "rate_limited")):
            await execute(
                conn,
                "UPDATE connector_sync_state SET status = %(status)s, cause = 'it broke',"
                " until_at = now() + interval '1 h' WHERE stream = %(stream)s",
                stream=stream,
                status=status,
            )

    line = (await desk.shown("linear"))["line"]

    assert (line["status"], line["stream"], line["cause"]) == ("failing", "issues", "it broke")


async def test_a_copy_that_nobody_refreshes_is_not_shown_as_good(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")
    async with desk.database.transaction(desk.project) as conn:
        await execute(
            conn, "UPDATE connector_sync_state SET last_success_at = now() - interval '5 h'"
        )

    line = (await desk.shown("linear"))["line"]

    assert (line["status"], line["stream"]) == ("stalled", None)
    assert "5 hours ago" in line["cause"]
    assert "worker" in line["next_step"]


async def test_one_stream_that_was_never_read_keeps_the_success_unknown(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.sync("linear")
    async with desk.database.transaction(desk.project) as conn:
        await execute(conn, "DELETE FROM connector_sync_state WHERE stream = 'comments'")

    linear = await desk.shown("linear")

    assert (linear["line"]["status"], linear["line"]["stream"]) == ("idle", "comments")
    assert (linear["last_success_at"], linear["fresh_until"]) == (None, None)


async def test_pausing_stops_the_cycle_for_that_connector_only(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.bind("attio")

    paused = await desk.did("POST", "/linear/pause")
    await desk.sync()

    assert (paused["status"], paused["paused_by"]) == ("paused", "Ann")
    assert paused["line"]["status"] == "disabled"
    assert "Ann paused Linear" in paused["line"]["cause"]
    assert await desk.live("issue") == set()
    assert await desk.live("company")


async def test_enabling_reads_at_once_and_forgets_who_paused(desk: Desk) -> None:
    await desk.bind("linear")
    await desk.did("POST", "/linear/pause")
    await desk.sync("linear")

    enabled = await desk.did("POST", "/linear/enable")

    assert (enabled["status"], enabled["paused_by"]) == ("enabled", None)
    assert enabled["line"]["status"] == "idle"
    assert await desk.waiting() == ["linear_sync"]


async def test_a_credential_of_ones_own_is_tested_sealed_and_used(desk: Desk, conn: Any) -> None:
    desk.only()

    done = await desk.did(
        "PUT", "/linear/connection", {"secret": LINEAR_KEY, "base_url": f"{LINEAR}/"}
    )
    await desk.bind("linear")
    result = await desk.sync("linear")

    assert done["test"]["ok"] is True
    assert (done["connector"]["own"], done["connector"]["base_url"]) == (True, LINEAR)
    assert LINEAR_KEY not in str(done)
    [row] = await desk.rows("SELECT connector_connections::text AS row FROM connector_connections")
    assert LINEAR_KEY not in row["row"]
    assert LINEAR_KEY.encode().hex() not in row["row"]
    assert result.status == "ok"


async def test_a_key_of_the_installation_that_was_lost_is_a_clear_state(desk: Desk) -> None:
    await desk.did("PUT", "/linear/connection", {"secret": LINEAR_KEY})
    desk.keys = [new_key()]

    linear = await desk.shown("linear")
    test = await desk.did("POST", "/linear/test")

    assert (linear["line"]["status"], linear["configured"]) == ("auth_failed", True)
    assert linear["line"]["cause"].startswith("MAYAK_SECRET_KEY")
    assert (test["ok"], test["error"]["kind"]) == (False, "misconfigured")
    again = await desk.did("PUT", "/linear/connection", {"secret": LINEAR_KEY})
    assert again["connector"]["line"]["status"] == "idle"


async def test_a_key_can_be_changed_while_the_old_one_still_opens(desk: Desk) -> None:
    await desk.did("PUT", "/linear/connection", {"secret": LINEAR_KEY})

    desk.keys = [new_key(), *desk.keys]

    assert (await desk.did("POST", "/linear/test"))["ok"] is True


async def test_a_credential_that_is_refused_is_not_stored(desk: Desk) -> None:
    refusal = await desk.refused("PUT", "/linear/connection", {"secret": SECRET})

    assert refusal[:2] == (409, "connection_failed")
    assert "personal API key" in refusal[2]
    assert SECRET not in refusal[2]
    assert (await desk.shown("linear"))["own"] is False
    assert await desk.rows("SELECT 1 FROM connector_connections") == []


async def test_who_insists_may_store_it_all_the_same(desk: Desk) -> None:
    done = await desk.did("PUT", "/linear/connection", {"secret": SECRET, "force": True})

    assert (done["test"]["ok"], done["test"]["error"]["kind"]) == (False, "auth")
    assert done["connector"]["own"] is True


async def test_disconnecting_goes_back_to_the_installation(desk: Desk) -> None:
    await desk.did("PUT", "/linear/connection", {"secret": SECRET, "force": True})

    linear = await desk.did("DELETE", "/linear/connection")

    assert (linear["own"], linear["configured"], linear["account_name"]) == (False, True, None)
    assert (await desk.did("POST", "/linear/test"))["ok"] is True


@pytest.mark.parametrize(
    ("connector", "wanted", "field"),
    [
        ("linear", {"secret": "x", "base_url": "ftp://a.example"}, "base_url"),
        ("linear", {"secret": "x", "base_url": "linear.app"}, "base_url"),
        ("linear", {"secret": "x", "base_url": "http://ann:hunter2@a.example"}, "base_url"),
        ("linear", {"secret": "x", "base_url": "http://169.254.169.254/meta"}, "base_url"),
        ("linear", {"secret": "x", "base_url": "https://a..b"}, "base_url"),
        ("linear", {"secret": "x", "base_url": "https://a.example:99999"}, "base_url"),
        ("chatwoot", {"secret": "x", "base_url": "https://a.example/app/accounts/1"}, "base_url"),
        ("chatwoot", {"secret": "x", "account": "one"}, "account"),
        ("linear", {"secret": "x", "account": "1"}, "account"),
        ("linear", {"secret": "клюв"}, "secret"),
        ("linear", {"secret": "two words"}, "secret"),
        ("linear", {"secret": "line\r\nbreak"}, "secret"),
        ("linear", {"secret": "  "}, "secret"),
    ],
)
async def test_what_can_be_no_connection_is_refused_by_name(
    desk: Desk, connector: str, wanted: dict[str, str], field: str
) -> None:
    for method, path in (("PUT", "connection"), ("POST", "test")):
        status, code, detail = await desk.refused(method, f"/{connector}/{path}", wanted)

        assert (status, code) == (422, "invalid_input")
        assert detail.startswith(f"{field}:")
        assert "hunter2" not in detail
    assert desk.wire.requests == 0


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1", "http://10.0.0.7:3000"])
async def test_a_stored_secret_is_not_sent_to_another_address(desk: Desk, base_url: str) -> None:
    refusal = await desk.refused("POST", "/linear/test", {"base_url": base_url})

    assert refusal[:2] == (422, "invalid_input")
    assert refusal[2].startswith("secret: is needed with another address")
    assert desk.wire.requests == 0


MAY_READ = {"list": ("GET", "", None), "mapping": ("GET", "/attio/mapping", None)}
MAY_INSPECT = {"records": ("GET", "/linear/records/issues", None)}
MAY_MANAGE = {
    "test": ("POST", "/linear/test", None),
    "connect": ("PUT", "/linear/connection", {"secret": LINEAR_KEY}),
    "disconnect": ("DELETE", "/linear/connection", None),
    "pause": ("POST", "/linear/pause", None),
    "enable": ("POST", "/linear/enable", None),
    "parts": ("GET", "/linear/parts", None),
}
LEAST: dict[str, Role] = {
    **dict.fromkeys(MAY_READ, "viewer"),
    **dict.fromkeys(MAY_INSPECT, "operator"),
    **dict.fromkeys(MAY_MANAGE, "manager"),
}


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("name", [*MAY_READ, *MAY_INSPECT, *MAY_MANAGE])
async def test_each_role_may_do_its_part(desk: Desk, role: Role, name: str) -> None:
    order = ["viewer", "operator", "manager", "owner"]
    desk.role = role
    method, path, body = {**MAY_READ, **MAY_INSPECT, **MAY_MANAGE}[name]

    answer = await desk.ask(method, path, body)

    allowed = order.index(role) >= order.index(LEAST[name])
    assert answer.status_code == (200 if allowed else 403), answer.text


async def test_what_one_project_stores_another_does_not_see(desk: Desk, other_desk: Desk) -> None:
    await desk.did("PUT", "/linear/connection", {"secret": LINEAR_KEY})
    await desk.did("POST", "/linear/pause")

    theirs = await other_desk.shown("linear")

    assert (theirs["own"], theirs["status"], theirs["tested_at"]) == (False, "enabled", None)
