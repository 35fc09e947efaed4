"""What webhooks are told, how they are signed, and how often it is tried."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest

from mayak.sandbox.app import create_app
from mayak.sandbox.attio.announcing import EVENT_TYPES
from mayak.sandbox.attio.telling import ATTIO_KEY
from mayak.sandbox.attio.webhooks import RETRIES, AttioSender
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World

pytestmark = pytest.mark.anyio

Edit = Callable[..., dict[str, Any]]
URL = "https://product.test/hook"


class Receiver:
    """Takes webhooks in, answering with `status`."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for one in self.requests for event in json.loads(one.content)["events"]]

    def of(self, event_type: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event_type"] == event_type]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def api(world: World, receiver: Receiver) -> httpx.AsyncClient:
    """A client of an app whose webhooks go to the receiver."""
    sends = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    return httpx.AsyncClient(
        transport=SandboxTransport(create_app(world, webhook_client=sends)),
        base_url="http://sandbox/attio/v2",
        headers={"authorization": f"Bearer {ATTIO_KEY}"},
    )


@pytest.fixture
def webhooks(api: httpx.AsyncClient) -> AttioSender:
    transport = api._transport  # noqa: SLF001 - the app behind the client
    assert isinstance(transport, SandboxTransport)
    sender: AttioSender = transport.app.state.attio_webhooks  # type: ignore[attr-defined]
    return sender


def wanting(*event_types: str, filter: object = None, url: str = URL) -> dict[str, Any]:  # noqa: A002
    subscriptions = [{"event_type": one, "filter": filter} for one in event_types]
    return {"data": {"target_url": url, "subscriptions": subscriptions}}


@pytest.fixture
async def hook(api: httpx.AsyncClient) -> dict[str, Any]:
    """A webhook that wants everything."""
    made = await api.post("/webhooks", json=wanting(*EVENT_TYPES))
    assert made.status_code == 200, made.text
    row: dict[str, Any] = made.json()["data"]
    return row


async def test_the_secret_is_shown_once(api: httpx.AsyncClient, hook: dict[str, Any]) -> None:
    (listed,) = (await api.get("/webhooks")).json()["data"]

    assert hook["secret"]
    assert "secret" not in listed
    assert (listed["status"], listed["id"]) == ("active", hook["id"])


async def test_the_same_subscription_twice_is_a_conflict(
    api: httpx.AsyncClient, hook: dict[str, Any]
) -> None:
    again = await api.post("/webhooks", json=wanting("task.created"))
    elsewhere = await api.post("/webhooks", json=wanting("task.created", url=URL + "2"))

    assert (again.status_code, again.json()["code"]) == (409, "uniqueness_conflict")
    assert elsewhere.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        wanting("task.created", url="http://product.test/hook"),
        wanting("record.renamed"),
        wanting("task.created", filter={"$and": [{"field": "x"}]}),
        {"data": {"target_url": URL}},
    ],
    ids=["not https", "no such event", "no filter", "no subscriptions"],
)
async def test_a_webhook_that_cannot_work_is_refused(
    api: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await api.post("/webhooks", json=body)).status_code == 400


async def test_the_machine_itself_needs_no_https(api: httpx.AsyncClient) -> None:
    body = wanting("task.created", url="http://127.0.0.1:8000/webhooks")

    assert (await api.post("/webhooks", json=body)).status_code == 200


async def test_a_delivery_names_ids_and_is_signed_twice_over_its_bytes(
    webhooks: AttioSender, hook: dict[str, Any], receiver: Receiver, company: Callable[..., str]
) -> None:
    id_ = company("Secret name")
    await webhooks.settle()
    (request,) = receiver.requests
    signed = hmac.new(hook["secret"].encode(), request.content, hashlib.sha256).hexdigest()
    (event,) = receiver.events

    assert request.headers["Attio-Signature"] == request.headers["X-Attio-Signature"] == signed
    assert request.headers["Idempotency-Key"]
    assert json.loads(request.content)["webhook_id"] == hook["id"]["webhook_id"]
    assert event["event_type"] == "record.created"
    assert event["id"].keys() == {"workspace_id", "object_id", "record_id"}
    assert (event["id"]["record_id"], event["actor"]["type"]) == (id_, "system")
    assert b"Secret name" not in request.content


