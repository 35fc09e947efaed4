"""The published contract of Chatwoot as a referee over what the sandbox answers.

The contract itself rejects real answers; `chatwoot.overlay.json` corrects it, one entry per
disagreement, each with its reason and source. An entry that is no longer needed fails here.
"""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError

from mayak.connectors.chatwoot import Chatwoot
from mayak.sandbox.app import create_app
from mayak.sandbox.rows import CustomAttribute, Team
from mayak.sandbox.stories import ADMIN_TOKEN, build_world
from mayak.sandbox.world import World
from tests.contracts.refereeing import Answered, Asked, explained, patched

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
CONTRACT = HERE.parents[2] / "shared" / "contracts" / "chatwoot.subset.json"
OVERLAY = json.loads((HERE / "chatwoot.overlay.json").read_text("utf-8"))
ACCOUNT = "/api/v1/accounts/1"

needs_contract = pytest.mark.skipif(
    not CONTRACT.is_file(), reason=f"the published contract is not at {CONTRACT}"
)


def contract(entries: list[Mapping[str, Any]]) -> OpenAPI:
    return OpenAPI.from_dict(patched(json.loads(CONTRACT.read_text("utf-8")), entries))


@pytest.fixture(scope="module")
def referee() -> OpenAPI:
    return contract(OVERLAY)


@pytest.fixture
def world() -> World:
    world = build_world(datetime(2026, 3, 1, 12, tzinfo=UTC), frozen=True)
    visitor = world.add_contact(name="misty-river")
    row = world.add_conversation(inbox_id=1, contact_id=visitor.id)
    world.add_message(row.display_id, None, content_type="input_csat", message_type="template")
    world.set_status(row.display_id, "snoozed", snoozed_until=1_900_000_000)
    world.add_webhook(url="https://y.test", subscriptions=("inbox_created",))
    world.teams[1] = Team(id=1, account_id=1, name="Design")
    world.custom_attributes[1] = CustomAttribute(
        id=1, account_id=1, key="plan", name="Plan", model="contact_attribute", created_at=1.0
    )
    return world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(world)),
        base_url="https://app.chatwoot.com",
        headers={"api_access_token": ADMIN_TOKEN},
    ) as client:
        yield client


def body(**fields: Any) -> dict[str, Any]:
    return {"json": fields}


OPEN = {"attribute_key": "status", "filter_operator": "equal_to", "values": ["open"]}
NAMED = {"attribute_key": "name", "filter_operator": "contains", "values": ["a"]}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/api/v1/profile", {}),
    ("GET", f"{ACCOUNT}/conversations?status=all&assignee_type=all", {}),
    ("GET", f"{ACCOUNT}/conversations?status=snoozed", {}),
    ("GET", f"{ACCOUNT}/conversations/meta?status=all", {}),
    ("GET", f"{ACCOUNT}/conversations/1", {}),
    ("GET", f"{ACCOUNT}/conversations/1/messages", {}),
    ("GET", f"{ACCOUNT}/conversations/77/messages", {}),
    ("GET", f"{ACCOUNT}/conversations/1/labels", {}),
    ("POST", f"{ACCOUNT}/conversations/1/labels", body(labels=["billing"])),
    ("POST", f"{ACCOUNT}/conversations/1/messages", body(content="Hello")),
    ("POST", f"{ACCOUNT}/conversations", body(source_id="x", inbox_id=1, contact_id=1)),
    ("POST", f"{ACCOUNT}/conversations/filter", body(payload=[OPEN])),
    ("GET", f"{ACCOUNT}/contacts?page=1&sort=name", {}),
    ("POST", f"{ACCOUNT}/contacts", body(inbox_id=1, name="New", email="new@client.example")),
    ("GET", f"{ACCOUNT}/contacts?sort=created_at", {}),
    ("GET", f"{ACCOUNT}/contacts/1", {}),
    ("GET", f"{ACCOUNT}/contacts/1/conversations", {}),
    ("GET", f"{ACCOUNT}/contacts/search?q=misty", {}),
    ("POST", f"{ACCOUNT}/contacts/filter", body(payload=[NAMED])),
    ("GET", f"{ACCOUNT}/inboxes", {}),
    ("GET", f"{ACCOUNT}/agents", {}),
    ("GET", f"{ACCOUNT}/teams", {}),
    ("GET", f"{ACCOUNT}/custom_attribute_definitions?attribute_model=1", {}),
    ("GET", f"{ACCOUNT}/reporting_events", {}),
    ("GET", f"{ACCOUNT}/webhooks", {}),
    ("POST", f"{ACCOUNT}/webhooks", body(url="https://x.test", subscriptions=["message_created"])),
]


