"""What Linear's webhooks are told, how they are signed, and when they are tried again."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from mayak.sandbox.app import create_app
from mayak.sandbox.linear import issues, upkeep
from mayak.sandbox.linear.rows import Webhook
from mayak.sandbox.linear.webhooks import LinearSender
from mayak.sandbox.world import World
from tests.sandbox.linear_world import MEMBER_KEY, Ask, nodes, refusal

pytestmark = pytest.mark.anyio

HOUR = 3_600.0


class Receiver:
    """Takes webhooks in, answering with `status`."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def hook(studio: World) -> Webhook:
    """A webhook for issues and comments of all public teams; NOR-1 exists already."""
    issues.create_issue(studio, "NOR", "Pay by card")
    types = ["Issue", "Comment"]
    return upkeep.create_webhook(studio, "http://product.test/in", types, all_public_teams=True)


@pytest.fixture
def sender(studio: World, hook: Webhook, receiver: Receiver) -> LinearSender:
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    made: LinearSender = create_app(studio, webhook_client=client).state.linear_webhooks
    return made


def good(hook: Webhook, request: httpx.Request) -> bool:
    """Whether a request is signed with the secret of the webhook."""
    expected = hmac.new(hook.secret.encode(), request.content, hashlib.sha256).hexdigest()
    return request.headers["Linear-Signature"] == expected


async def test_an_update_tells_the_row_and_what_it_was(
    studio: World, hook: Webhook, sender: LinearSender, receiver: Receiver
) -> None:
    studio.clock.advance(60)
    issues.update_issue(studio, "NOR-1", title="Pay by bank card", actor="user-ada")
    await sender.settle()

    (body,) = receiver.bodies
    assert (body["action"], body["type"], body["webhookId"]) == ("update", "Issue", hook.id)
    assert body["updatedFrom"] == {
        "title": "Pay by card", "updatedAt": "2026-03-01T12:00:00.000Z",
    }  # fmt: skip
    assert (body["data"]["identifier"], body["data"]["title"]) == ("NOR-1", "Pay by bank card")
    assert body["data"]["teamId"] == body["data"]["team"]["id"]
    assert (body["actor"]["name"], body["createdAt"]) == ("Ada", "2026-03-01T12:01:00.000Z")
    assert body["organizationId"] == studio.linear.organization.id


async def test_the_signature_covers_the_body_with_its_time(
    studio: World, hook: Webhook, sender: LinearSender, receiver: Receiver
) -> None:
    issues.add_comment(studio, "NOR-1", "Привет")
    await sender.settle()

    (request,) = receiver.requests
    assert good(hook, request)
    assert request.headers["Linear-Event"] == "Comment"
    sent = int(studio.clock.timestamp() * 1000)
    assert json.loads(request.content)["webhookTimestamp"] == sent
    assert request.headers["Linear-Timestamp"] == str(sent)


@pytest.mark.parametrize("edit", [issues.trash_issue, issues.delete_issue])
async def test_what_is_deleted_either_way_is_told_as_removed(
    studio: World, sender: LinearSender, receiver: Receiver, edit: Any
) -> None:
    edit(studio, "NOR-1")
    await sender.settle()

    assert [(body["action"], body["data"]["identifier"]) for body in receiver.bodies] == [
        ("remove", "NOR-1")
    ]


async def test_types_and_teams_that_were_not_asked_for_are_not_told(
    studio: World, sender: LinearSender, receiver: Receiver
) -> None:
    upkeep.create_label(studio, "Bug")
    issues.create_issue(studio, "SEC", "hidden")
    issues.add_comment(studio, "SEC-1", "hidden too")
    await sender.settle()

    assert receiver.bodies == []


async def test_a_webhook_of_one_team_hears_of_that_team(
    studio: World, hook: Webhook, sender: LinearSender, receiver: Receiver
) -> None:
    upkeep.delete_webhook(studio, hook.id)
    upkeep.create_webhook(studio, "http://product.test/in", ["Issue"], team="BAL")
    issues.create_issue(studio, "NOR", "elsewhere")
    issues.create_issue(studio, "BAL", "here")
    await sender.settle()

    assert [body["data"]["title"] for body in receiver.bodies] == ["here"]


