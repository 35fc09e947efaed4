"""What services tell: checked, kept once, looked into, and never believed."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from mayak.errors import Upstream
from mayak.platform.db import Database
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.sync.hearing import Calls, Hearing, event, issue_of, listening, post

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def world() -> World:
    return build_world(frozen=True)


@pytest.fixture
def calls(database: Database, world: World) -> Calls:
    return Calls(database, world)


@pytest.fixture
async def linear(calls: Calls, project: UUID) -> Hearing:
    """A project that has the whole of Linear, copied, and is called by it."""
    return await listening(Hearing(calls, project), "linear")


@pytest.fixture
async def attio(calls: Calls, project: UUID) -> Hearing:
    return await listening(Hearing(calls, project), "attio")


@pytest.fixture
async def chatwoot(calls: Calls, project: UUID) -> Hearing:
    return await listening(Hearing(calls, project), "chatwoot")


async def test_an_edit_in_linear_is_copied_when_it_is_told(linear: Hearing, world: World) -> None:
    issue = issue_of(world)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Renamed"})

    result = await linear.hear("linear")

    assert result.status == "ok"
    assert (await linear.one("issue", issue))["title"] == "Renamed"
    assert [row["status"] for row in await linear.deliveries()] == ["done"]


async def test_an_edit_in_attio_is_copied_when_it_is_told(attio: Hearing, world: World) -> None:
    person = min(await attio.live("person"))
    values = {"job_title": "Head of Light"}
    apply_edit(world, "attio.update_record", {"record_id": person, "values": values})

    result = await attio.hear("attio")

    assert result.status == "ok"
    assert (await attio.one("person", person))["job_title"] == "Head of Light"


async def test_a_message_in_chatwoot_is_copied_when_it_is_told(
    chatwoot: Hearing, world: World
) -> None:
    message = world.add_message(1, "The light is on")

    result = await chatwoot.hear("chatwoot")

    assert result.status == "ok"
    assert (await chatwoot.one("message", str(message.id)))["content"] == "The light is on"


async def test_nothing_of_a_body_is_believed(linear: Hearing, world: World) -> None:
    issue = issue_of(world)
    before = (await linear.one("issue", issue))["title"]

    assert await post(linear, event(issue)) == 200
    result = await linear.drain("linear")

    assert result.status == "skipped"
    assert (await linear.one("issue", issue))["title"] == before


async def test_a_removal_that_is_told_and_not_true_deletes_nothing(
    linear: Hearing, world: World
) -> None:
    issue = issue_of(world)

    await post(linear, event(issue, "remove"))
    await linear.drain("linear")

    assert issue in await linear.live("issue")


async def test_a_forged_delivery_is_refused_and_leaves_no_trace(
    linear: Hearing, world: World
) -> None:
    status = await post(linear, event(issue_of(world)), secret="not ours")

    assert status == 401
    assert await linear.deliveries() == []
    assert await linear.waiting() == []


@pytest.mark.parametrize("service", ["chatwoot", "linear", "attio"])
async def test_no_service_is_believed_without_a_signature(
    calls: Calls, project: UUID, service: Any
) -> None:
    studio = await listening(Hearing(calls, project), service)
    [row] = await studio.rows("SELECT url FROM webhook_endpoints")

    answer = await calls.client.post(row["url"], content=b'{"event": "contact_updated", "id": 1}')

    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


async def test_a_late_delivery_of_linear_is_a_hint(linear: Hearing, world: World) -> None:
    issue = issue_of(world)
    world.faults.add("webhook_old_timestamp", service="linear")
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Late"})

    await linear.hear("linear")

    assert [row["stale"] for row in await linear.deliveries()] == [True]
    assert (await linear.one("issue", issue))["title"] == "Late"


async def test_a_late_delivery_of_chatwoot_is_refused(chatwoot: Hearing, world: World) -> None:
    world.faults.add("webhook_old_timestamp", seconds=600, times=None)
    world.add_message(1, "Late")

    await chatwoot.calls.arrive()

    assert await chatwoot.deliveries() == []
    assert {call.status for call in world.journal.calls("webhook")} == {401}


async def test_a_replayed_delivery_is_kept_and_looked_into_once(
    linear: Hearing, world: World
) -> None:
    issue = issue_of(world)

    statuses = [await post(linear, event(issue)) for _ in range(3)]
    result = await linear.drain("linear")
    again = await post(linear, event(issue))

    assert [*statuses, again] == [200] * 4
    assert (result.counters["deliveries"], len(await linear.deliveries())) == (1, 1)
    assert await linear.waiting() == []


async def test_deliveries_out_of_order_leave_the_latest_state(
    linear: Hearing, world: World
) -> None:
    issue = issue_of(world)
    world.faults.add("webhook_reorder", service="linear")
    for title in ("first", "second"):
        world.clock.advance(1)
        apply_edit(world, "linear.update_issue", {"issue": issue, "title": title})

    await linear.hear("linear")

    assert (await linear.one("issue", issue))["title"] == "second"


async def test_fifty_events_of_one_record_are_one_question(attio: Hearing, world: World) -> None:
    person = min(await attio.live("person"))
    for number in range(50):
        values = {"job_title": f"Title {number}"}
        apply_edit(world, "attio.update_record", {"record_id": person, "values": values})
    await attio.calls.arrive()
    told = len(await attio.deliveries())
    before = attio.wire.requests

    await attio.drain("attio")

    assert told >= 50
    assert attio.wire.requests - before <= 3
    assert (await attio.one("person", person))["job_title"] == "Title 49"


async def test_what_was_not_told_the_next_sync_finds(linear: Hearing, world: World) -> None:
    issues = [row.id for row in world.linear.issues if row.archived_at is None][:20]
    for number, issue in enumerate(issues):
        if number % 5 == 0:
            world.faults.add("webhook_drop", service="linear")
        apply_edit(world, "linear.update_issue", {"issue": issue, "title": f"Edit {number}"})
    world.clock.advance(1)
    await linear.hear("linear")
    titles = "SELECT count(*) AS n FROM linear_issues_raw WHERE title LIKE 'Edit %%'"
    [heard] = await linear.rows(titles)

    await linear.sync("linear")

    [healed] = await linear.rows(titles)
    assert (heard["n"], healed["n"]) == (16, 20)


async def test_what_is_not_json_is_kept_as_ignored(linear: Hearing) -> None:
    [row] = await linear.rows("SELECT url FROM webhook_endpoints")
    secret = await linear.secret()
    signature = hmac.new(secret.encode(), b"{no", hashlib.sha256).hexdigest()
    answer = await linear.calls.client.post(
        row["url"], content=b"{no", headers={"Linear-Signature": signature}
    )

    [kept] = await linear.deliveries()
    assert (answer.status_code, kept["status"]) == (422, "ignored")
    assert "JSON" in kept["error"]


async def test_an_event_that_is_not_copied_starts_nothing(linear: Hearing) -> None:
    body = {"action": "create", "type": "Reaction", "data": {"id": "r1"}}

    assert await post(linear, body) == 200

    assert [row["status"] for row in await linear.deliveries()] == ["ignored"]
    assert await linear.waiting() == []


@pytest.mark.parametrize(
    "address",
    [f"/webhooks/linear/{uuid4()}", "/webhooks/linear/nonsense"],
    ids=["an endpoint of nobody", "no endpoint at all"],
)
async def test_nobody_listens_elsewhere(linear: Hearing, address: str) -> None:
    answer = await linear.calls.client.post(address, content=b"{}")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_webhook")


async def test_an_endpoint_of_one_service_does_not_hear_another(linear: Hearing) -> None:
    [row] = await linear.rows("SELECT url FROM webhook_endpoints")
    elsewhere = row["url"].replace("/linear/", "/attio/")

    assert (await linear.calls.client.post(elsewhere, content=b"{}")).status_code == 404


async def test_a_body_without_end_is_refused(linear: Hearing) -> None:
    [row] = await linear.rows("SELECT url FROM webhook_endpoints")

    answer = await linear.calls.client.post(row["url"], content=b" " * (2 * 1024 * 1024 + 1))

    assert answer.status_code == 413
    assert await linear.deliveries() == []


async def test_a_kill_between_hearing_and_looking_loses_nothing(
    linear: Hearing, world: World
) -> None:
    issue = issue_of(world)
    apply_edit(world, "linear.update_issue", {"issue": issue, "title": "Survives"})
    await linear.calls.arrive()
    waits = await linear.waiting()
    linear.wire.breaks_at, linear.wire.breaks_for = linear.wire.requests + 1, 1
    with pytest.raises(Upstream):
        await linear.drain("linear")
    [kept] = await linear.deliveries()

    await linear.drain("linear")

    assert waits == ["webhooks_drain_linear"]
    assert (kept["status"], kept["attempts"]) == ("received", 0)
    assert (await linear.one("issue", issue))["title"] == "Survives"


async def test_an_outage_makes_the_deliveries_wait_a_minute(linear: Hearing, world: World) -> None:
    await post(linear, event(issue_of(world)))
    linear.wire.breaks_at = 1

    with pytest.raises(Upstream) as caught:
        await linear.drain("linear")

    assert caught.value.retry_after == timedelta(minutes=1)


async def test_a_rate_limit_keeps_the_deliveries(linear: Hearing, world: World) -> None:
    await post(linear, event(issue_of(world)))
    world.faults.add("ratelimit", service="linear")

    with pytest.raises(Upstream) as caught:
        await linear.drain("linear")

    assert caught.value.kind == "rate_limit"
    assert [row["status"] for row in await linear.deliveries()] == ["received"]


async def test_a_delivery_that_ends_its_worker_five_times_is_given_up(
    linear: Hearing, world: World
) -> None:
    await post(linear, event(issue_of(world)))
    await linear.rows("UPDATE webhook_deliveries SET attempts = 5 RETURNING 1")

    result = await linear.drain("linear")

    [kept] = await linear.deliveries()
    assert (result.status, kept["status"]) == ("partial", "failed")
    assert "five times" in kept["error"]


async def test_a_paused_connection_looks_into_nothing(linear: Hearing, world: World) -> None:
    await post(linear, event(issue_of(world)))
    await linear.rows(
        "UPDATE connector_connections SET status = 'paused', paused_by = 'Ada' RETURNING 1"
    )
    before = linear.wire.requests

    result = await linear.drain("linear")

    [kept] = await linear.deliveries()
    assert (result.status, kept["status"]) == ("skipped", "ignored")
    assert "Ada paused Linear" in kept["error"]
    assert linear.wire.requests == before