def named(call: tuple[str, str, Any]) -> str:
    return f"{call[0]} {call[1].removeprefix(ACCOUNT)}"


async def answered(
    client: httpx.AsyncClient, call: tuple[str, str, dict[str, Any]]
) -> httpx.Response:
    method, path, arguments = call
    response = await client.request(method, path, **arguments)
    assert response.status_code == 200, response.text
    return response


def complaint(referee: OpenAPI, response: httpx.Response) -> str:
    """What the referee says of a call and its answer; empty when it is content."""
    try:
        referee.validate_request(Asked(response.request))
        referee.validate_response(Asked(response.request), Answered(response))
    except OpenAPIError as error:
        return explained(error)
    return ""


@needs_contract
@pytest.mark.parametrize("call", CALLS, ids=named)
async def test_the_sandbox_answers_as_the_contract_says(
    referee: OpenAPI, client: httpx.AsyncClient, call: tuple[str, str, dict[str, Any]]
) -> None:
    assert complaint(referee, await answered(client, call)) == ""


@needs_contract
@pytest.mark.parametrize("entry", OVERLAY, ids=[entry["name"] for entry in OVERLAY])
async def test_a_correction_of_the_contract_is_still_needed(
    client: httpx.AsyncClient, entry: Mapping[str, Any]
) -> None:
    without = contract([other for other in OVERLAY if other is not entry])

    assert any([complaint(without, await answered(client, call)) for call in CALLS])


def test_every_correction_says_why_and_where_that_is_written() -> None:
    assert all(entry["reason"] and entry["source"] for entry in OVERLAY)


@needs_contract
async def test_the_referee_is_awake_for_requests(
    referee: OpenAPI, client: httpx.AsyncClient
) -> None:
    nameless_inbox = ("POST", f"{ACCOUNT}/contacts", body(name="Somebody"))

    assert "inbox_id" in complaint(referee, await answered(client, nameless_inbox))


@needs_contract
async def test_the_referee_is_awake_for_answers(
    referee: OpenAPI, client: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("schema_drift", set={"created_at": "yesterday"})
    response = await answered(client, ("GET", f"{ACCOUNT}/conversations", {}))

    assert "created_at" in complaint(referee, response)


class Recorder(httpx.AsyncBaseTransport):
    """The way to the sandbox; remembers everything that was said on it."""

    def __init__(self, world: World) -> None:
        self._inner = httpx.ASGITransport(app=create_app(world))
        self.heard: list[httpx.Response] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        response.request = request
        await response.aread()
        self.heard.append(response)
        return response


@needs_contract
async def test_what_the_connector_asks_and_is_told_is_in_the_contract(
    referee: OpenAPI, world: World
) -> None:
    recorder = Recorder(world)
    http = httpx.AsyncClient(transport=recorder)
    source = Chatwoot(
        http, base_url="https://app.chatwoot.com", token=ADMIN_TOKEN, account_id=world.account_id
    )
    await source.who_am_i()
    await source.parts()
    await source.install_webhook("https://mayak.test/webhooks/chatwoot")
    await source.webhooks()
    await source.pull("conversations", {"updated_within": 600})
    for stream in ("contacts", "conversations", "messages"):
        checkpoint = {"conversation_id": "1"} if stream == "messages" else {}
        first = next(iter((await source.ids(stream, checkpoint)).versions))
        await source.fetch(stream, [f"1/{first}" if stream == "messages" else first])

    assert len(recorder.heard) == 11
    assert [words for heard in recorder.heard if (words := complaint(referee, heard))] == []
