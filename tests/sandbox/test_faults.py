"""Every kind of planned misbehaviour, and which calls it hits."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mayak.sandbox.edits import BadEdit
from mayak.sandbox.faults import KINDS, BadFault
from mayak.sandbox.rows import Contact
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def talks(world: World, helen: Contact) -> World:
    """Sixty conversations, all with one message."""
    for _ in range(60):
        world.clock.advance(1)
        world.add_conversation(inbox_id=1, contact_id=helen.id)
        world.add_message(world.conversation(1).display_id, "Hello")
    return world


async def ids(client: httpx.AsyncClient, page: int = 1) -> list[int]:
    params: dict[str, Any] = {"page": page, "sort_by": "created_at_asc"}
    response = await client.get("/conversations", params=params)
    return [row["id"] for row in response.json()["data"]["payload"]]


async def test_a_fault_hits_the_nth_matching_call_and_as_many_as_it_is_told(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("status", op="inboxes.list", nth=2, times=2, code=503)
    await chatwoot.get("/agents")
    statuses = [(await chatwoot.get("/inboxes")).status_code for _ in range(5)]

    assert statuses == [200, 503, 503, 200, 200]


async def test_a_fault_can_be_for_one_page_only(chatwoot: httpx.AsyncClient, talks: World) -> None:
    talks.faults.add("html_error", op="conversations.list", page=2)

    assert (await chatwoot.get("/conversations", params={"page": 1})).status_code == 200
    assert (await chatwoot.get("/conversations", params={"page": 2})).status_code == 502


async def test_without_times_limit_a_fault_stays_until_removed(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    rule = world.faults.add("token_expired", times=None)
    refused = [(await chatwoot.get("/inboxes")).json() for _ in range(3)]
    world.faults.remove(rule.id)

    assert refused == [{"error": "Invalid Access Token"}] * 3
    assert (await chatwoot.get("/inboxes")).status_code == 200


async def test_one_request_can_carry_its_own_fault(chatwoot: httpx.AsyncClient) -> None:
    fault = json.dumps({"kind": "status", "code": 418, "body": {"tea": True}})
    response = await chatwoot.get("/inboxes", headers={"x-sandbox-fault": fault})

    assert (response.status_code, response.json()) == (418, {"tea": True})


@pytest.mark.parametrize(
    "fault",
    [
        "nonsense",
        '{"kind": "earthquake"}',
        '{"kind": "status", "cod": 500}',
        '{"kind": "latency"}',
        '{"kind": "permission_loss"}',
    ],
)
async def test_a_fault_that_means_nothing_is_refused(
    chatwoot: httpx.AsyncClient, fault: str
) -> None:
    assert (await chatwoot.get("/inboxes", headers={"x-sandbox-fault": fault})).status_code == 400


def test_counting_starts_at_one(world: World) -> None:
    with pytest.raises(BadFault, match="count from 1"):
        world.faults.add("timeout", nth=0)


async def test_ratelimit_answers_as_the_real_limiter(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("ratelimit")
    response = await chatwoot.get("/inboxes")

    assert (response.status_code, response.text) == (429, "Retry later\n")
    assert "retry-after" not in response.headers


async def test_html_error_is_a_proxys_page(chatwoot: httpx.AsyncClient, world: World) -> None:
    world.faults.add("html_error", code=504)
    response = await chatwoot.get("/inboxes")

    assert response.status_code == 504
    assert response.text.startswith("<html>")


async def test_timeout_never_answers(chatwoot: httpx.AsyncClient, world: World) -> None:
    world.faults.add("timeout")

    with pytest.raises(httpx.ReadTimeout):
        await chatwoot.get("/inboxes")
    assert [call.status for call in world.journal] == [0]


async def test_latency_beyond_patience_is_a_timeout_and_below_it_nothing(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("latency", ms=3_000, times=2)

    assert (await chatwoot.get("/inboxes", timeout=10)).status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        await chatwoot.get("/inboxes", timeout=2)


async def test_drop_ends_the_connection_inside_the_body(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("drop", bytes=10)

    with pytest.raises(httpx.RemoteProtocolError, match="closed connection"):
        await chatwoot.get("/inboxes")


async def test_truncate_json_is_a_good_answer_that_cannot_be_parsed(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("truncate_json")
    response = await chatwoot.get("/inboxes")

    assert response.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_stale_read_shows_the_rows_of_when_it_was_planned(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add("stale_read", op="conversations.show", times=1)
    talks.set_status(1, "resolved")
    stale, fresh = [(await chatwoot.get("/conversations/1")).json() for _ in range(2)]

    assert (stale["status"], fresh["status"]) == ("open", "resolved")


async def test_duplicate_page_gives_the_previous_page_again(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add("duplicate_page", op="conversations.list", page=2)
    pages = [await ids(chatwoot, 1), await ids(chatwoot, 2), await ids(chatwoot, 2)]

    assert pages == [list(range(1, 26)), list(range(1, 26)), list(range(26, 51))]


async def test_reorder_page_keeps_the_rows_but_not_their_order(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add("reorder_page", seed=3)
    shuffled = await ids(chatwoot)

    assert shuffled != list(range(1, 26))
    assert sorted(shuffled) == list(range(1, 26))


async def test_mutate_between_pages_changes_the_world_after_a_page_was_given(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add(
        "mutate_between_pages", op="conversations.list", page=1,
        edit="delete_conversation", args={"display_id": 1},
    )  # fmt: skip
    first, second = await ids(chatwoot, 1), await ids(chatwoot, 2)

    assert first == list(range(1, 26))
    assert second == list(range(27, 52)), "26 slipped to the page that was read already"


async def test_an_edit_between_pages_that_does_not_fit_fails_loudly(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add("mutate_between_pages", edit="delete_contact", args={"contact_id": 99})

    with pytest.raises(BadEdit, match="no contact 99"):
        await chatwoot.get("/conversations")


async def test_permission_loss_hides_an_inbox(chatwoot: httpx.AsyncClient, talks: World) -> None:
    talks.faults.add("permission_loss", inbox_id=1, times=None)

    assert await ids(chatwoot) == []
    assert [row["id"] for row in (await chatwoot.get("/inboxes")).json()["payload"]] == [2]
    assert (await chatwoot.get("/conversations/1")).status_code == 401


async def test_schema_drift_adds_what_nobody_declared(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("schema_drift")
    world.faults.add("schema_drift", nth=2, set={"name": None, "channel_type": "Channel::Fax"})
    drifted = (await chatwoot.get("/inboxes")).json()["payload"]
    nulled = (await chatwoot.get("/inboxes")).json()["payload"]

    assert all("added_by_a_later_version" in row for row in drifted)
    assert {(row["name"], row["channel_type"]) for row in nulled} == {(None, "Channel::Fax")}


async def test_clock_skew_moves_the_servers_window(
    chatwoot: httpx.AsyncClient, talks: World
) -> None:
    talks.faults.add("clock_skew", seconds=3_600)
    params = {"updated_within": 600}
    skewed, right = [
        (await chatwoot.get("/conversations", params=params)).json()["data"]["payload"]
        for _ in range(2)
    ]

    assert (len(skewed), len(right)) == (0, 60)


async def test_the_journal_names_the_faults_of_a_call(
    chatwoot: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("html_error")
    await chatwoot.get("/inboxes", params={"page": 4})

    (call,) = world.journal
    assert (call.op, call.status, call.faults) == ("inboxes.list", 502, ("html_error",))
    assert call.params == {"page": "4", "account_id": "1"}


def test_these_files_name_every_kind_of_fault() -> None:
    here = Path(__file__)
    others = ("test_webhooks.py", "test_linear_faults.py", "openai/test_openai_faults.py")
    text = "".join((here.parent / name).read_text("utf-8") for name in (here.name, *others))

    assert [kind for kind in KINDS if f'"{kind}"' not in text] == []
