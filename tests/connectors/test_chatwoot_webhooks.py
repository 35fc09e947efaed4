"""Deliveries as Chatwoot really posts them, and the webhooks that make it do so."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mayak.connectors.chatwoot import Chatwoot, read, verify
from mayak.connectors.webhooks import BadSignature, Change, Delivery
from mayak.errors import InvalidInput, UpstreamRejected
from mayak.sandbox.app import create_app
from mayak.sandbox.chatwoot.webhooks import Version
from mayak.sandbox.clock import Clock
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS = "https://mayak.test/webhooks/chatwoot"


class Post:
    """A Chatwoot that posts to us, and what arrived."""

    def __init__(self, *, version: Version = "4.13") -> None:
        self.world = World(Clock(NOON, frozen=True))
        self.world.add_inbox(name="Mail", channel_type="Channel::Email", email="a@studio.example")
        self.world.add_agent(name="Ada", email="ada@x.example", token="admin", role="administrator")
        self.world.add_contact(name="Helen", email="helen@client.example")
        self.world.add_conversation(inbox_id=1, contact_id=1)
        self.arrived: list[httpx.Request] = []
        way = httpx.AsyncClient(transport=httpx.MockTransport(self._arrive))
        self._app = create_app(self.world, version=version, webhook_client=way)
        http = httpx.AsyncClient(transport=SandboxTransport(self._app))
        self.source = Chatwoot(
            http, base_url="http://sandbox/chatwoot", token="admin", account_id=1
        )
        self.secret = ""

    def _arrive(self, request: httpx.Request) -> httpx.Response:
        self.arrived.append(request)
        return httpx.Response(200)

    async def subscribed(self) -> "Post":
        _, secret = await self.source.install_webhook(OURS)
        self.secret = secret or ""
        return self

    async def told(self, happen: Callable[[World], object]) -> list[httpx.Request]:
        """What is posted when this happens."""
        happen(self.world)
        await self._app.state.webhooks.settle()
        return self.arrived

    def verified(self, request: httpx.Request, *, after: timedelta = timedelta(0)) -> Delivery:
        now = self.world.clock.now() + after
        return verify(self.secret, request.content, request.headers, now=now)


@pytest.fixture
async def post() -> Post:
    return await Post().subscribed()


@pytest.fixture
async def request_of_message(post: Post) -> httpx.Request:
    return (await post.told(lambda world: world.add_message(1, "Hello")))[0]


CONVERSATION = {Change(stream="conversations", external_id="1")}
CONTACT = {Change(stream="contacts", external_id="1")}


@pytest.mark.parametrize(
    ("happen", "changes"),
    [
        pytest.param(lambda world: world.add_message(1, "Hi"), CONVERSATION, id="a message"),
        pytest.param(lambda world: world.set_status(1, "resolved"), CONVERSATION, id="a status"),
        pytest.param(lambda world: world.update_contact(1, name="H."), CONTACT, id="a contact"),
        pytest.param(
            lambda world: world.add_conversation(inbox_id=1, contact_id=1),
            {Change(stream="conversations", external_id="2")},
            id="a conversation",
        ),
    ],
)
async def test_what_happens_is_what_is_read_again(
    post: Post, happen: Callable[[World], object], changes: set[Change]
) -> None:
    arrived = await post.told(happen)

    assert {change for one in arrived for change in post.verified(one).changes} == changes


async def test_edits_and_deletions_of_messages_touch_their_conversation(post: Post) -> None:
    message = post.world.add_message(1, "Oops")
    await post.told(lambda world: world.delete_message(message.id))

    assert json.loads(post.arrived[-1].content)["event"] == "message_updated"
    assert set(post.verified(post.arrived[-1]).changes) == CONVERSATION


async def test_a_delivery_is_known_by_its_id(post: Post, request_of_message: httpx.Request) -> None:
    delivery = post.verified(request_of_message)

    assert delivery.id == request_of_message.headers["x-chatwoot-delivery"]
    assert not delivery.stale


async def test_a_delivery_that_comes_twice_is_one(post: Post) -> None:
    post.world.faults.add("webhook_duplicate", op="contact_updated")

    first, second = await post.told(lambda world: world.update_contact(1, name="H."))

    assert post.verified(first) == post.verified(second)


@pytest.mark.parametrize("fault", ["webhook_bad_signature", "webhook_old_timestamp"])
async def test_forged_and_replayed_deliveries_are_refused(post: Post, fault: str) -> None:
    post.world.faults.add(fault)

    (request,) = await post.told(lambda world: world.update_contact(1, name="H."))

    with pytest.raises(BadSignature):
        post.verified(request)


@pytest.mark.parametrize(
    ("seconds", "good"), [(300, True), (301, False), (-300, True), (-301, False)]
)
async def test_a_signature_is_good_for_five_minutes_either_way(
    post: Post,
    request_of_message: httpx.Request,
    seconds: int,
    good: bool,  # noqa: FBT001
) -> None:
    after = timedelta(seconds=seconds)

    if good:
        assert post.verified(request_of_message, after=after).changes
    else:
        with pytest.raises(BadSignature):
            post.verified(request_of_message, after=after)


def signed(secret: str, timestamp: str, body: bytes) -> str:
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


AT = str(int(NOON.timestamp()))
BODY = b'{"event": "contact_updated", "id": 5}'
GOOD = {"X-Chatwoot-Timestamp": AT, "X-Chatwoot-Signature": signed("s", AT, BODY)}


async def test_the_case_of_header_names_does_not_matter() -> None:
    spelled = {name.upper(): value for name, value in GOOD.items()}

    assert verify("s", BODY, GOOD, now=NOON) == verify("s", BODY, spelled, now=NOON)


@pytest.mark.parametrize(
    ("secret", "body", "headers"),
    [
        pytest.param("s", BODY + b" ", {}, id="another body"),
        pytest.param("x", BODY, {}, id="another secret"),
        pytest.param("s", BODY, {"X-Chatwoot-Timestamp": str(int(AT) + 1)}, id="another time"),
        pytest.param("s", BODY, {"X-Chatwoot-Timestamp": ""}, id="no time"),
        pytest.param("s", BODY, {"X-Chatwoot-Timestamp": "٣" * 10}, id="digits of another script"),
        pytest.param("s", BODY, {"X-Chatwoot-Timestamp": "9" * 5000}, id="no end of digits"),
        pytest.param("s", BODY, {"X-Chatwoot-Signature": ""}, id="no signature"),
        pytest.param("s", BODY, {"X-Chatwoot-Signature": "sha256=é\ud800"}, id="no ASCII"),
        pytest.param(
            "s",
            BODY,
            {"X-Chatwoot-Signature": "sha256=" + hmac.new(b"s", BODY, "sha256").hexdigest()},
            id="a signature of the body alone",
        ),
        pytest.param(
            "", BODY, {"X-Chatwoot-Signature": signed("", AT, BODY)}, id="a secret of nothing"
        ),
    ],
)
async def test_what_was_not_signed_with_our_secret_is_refused(
    secret: str, body: bytes, headers: dict[str, str]
) -> None:
    with pytest.raises(BadSignature):
        verify(secret, body, {**GOOD, **headers}, now=NOON)


async def test_older_servers_sign_nothing_and_are_read_all_the_same() -> None:
    post = await Post(version="4.10").subscribed()

    (request,) = await post.told(lambda world: world.update_contact(1, name="H."))
    delivery = read(request.content, request.headers)

    assert set(delivery.changes) == CONTACT
    assert delivery.id == hashlib.sha256(request.content).hexdigest()
    with pytest.raises(BadSignature):
        post.verified(request)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ({"event": "inbox_updated", "id": 3}, (Change(stream="inboxes", external_id="3"),)),
        ({"event": "inbox_created", "id": 3}, (Change(stream="inboxes", external_id="3"),)),
        (
            {"event": "contact_deleted", "id": 3},
            (Change(stream="contacts", external_id="3", deleted=True),),
        ),
        ({"event": "conversation_typing_on", "conversation": {"id": 3}}, ()),
        ({"event": "webwidget_triggered", "id": "x"}, ()),
        ({"event": "macro_run"}, ()),
        ({"event": ""}, ()),
    ],
    ids=lambda value: value["event"] if isinstance(value, dict) else "",
)
async def test_what_an_event_means(event: dict[str, Any], changes: tuple[Change, ...]) -> None:
    assert read(json.dumps(event).encode(), {}).changes == changes


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"\xff", b"[" * 5000, b"{}", b'{"event": 5}',
        b'{"event": "contact_updated"}', b'{"event": "contact_updated", "id": "../1"}',
        b'{"event": "contact_updated", "id": true}', b'{"event": "contact_updated", "id": -1}',
        b'{"event": "message_created", "id": 5}',
        b'{"event": "message_created", "id": 5, "conversation": [1]}',
    ],
)  # fmt: skip
async def test_a_body_that_is_no_event_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(body, {})


async def test_a_body_is_only_looked_at_when_it_was_signed() -> None:
    with pytest.raises(BadSignature):
        verify("s", b"{", GOOD, now=NOON)


@pytest.mark.parametrize("id_", ["", "x" * 201, "a\x00b", "a b"])
async def test_an_id_that_cannot_be_kept_is_made_of_the_body(id_: str) -> None:
    delivery = read(BODY, {"x-chatwoot-delivery": id_})

    assert delivery.id == hashlib.sha256(BODY).hexdigest()


async def test_a_webhook_is_installed_once_with_all_we_listen_to(post: Post) -> None:
    again = await post.source.install_webhook(OURS)

    (row,) = post.world.webhooks.values()
    assert again == (str(row.id), row.secret) == (str(row.id), post.secret)
    assert await post.source.webhooks() == [(str(row.id), OURS)]
    assert {"message_created", "conversation_updated", "inbox_updated"} <= set(row.subscriptions)
    assert "conversation_typing_on" not in row.subscriptions


async def test_a_webhook_that_tells_too_little_is_made_to_tell_more() -> None:
    post = Post()
    post.world.add_webhook(url=OURS, subscriptions=("webwidget_triggered",))

    await post.subscribed()

    (row,) = post.world.webhooks.values()
    assert {"webwidget_triggered", "message_created"} <= set(row.subscriptions)
    assert await post.told(lambda world: world.add_message(1, "Hello"))


async def test_a_webhook_of_somebody_else_is_left_alone(post: Post) -> None:
    other = post.world.add_webhook(url="https://y.test", subscriptions=("contact_created",))

    await post.source.remove_webhook((await post.source.install_webhook(OURS))[0])

    assert await post.source.webhooks() == [(str(other.id), "https://y.test")]
    assert other.subscriptions == ("contact_created",)


async def test_a_removed_webhook_tells_nothing_and_may_be_removed_again(post: Post) -> None:
    ((id_, _),) = await post.source.webhooks()

    await post.source.remove_webhook(id_)
    await post.source.remove_webhook(id_)

    assert await post.told(lambda world: world.add_message(1, "Hello")) == []


async def test_an_address_that_the_server_does_not_take_is_refused(post: Post) -> None:
    with pytest.raises(UpstreamRejected, match="Url is invalid"):
        await post.source.install_webhook("ftp://nowhere")


HOOK = {"id": 4, "url": OURS, "subscriptions": ["message_created"]}


def answering(body: Any) -> Chatwoot:
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    )
    return Chatwoot(http, base_url="https://chat.test", token="t", account_id=1)


@pytest.mark.parametrize(
    "body",
    [[HOOK], {"payload": [HOOK]}, {"payload": {"webhooks": [HOOK, {"id": 5}, None]}}],
    ids=["bare", "payload", "payload.webhooks"],
)
async def test_webhooks_are_listed_in_any_envelope(body: Any) -> None:
    assert await answering(body).webhooks() == [("4", OURS)]


@pytest.mark.parametrize("body", [{}, {"payload": {}}, "text", 5])
async def test_a_list_of_webhooks_that_is_none_is_no_empty_list(body: Any) -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await answering(body).webhooks()

    assert caught.value.kind == "schema"


@pytest.mark.parametrize(
    "body",
    [HOOK, {"webhook": HOOK}, {"payload": HOOK}, {"payload": {"webhook": HOOK}}],
    ids=["bare", "webhook", "payload", "payload.webhook"],
)
async def test_a_server_that_does_not_sign_shows_no_secret(body: Any) -> None:
    assert await answering(body).install_webhook(OURS) == ("4", None)


async def test_a_reply_about_no_webhook_installs_none() -> None:
    with pytest.raises(UpstreamRejected) as caught:
        await answering({"payload": {}}).install_webhook(OURS)

    assert caught.value.kind == "schema"