async def test_an_update_is_told_once_per_attribute_that_really_changed(
    webhooks: AttioSender,
    hook: dict[str, Any],
    receiver: Receiver,
    company: Callable[..., str],
    edit: Edit,
) -> None:
    id_ = company("Acme", description="Anvils")
    values = {"name": "ACME", "description": "Anvils", "domains": ["acme.example"]}
    edit("update_record", record_id=id_, values=values)
    await webhooks.settle()
    told = receiver.of("record.updated")

    assert {event["id"]["record_id"] for event in told} == {id_}
    assert len({event["id"]["attribute_id"] for event in told}) == len(told) == 2


async def test_a_quiet_update_is_told_to_nobody(
    webhooks: AttioSender, hook: object, receiver: Receiver, company: Callable[..., str], edit: Edit
) -> None:
    edit("update_record", record_id=company("Acme"), values={"name": "ACME"}, quiet=True)
    await webhooks.settle()

    assert receiver.of("record.updated") == []


async def test_both_ends_of_a_relationship_are_told(
    webhooks: AttioSender, hook: object, receiver: Receiver, company: Callable[..., str], edit: Edit
) -> None:
    firm = company("Acme")
    edit("create_record", object="people", values={"name": "Ada L", "company": firm})
    await webhooks.settle()

    assert [event["id"]["record_id"] for event in receiver.of("record.updated")] == [firm]


async def test_a_merge_is_told_twice_with_the_new_id_and_one_of_the_old(
    webhooks: AttioSender, hook: object, receiver: Receiver, company: Callable[..., str], edit: Edit
) -> None:
    old = [company(name) for name in "ab"]
    merged = edit("merge_records", primary_record_id=old[0], secondary_record_id=old[1])
    await webhooks.settle()
    told = receiver.of("record.merged")

    assert [event["id"]["record_id"] for event in told] == [merged["id"]["record_id"]] * 2
    assert [event["duplicate_record_id"] for event in told] == old
    assert receiver.of("record.deleted") == []


async def test_notes_tasks_and_entries_are_told(
    webhooks: AttioSender, hook: object, receiver: Receiver, company: Callable[..., str], edit: Edit
) -> None:
    firm = company("Acme")
    note = edit("add_note", record_id=firm, title="a", content="x")["id"]["note_id"]
    edit("update_note", note_id=note, title="b", content="y")
    edit("delete_note", note_id=note)
    task = edit("add_task", content="x")["id"]["task_id"]
    edit("complete_task", task_id=task)
    edit("delete_task", task_id=task)
    edit("add_list", name="Key", slug="key")
    edit("add_list_entry", list="key", record_id=firm)
    edit("delete_list_entry", list="key", record_id=firm)
    await webhooks.settle()

    assert Counter(event["event_type"] for event in receiver.events) == Counter(
        ["record.created", "note.created", "note.updated", "note-content.updated", "note.deleted",
         "task.created", "task.updated", "task.deleted", "list.created", "list-entry.created",
         "list-entry.deleted"]
    )  # fmt: skip
    assert receiver.of("note.deleted")[0]["id"]["note_id"] == note
    assert receiver.of("note.deleted")[0]["parent_record_id"] == firm
    assert receiver.of("task.updated")[0]["id"]["task_id"] == task


async def test_our_own_writes_can_be_told_apart(
    api: httpx.AsyncClient, webhooks: AttioSender, hook: object, receiver: Receiver
) -> None:
    own = (await api.get("/self")).json()["client_id"]
    await api.post("/objects/companies/records", json={"data": {"values": {"name": "Acme"}}})
    await webhooks.settle()

    assert receiver.events[0]["actor"] == {"type": "api-token", "id": own}


async def test_a_filter_lets_only_its_object_through(
    api: httpx.AsyncClient,
    webhooks: AttioSender,
    receiver: Receiver,
    company: Callable[..., str],
    edit: Edit,
) -> None:
    people = (await api.get("/objects/people")).json()["data"]["id"]["object_id"]
    only = {"$and": [{"field": "id.object_id", "operator": "equals", "value": people}]}
    await api.post("/webhooks", json=wanting("record.created", filter=only))
    company("Acme")
    edit("create_record", object="people", values={"name": "Ada L"})
    await webhooks.settle()

    assert [event["id"]["object_id"] for event in receiver.events] == [people]


