"""The published contract of Attio as a referee over what our connector asks.

The contract is a year older than the service; what it does not know yet is in `CORRECTIONS`,
each with its reason, and one that is no longer needed fails here.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError

from mayak.connectors.attio import Attio
from tests.connectors.attio_workspace import Json, Workspace, company, uid
from tests.contracts.refereeing import Asked, explained

pytestmark = pytest.mark.anyio

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "attio.subset.json"
CORRECTIONS = {
    "note-content.updated": "Newer than the document: the reference of webhooks has it, and"
    " without it the body of a note changes in silence.",
}
"""Events that a webhook may subscribe to although the document does not list them."""

needs_contract = pytest.mark.skipif(
    not CONTRACT.is_file(), reason=f"the published contract is not at {CONTRACT}"
)
Call = Callable[[Attio], Awaitable[Any]]


def contract(*, corrected: bool) -> OpenAPI:
    document = json.loads(CONTRACT.read_text("utf-8"))
    tasks = document["paths"]["/v2/tasks"]["get"]
    # The referee cannot read a parameter of two types. We never send it.
    tasks["parameters"] = [one for one in tasks["parameters"] if one["name"] != "assignee"]
    if corrected:
        _event_types(document).extend(CORRECTIONS)
    return OpenAPI.from_dict(document)


def _event_types(document: Json) -> list[str]:
    """Of the request that makes a webhook."""
    body = document["paths"]["/v2/webhooks"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]["properties"]["data"]
    subscription = schema["properties"]["subscriptions"]["items"]["properties"]
    listed: list[str] = subscription["event_type"]["enum"]
    return listed


@pytest.fixture(scope="module")
def referee() -> OpenAPI:
    return contract(corrected=True)


def workspace() -> Workspace:
    empty: Json = {"data": []}
    made = {"data": {"id": {"webhook_id": uid("hook")}, "secret": "hush"}}
    records = {
        f"POST /v2/objects/{name}/records/query": empty for name in ("companies", "deals", "people")
    }
    listings = {f"GET /v2/{name}": empty for name in ("notes", "tasks", "lists", "objects",
                                                      "webhooks", "workspace_members")}  # fmt: skip
    return Workspace({
        **records, **listings,
        "POST /v2/webhooks": made,
        f"POST /v2/lists/{uid('list')}/entries/query": empty,
        f"GET /v2/objects/companies/records/{uid('Acme')}": {"data": company("Acme")},
        "GET /v2/self": {"active": True, "scope": "", "workspace_id": uid("w")},
    })  # fmt: skip


async def drained(pages: AsyncIterator[Any]) -> list[Any]:
    return [page async for page in pages]


TIME = "2024-01-01T10:00:00.000000001Z"
CALLS: dict[str, Call] = {
    "who am I": lambda attio: attio.who_am_i(),
    "objects": lambda attio: attio.objects(),
    "parts": lambda attio: attio.parts(),
    "search": lambda attio: attio.search_companies("acme"),
    "companies": lambda attio: attio.pull("companies", {}),
    "later companies": lambda attio: attio.pull("companies", {"since": TIME, "offset": 490}),
    "new deals": lambda attio: attio.pull("deals", {"created_after": TIME}),
    "people": lambda attio: attio.ids("people", {}),
    "notes": lambda attio: attio.pull("notes", {"offset": 40}),
    "tasks": lambda attio: attio.pull("tasks", {"offset": 490}),
    "members": lambda attio: attio.pull("members", {}),
    "attributes": lambda attio: attio.pull("attributes", {}),
    "some companies": lambda attio: attio.fetch("companies", [uid("Acme"), uid("gone")]),
    "some notes": lambda attio: attio.fetch("notes", [uid("note")]),
    "some tasks": lambda attio: attio.fetch("tasks", [uid("task")]),
    "members of a list": lambda attio: drained(attio.list_members(uid("list"))),
    "a filter": lambda attio: drained(attio.company_ids_of_filter({"name": "Acme"})),
    "webhooks": lambda attio: attio.webhooks(),
    "a webhook": lambda attio: attio.install_webhook("https://mayak.example/hooks/attio"),
}


async def requests(call: Call) -> list[httpx.Request]:
    source = workspace()
    await call(source.attio)
    return source.requests


def complaint(referee: OpenAPI, request: httpx.Request) -> str:
    """What the referee says of a request; empty when it is content."""
    try:
        referee.validate_request(Asked(request))
    except OpenAPIError as error:
        return explained(error)
    return ""


@needs_contract
@pytest.mark.parametrize("name", CALLS)
async def test_the_connector_asks_as_the_contract_says(referee: OpenAPI, name: str) -> None:
    asked = await requests(CALLS[name])

    assert asked
    assert [complaint(referee, one) for one in asked] == [""] * len(asked)


@needs_contract
@pytest.mark.parametrize("name", CALLS)
async def test_only_declared_parameters_are_sent(name: str) -> None:
    """The referee itself lets any others pass."""
    paths = json.loads(CONTRACT.read_text("utf-8"))["paths"]
    declared = {
        parameter["name"]
        for path in paths.values()
        for parameter in path.get("get", {}).get("parameters", [])
        if parameter["in"] == "query"
    }

    for one in await requests(CALLS[name]):
        assert set(one.url.params) <= declared


@needs_contract
@pytest.mark.parametrize("event", CORRECTIONS)
async def test_a_correction_of_the_contract_is_still_needed(event: str) -> None:
    (asked,) = await requests(CALLS["a webhook"])

    assert event in asked.content.decode()
    assert complaint(contract(corrected=False), asked)


@needs_contract
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", "/v2/objects/companies/records", None, id="the listing that is none"),
        pytest.param(
            "POST", "/v2/objects/companies/records/query",
            {"sorts": [{"attribute": "created_at", "direction": "oldest"}]}, id="a wrong order",
        ),
        pytest.param("GET", "/v2/tasks?limit=many", None, id="a limit that is no number"),
        pytest.param(
            "POST", "/v2/webhooks", {"data": {"target_url": "https://x", "subscriptions": [
                {"event_type": "record.vanished", "filter": None}]}}, id="an unknown event",
        ),
    ],
)  # fmt: skip
def test_the_referee_is_awake(referee: OpenAPI, method: str, path: str, body: Json | None) -> None:
    headers = {"authorization": "Bearer x"}
    asked = httpx.Request(method, f"https://api.attio.com{path}", json=body, headers=headers)

    assert complaint(referee, asked)
