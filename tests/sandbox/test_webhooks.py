"""What webhooks are told, how they are signed, and how they go wrong."""

import hashlib
import hmac
import json
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest

from mayak.sandbox.app import create_app
from mayak.sandbox.chatwoot.webhooks import Version, WebhookSender
from mayak.sandbox.events import WEBHOOK_EVENTS
from mayak.sandbox.rows import Contact, Webhook
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio


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

    def of(self, event: str) -> list[dict[str, Any]]:
        return [body for body in self.bodies if body["event"] == event]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def sender(world: World, receiver: Receiver, version: Version = "4.13") -> WebhookSender:
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    made: WebhookSender = create_app(world, version=version, webhook_client=client).state.webhooks
    return made


@pytest.fixture
def hook(world: World, helen: Contact) -> Webhook:
    """A webhook that wants everything; conversation 1 exists already."""
    world.add_conversation(inbox_id=1, contact_id=helen.id)
    return world.add_webhook(url="http://product.test/hook", subscriptions=WEBHOOK_EVENTS)


@pytest.fixture
def webhooks(world: World, hook: Webhook, receiver: Receiver) -> WebhookSender:
    return sender(world, receiver)


async def test_a_message_is_told_with_names_and_iso_times(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.add_message(1, "Hello")
    await webhooks.settle()

    (body,) = receiver.of("message_created")
    assert (body["message_type"], body["created_at"]) == ("incoming", "2026-03-01T12:00:00.000Z")
    assert (body["conversation"]["id"], body["sender"]["name"]) == (1, "Helen")
    assert (body["account"]["id"], body["inbox"]) == (1, {"id": 1, "name": "Mail"})


async def test_the_signature_covers_the_timestamp_and_the_body(
    world: World, hook: Webhook, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.add_message(1, "Hello")
    await webhooks.settle()

    request = receiver.requests[0]
    timestamp = request.headers["X-Chatwoot-Timestamp"]
    signed = timestamp.encode() + b"." + request.content
    expected = hmac.new(hook.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Chatwoot-Signature"] == f"sha256={expected}"
    assert int(timestamp) == int(world.clock.timestamp())
    assert len({request.headers["X-Chatwoot-Delivery"] for request in receiver.requests}) == len(
        receiver.requests
    )


async def test_older_versions_do_not_sign(world: World, hook: Webhook, receiver: Receiver) -> None:
    webhooks = sender(world, receiver, "4.10")
    world.add_message(1, "Hello")
    await webhooks.settle()

    assert receiver.requests
    assert not any("chatwoot" in name for r in receiver.requests for name in r.headers)


async def test_a_failed_delivery_is_not_repeated(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    receiver.status = 500
    world.update_contact(1, name="Helen Marsh")
    await webhooks.settle()

    assert [body["event"] for body in receiver.bodies] == ["contact_updated"]
    assert [call.status for call in world.journal.calls("webhook")] == [500]


async def test_only_subscribed_events_are_sent(
    world: World, hook: Webhook, receiver: Receiver
) -> None:
    del world.webhooks[hook.id]
    world.add_webhook(url="http://product.test/hook", subscriptions=("message_updated",))
    webhooks = sender(world, receiver)
    message = world.add_message(1, "Hello")
    world.edit_message(message.id, "Hello!")
    await webhooks.settle()

    assert [body["event"] for body in receiver.bodies] == ["message_updated"]


async def test_a_deleted_message_arrives_as_an_update(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.delete_message(world.add_message(1, "Oops").id)
    await webhooks.settle()

    (body,) = receiver.of("message_updated")
    assert body["content_attributes"] == {"deleted": True}


async def test_what_changed_is_told_with_both_values(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.set_status(1, "resolved")
    await webhooks.settle()

    (body,) = receiver.of("conversation_status_changed")
    assert {"status": {"previous_value": "open", "current_value": "resolved"}} in body[
        "changed_attributes"
    ]


async def test_activity_and_hard_deletions_are_told_to_nobody(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.add_message(1, "Conversation was opened", message_type="activity")
    world.delete_conversation(1)
    world.delete_contact(1)
    await webhooks.settle()

    assert receiver.bodies == []


async def test_what_happens_while_nothing_runs_is_sent_later(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    await anyio.to_thread.run_sync(lambda: world.update_contact(1, name="H."))
    assert receiver.bodies == []
    await webhooks.settle()

    assert [body["name"] for body in receiver.bodies] == ["H."]


async def test_a_dropped_webhook_never_arrives(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.faults.add("webhook_drop", op="message_created")
    world.add_message(1, "lost")
    world.add_message(1, "found")
    await webhooks.settle()

    assert [body["content"] for body in receiver.of("message_created")] == ["found"]


async def test_a_duplicated_webhook_arrives_twice_with_one_id(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.faults.add("webhook_duplicate", op="contact_updated")
    world.update_contact(1, name="H.")
    await webhooks.settle()

    assert len(receiver.requests) == 2
    assert len({request.headers["X-Chatwoot-Delivery"] for request in receiver.requests}) == 1


async def test_reordered_webhooks_change_places(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.faults.add("webhook_reorder", op="contact_updated")
    world.update_contact(1, name="first")
    world.update_contact(1, name="second")
    await webhooks.settle()

    assert [body["name"] for body in receiver.bodies] == ["second", "first"]


async def test_a_delayed_webhook_waits_for_the_clock(
    world: World, webhooks: WebhookSender, receiver: Receiver
) -> None:
    world.faults.add("webhook_delay", op="contact_updated", seconds=120)
    world.update_contact(1, name="late")
    world.update_contact(1, name="prompt")
    await ticks()
    arrived = [body["name"] for body in receiver.bodies]
    world.clock.advance(120)
    await webhooks.settle()

    assert arrived == ["prompt"]
    assert [body["name"] for body in receiver.bodies] == ["prompt", "late"]


async def ticks() -> None:
    """Let background tasks run as far as they get without time passing."""
    for _ in range(50):
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("kind", ["webhook_bad_signature", "webhook_old_timestamp"])
async def test_a_forged_or_stale_delivery_can_be_sent(
    world: World, hook: Webhook, webhooks: WebhookSender, receiver: Receiver, kind: str
) -> None:
    world.faults.add(kind)
    world.update_contact(1, name="H.")
    await webhooks.settle()

    (request,) = receiver.requests
    timestamp = request.headers["X-Chatwoot-Timestamp"]
    signed = timestamp.encode() + b"." + request.content
    good = hmac.new(hook.secret.encode(), signed, hashlib.sha256).hexdigest()
    old = int(timestamp) < world.clock.timestamp() - 300
    assert (request.headers["X-Chatwoot-Signature"] == f"sha256={good}", old) == (
        (False, False) if kind == "webhook_bad_signature" else (True, True)
    )


async def test_webhooks_are_managed_over_the_api_and_show_their_secret(
    chatwoot: httpx.AsyncClient,
) -> None:
    body = {"url": "https://product.test/in", "subscriptions": ["message_created"]}
    created = (await chatwoot.post("/webhooks", json=body)).json()["payload"]["webhook"]
    again = await chatwoot.post("/webhooks", json=body)
    changed = await chatwoot.patch(f"/webhooks/{created['id']}", json={"name": "Product"})
    listed = (await chatwoot.get("/webhooks")).json()["payload"]["webhooks"]

    assert created["secret"]
    assert (again.status_code, again.json()["attributes"]) == (422, ["url"])
    assert changed.json()["payload"]["webhook"]["name"] == "Product"
    assert [hook["secret"] for hook in listed] == [created["secret"]]
    assert (await chatwoot.delete(f"/webhooks/{created['id']}")).status_code == 200
    assert (await chatwoot.get("/webhooks")).json()["payload"]["webhooks"] == []


async def test_an_event_that_does_not_exist_cannot_be_subscribed(
    chatwoot: httpx.AsyncClient,
) -> None:
    body = {"url": "https://product.test/in", "subscriptions": ["contact_deleted"]}

    assert (await chatwoot.post("/webhooks", json=body)).status_code == 422