async def test_what_nobody_took_is_sent_again_with_the_same_key(
    webhooks: AttioSender,
    hook: object,
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
) -> None:
    receiver.status = 500
    company("Acme")
    await webhooks.settle()
    await webhooks.settle()
    before = len(receiver.requests)
    receiver.status = 200
    world.clock.advance(60)
    await webhooks.settle()
    world.clock.advance(400_000)
    await webhooks.settle()

    assert (before, len(receiver.requests)) == (1, 2)
    assert len({request.headers["Idempotency-Key"] for request in receiver.requests}) == 1


async def test_after_ten_more_attempts_a_webhook_is_degraded_and_after_a_week_inactive(
    api: httpx.AsyncClient,
    webhooks: AttioSender,
    hook: dict[str, Any],
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
) -> None:
    async def status() -> str:
        return str((await api.get("/webhooks")).json()["data"][0]["status"])

    receiver.status = 500
    company("Acme")
    await webhooks.settle()
    for seconds in RETRIES:
        assert await status() == "active"
        world.clock.advance(seconds)
        await webhooks.settle()
    degraded = await status()
    world.clock.advance(7 * 86_400)
    company("New")
    await webhooks.settle()

    assert (len(receiver.requests), sum(RETRIES) < 3.2 * 86_400) == (11, True)
    assert (degraded, await status()) == ("degraded", "inactive")


async def test_a_delivery_that_arrives_makes_a_webhook_active_again(
    api: httpx.AsyncClient,
    webhooks: AttioSender,
    hook: dict[str, Any],
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
) -> None:
    receiver.status = 500
    company("Acme")
    for seconds in (0, *RETRIES):
        world.clock.advance(seconds)
        await webhooks.settle()
    receiver.status = 204
    company("New")
    await webhooks.settle()

    assert (await api.get("/webhooks")).json()["data"][0]["status"] == "active"


async def test_in_a_flowing_world_retries_come_by_themselves(
    webhooks: AttioSender,
    hook: object,
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
) -> None:
    receiver.status = 500
    company("Acme")
    await webhooks.settle()
    receiver.status = 200
    world.clock.advance(60)
    for _ in range(200):
        await anyio.lowlevel.checkpoint()

    assert len(receiver.requests) == 2
    await webhooks.aclose()


async def test_what_happens_while_nothing_runs_is_sent_later(
    webhooks: AttioSender, hook: object, receiver: Receiver, company: Callable[..., str]
) -> None:
    await anyio.to_thread.run_sync(lambda: company("Acme"))
    assert receiver.requests == []
    await webhooks.settle()

    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("kind", "arrived"),
    [
        ("webhook_drop", ["b"]),
        ("webhook_duplicate", ["a", "a", "b"]),
        ("webhook_reorder", ["b", "a"]),
        ("webhook_delay", ["b", "a"]),
    ],
)
async def test_deliveries_go_wrong_on_purpose(
    webhooks: AttioSender,
    hook: object,
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
    kind: str,
    arrived: list[str],
) -> None:
    world.faults.add(kind, service="attio", op="record.created")
    names = {company(name): name for name in "ab"}
    await webhooks.settle()
    world.clock.advance(30)
    await webhooks.settle()

    assert [names[event["id"]["record_id"]] for event in receiver.events] == arrived


async def test_a_forged_delivery_can_be_sent(
    webhooks: AttioSender,
    hook: dict[str, Any],
    receiver: Receiver,
    world: World,
    company: Callable[..., str],
) -> None:
    world.faults.add("webhook_bad_signature", service="attio")
    company("Acme")
    await webhooks.settle()
    (request,) = receiver.requests
    good = hmac.new(hook["secret"].encode(), request.content, hashlib.sha256).hexdigest()

    assert request.headers["Attio-Signature"] != good


async def test_a_deleted_webhook_is_told_nothing_more(
    api: httpx.AsyncClient,
    webhooks: AttioSender,
    hook: dict[str, Any],
    receiver: Receiver,
    company: Callable[..., str],
) -> None:
    url = f"/webhooks/{hook['id']['webhook_id']}"
    changed = await api.patch(url, json={"data": {"target_url": URL + "/new"}})
    gone = await api.delete(url)
    company("Acme")
    await webhooks.settle()

    assert (changed.json()["data"]["target_url"], gone.status_code) == (URL + "/new", 200)
    assert (await api.get(url)).status_code == 404
    assert receiver.requests == []