async def test_a_failed_delivery_is_tried_after_a_minute_an_hour_and_six(
    studio: World, sender: LinearSender, receiver: Receiver
) -> None:
    receiver.status = 500
    issues.update_issue(studio, "NOR-1", priority=1)
    await sender.settle()
    counts = [len(receiver.requests)]
    for seconds in (59, 1, HOUR, 6 * HOUR, 24 * HOUR):
        await sender.caught_up()
        studio.clock.advance(seconds)
        await sender.caught_up()
        counts.append(len(receiver.requests))

    assert counts == [1, 1, 2, 3, 4, 4]
    assert len({request.headers["Linear-Delivery"] for request in receiver.requests}) == 1


@pytest.mark.parametrize(("kept", "apart"), [(False, 60_000), (True, 0)])
async def test_a_retry_carries_its_own_time_or_that_of_the_first_attempt(
    studio: World,
    hook: Webhook,
    sender: LinearSender,
    receiver: Receiver,
    *,
    kept: bool,
    apart: int,
) -> None:
    studio.linear.keep_timestamp = kept
    receiver.status = 500
    issues.update_issue(studio, "NOR-1", priority=1)
    await sender.caught_up()
    receiver.status = 200
    studio.clock.advance(60)
    await sender.caught_up()

    first, second = (body["webhookTimestamp"] for body in receiver.bodies)
    assert second - first == apart
    assert all(good(hook, request) for request in receiver.requests)


async def test_dropped_duplicated_and_reordered_deliveries(
    studio: World, sender: LinearSender, receiver: Receiver
) -> None:
    for nth, kind in enumerate(("webhook_drop", "webhook_duplicate", "webhook_reorder"), 1):
        studio.faults.add(kind, service="linear", op="Issue", nth=nth)
    for title in ("lost", "twice", "late", "early"):
        issues.update_issue(studio, "NOR-1", title=title)
    await sender.settle()

    told = [body["data"]["title"] for body in receiver.bodies]
    ids = [request.headers["Linear-Delivery"] for request in receiver.requests]
    assert told == ["twice", "twice", "early", "late"]
    assert ids[0] == ids[1] != ids[2]


async def test_a_delayed_delivery_waits_for_the_clock(
    studio: World, sender: LinearSender, receiver: Receiver
) -> None:
    studio.faults.add("webhook_delay", service="linear", seconds=120)
    issues.update_issue(studio, "NOR-1", title="late")
    issues.update_issue(studio, "NOR-1", title="prompt")
    await sender.caught_up()
    arrived = [body["data"]["title"] for body in receiver.bodies]
    studio.clock.advance(120)
    await sender.caught_up()

    assert arrived == ["prompt"]
    assert [body["data"]["title"] for body in receiver.bodies] == ["prompt", "late"]


@pytest.mark.parametrize(
    ("kind", "signed", "old"),
    [("webhook_bad_signature", False, False), ("webhook_old_timestamp", True, True)],
)
async def test_a_forged_or_a_stale_delivery_can_be_sent(
    studio: World, hook: Webhook, sender: LinearSender, receiver: Receiver,
    kind: str, *, signed: bool, old: bool,
) -> None:  # fmt: skip
    studio.faults.add(kind, service="linear")
    issues.update_issue(studio, "NOR-1", title="x")
    await sender.settle()

    (request,) = receiver.requests
    told = json.loads(request.content)["webhookTimestamp"] / 1000
    assert (good(hook, request), told < studio.clock.timestamp() - 60) == (signed, old)


async def test_webhooks_are_managed_over_the_api_by_administrators(ask: Ask) -> None:
    change = """mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) {
      webhook { id enabled secret resourceTypes } } }"""
    given = {"url": "https://product.test/in", "resourceTypes": ["Issue"], "secret": "ours",
             "allPublicTeams": True}  # fmt: skip
    made = (await ask(change, input=given)).json()["data"]["webhookCreate"]["webhook"]
    listed = nodes(await ask("{ webhooks { nodes { id url enabled } } }"), "webhooks")
    await ask("mutation($id: String!) { webhookDelete(id: $id) { success } }", id=made["id"])

    assert (made["secret"], made["resourceTypes"]) == ("ours", ["Issue"])
    assert listed == [{"id": made["id"], "url": "https://product.test/in", "enabled": True}]
    assert nodes(await ask("{ webhooks { nodes { id } } }"), "webhooks") == []
    assert refusal(await ask(change, key=MEMBER_KEY, input=given))[0] == 400


async def test_a_webhook_without_teams_is_refused(ask: Ask) -> None:
    change = """mutation { webhookCreate(input: {url: "https://x.test", resourceTypes: ["Issue"]})
      { success } }"""
    assert refusal(await ask(change)) == (400, "INPUT_ERROR", "invalid input")
