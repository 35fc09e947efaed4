"""The published contract of Attio as a referee over what the sandbox answers.

The contract itself rejects real answers; `attio.overlay.json` corrects it, one entry per
disagreement, each with its reason and source. An entry that is no longer needed fails here.
"""

import copy
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from starlette.applications import Starlette
from starlette.routing import Mount

from mayak.sandbox.attio.routes import attio_routes
from mayak.sandbox.attio.telling import ATTIO_KEY, record_id
from mayak.sandbox.edits import apply_edit
from mayak.sandbox.stories import build_world
from mayak.sandbox.world import World
from tests.contracts.refereeing import Answered, Asked, explained, patched

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
CONTRACT = HERE.parents[2] / "shared" / "contracts" / "attio.subset.json"
OVERLAY = json.loads((HERE / "attio.overlay.json").read_text("utf-8"))

needs_contract = pytest.mark.skipif(
    not CONTRACT.is_file(), reason=f"the published contract is not at {CONTRACT}"
)


def contract(entries: list[Mapping[str, Any]]) -> OpenAPI:
    return OpenAPI.from_dict(strict(patched(json.loads(CONTRACT.read_text("utf-8")), entries)))


def strict(document: Any) -> Any:
    """The contract knows what a value looks like but lets records hold anything: not here."""
    kinds = copy.deepcopy(document["components"]["schemas"]["output-value"]["anyOf"])
    for kind in kinds:
        # What every element has beside its own members.
        kind.pop("additionalProperties", None)
        kind["required"] += ["active_from", "active_until", "created_by_actor"]
    document["components"]["schemas"]["element"] = {"anyOf": kinds}
    records = document["paths"]["/v2/objects/{object}/records/query"]["post"]
    answer = records["responses"]["200"]["content"]["application/json"]["schema"]
    answer["properties"]["data"]["items"]["properties"]["values"]["additionalProperties"] = {
        "type": "array",
        "items": {"$ref": "#/components/schemas/element"},
    }
    return document


@pytest.fixture(scope="module")
def referee() -> OpenAPI:
    return contract(OVERLAY)


@pytest.fixture
def world() -> World:
    world = build_world(datetime(2026, 3, 1, 12, tzinfo=UTC), frozen=True)
    for row in tuple(world.attio.notes.values())[1:]:
        world.attio.notes.drop(row.id)
    for slug, type_ in (("score", "number"), ("stars", "rating"), ("vip", "checkbox"),
                        ("seen", "timestamp")):  # fmt: skip
        added = {"object": "companies", "slug": slug, "title": slug, "type": type_}
        apply_edit(world, "attio.add_attribute", added)
    values = {"score": 4.5, "stars": 3, "vip": True, "seen": "2026-02-01T10:00:00Z",
              "primary_location": LOCATION}  # fmt: skip
    apply_edit(world, "attio.update_record", {"record_id": NORTHWIND, "values": values})
    return world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/", routes=attio_routes(world))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="https://api.attio.com",
        headers={"authorization": f"Bearer {ATTIO_KEY}"},
    ) as client:
        yield client


def body(**fields: Any) -> dict[str, Any]:
    return {"json": fields}


LOCATION = {
    "line_1": "1 Redchurch Street", "line_2": None, "line_3": None, "line_4": None,
    "locality": "London", "region": None, "postcode": "E2", "country_code": "GB",
    "latitude": "51.52", "longitude": "-0.07",
}  # fmt: skip
BY_CREATION = [{"attribute": "created_at", "direction": "asc"}]
NORTHWIND = record_id("northwind")
NOTE = {"parent_object": "companies", "parent_record_id": NORTHWIND, "title": "Call",
        "format": "plaintext", "content": "They agreed."}  # fmt: skip
TASK = {"content": "Call", "format": "plaintext", "deadline_at": "2026-03-02T18:00:00.000000000Z",
        "is_completed": True,
        "assignees": [{"workspace_member_email_address": "maria@prichal.example"}],
        "linked_records": [{"target_object": "companies", "target_record_id": NORTHWIND}],
        }  # fmt: skip
HOOK = {
    "target_url": "https://x.test",
    "subscriptions": [{"event_type": "record.created", "filter": None}],
}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/v2/self", {}),
    ("GET", "/v2/objects", {}),
    *(("GET", f"/v2/objects/{slug}/attributes", {}) for slug in ("companies", "deals", "people")),
    *(
        ("POST", f"/v2/objects/{slug}/records/query", body(sorts=BY_CREATION, limit=500, offset=0))
        for slug in ("companies", "deals", "people")
    ),
    ("POST", "/v2/objects/companies/records/query", body(filter={"name": {"$contains": "x"}})),
    ("GET", f"/v2/objects/companies/records/{NORTHWIND}", {}),
    ("PATCH", f"/v2/objects/companies/records/{NORTHWIND}", body(data={"values": {"name": "N"}})),
    ("POST", "/v2/objects/companies/records", body(data={"values": {"name": "New"}})),
    ("PUT", "/v2/objects/companies/records?matching_attribute=domains",
     body(data={"values": {"domains": ["new.example"]}})),
    ("GET", "/v2/lists", {}),
    ("POST", "/v2/lists/key_accounts/entries/query", body(sorts=BY_CREATION)),
    ("GET", "/v2/notes?limit=50&offset=0", {}),
    ("POST", "/v2/notes", body(data=NOTE)),
    ("GET", "/v2/tasks?limit=500&sort=created_at:asc", {}),
    ("POST", "/v2/tasks", body(data=TASK)),
    ("GET", "/v2/workspace_members", {}),
    ("GET", "/v2/webhooks", {}),
    ("POST", "/v2/webhooks", body(data=HOOK)),
]  # fmt: skip


def named(call: tuple[str, str, Any]) -> str:
    return f"{call[0]} {call[1].replace(NORTHWIND, '{id}')}"


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
    except (OpenAPIError, TypeError) as error:
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
    wrong = ("POST", "/v2/objects/companies/records/query", body(limit=5, sorts=BY_CREATION))
    response = await answered(client, wrong)
    response.request = client.build_request(
        "POST", "/v2/objects/companies/records/query", json={"limit": "five"}
    )

    assert "limit" in complaint(referee, response)


DRIFTS = {
    "record": ("records.query", "/v2/objects/companies/records/query", {"created_at": 5}),
    "values": ("records.query", "/v2/objects/companies/records/query",
               {"values": {"name": [{"value": "x"}]}}),
    "note": ("notes.list", "/v2/notes", {"title": None, "created_by_actor": {"type": "ghost"}}),
}  # fmt: skip


@needs_contract
@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
async def test_the_referee_is_awake_for_answers(
    referee: OpenAPI, client: httpx.AsyncClient, world: World, drift: tuple[str, str, Any]
) -> None:
    op, path, changed = drift
    world.faults.add("schema_drift", service="attio", op=op, set=changed)
    method = "GET" if op == "notes.list" else "POST"
    arguments = body() if method == "POST" else {}

    assert complaint(referee, await answered(client, (method, path, arguments)))
