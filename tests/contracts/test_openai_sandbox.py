"""The published contract of OpenAI as a referee over what the sandbox answers and our client asks.

`openai.overlay.json` corrects it, one entry per disagreement, each with its reason and source. An
entry that is no longer needed fails here.
"""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_schema_validator import OAS31Validator
from starlette.applications import Starlette
from starlette.routing import Mount

from mayak.lightrag.service.openai import OpenAIEmbeddings
from mayak.sandbox.openai.provider import OPENAI_KEY
from mayak.sandbox.openai.routes import openai_routes
from mayak.sandbox.transport import SandboxTransport
from mayak.sandbox.world import World
from tests.contracts.refereeing import Answered, Asked, explained, patched

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent
CONTRACT = HERE.parents[2] / "shared" / "contracts" / "openai.subset.json"
OVERLAY = json.loads((HERE / "openai.overlay.json").read_text("utf-8"))

needs_contract = pytest.mark.skipif(
    not CONTRACT.is_file(), reason=f"the published contract is not at {CONTRACT}"
)


def document(entries: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The contract as its overlay corrects it."""
    made: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    _undiscriminated(made)
    corrected: dict[str, Any] = patched(made, entries)
    return corrected


def _undiscriminated(node: Any) -> None:
    """Its discriminators name schemas that there are not; the schemas themselves tell the kinds
    of a thing apart.
    """
    if isinstance(node, dict) and isinstance(node.get("discriminator"), dict):
        del node["discriminator"]
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            _undiscriminated(inner)


class Referee:
    def __init__(self, entries: list[Mapping[str, Any]]) -> None:
        self._document = document(entries)
        self._openapi = OpenAPI.from_dict(self._document)

    def of_request(self, request: httpx.Request) -> str:
        """What is wrong with a request; empty when nothing is."""
        try:
            self._openapi.validate_request(Asked(request))
        except OpenAPIError as error:
            return explained(error)
        return ""

    def of_answer(self, response: httpx.Response) -> str:
        """What is wrong with an answer. Streams and errors are held to their schemas: the
        contract declares the former in a way its readers do not know, the latter not at all.
        """
        if response.headers["content-type"].startswith("text/event-stream"):
            chunks = [json.loads(one) for one in events(response)[:-1]]
            return "; ".join(
                self._schema("CreateChatCompletionStreamResponse", chunk) for chunk in chunks
            ).strip("; ")
        if response.is_error:
            return self._schema("ErrorResponse", response.json())
        try:
            self._openapi.validate_response(Asked(response.request), Answered(response))
        except OpenAPIError as error:
            return explained(error)
        return ""

    def _schema(self, name: str, value: Any) -> str:
        schema = {
            "$ref": f"#/components/schemas/{name}",
            "components": self._document["components"],
        }
        return "; ".join(one.message for one in OAS31Validator(schema).iter_errors(value))


def events(response: httpx.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in response.text.splitlines() if line]


@pytest.fixture(scope="module")
def referee() -> Referee:
    return Referee(OVERLAY)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/", routes=openai_routes(world))])
    async with httpx.AsyncClient(
        transport=SandboxTransport(app),
        base_url="https://api.openai.com/v1",
        headers={"authorization": f"Bearer {OPENAI_KEY}"},
    ) as client:
        yield client


def embed(**fields: Any) -> tuple[str, str, Any]:
    return "POST", "/embeddings", {"model": "text-embedding-3-small", "dimensions": 8, **fields}


def chat(model: str = "sandbox-chat", **fields: Any) -> tuple[str, str, Any]:
    said = "[1] The goods left on Monday. They weigh 20 kg.\n\nWhen did the goods leave?"
    messages = [{"role": "system", "content": "Be brief"}, {"role": "user", "content": said}]
    return "POST", "/chat/completions", {"model": model, "messages": messages, **fields}


CALLS: dict[str, tuple[str, str, Any]] = {
    "models": ("GET", "/models", None),
    "one text": embed(input="a"),
    "texts": embed(input=["a", "b"], encoding_format="float"),
    "base64": embed(input=["a", "b"], encoding_format="base64"),
    "tokens": embed(input=[[1, 2], [3]]),
    "chat": chat(),
    "a liar": chat("sandbox-chat-liar", temperature=0),
    "a short chat": chat(max_completion_tokens=2),
    "a chat in JSON": chat(
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True},
        }
    ),
    "a stream": chat(stream=True),
    "a stream with usage": chat(stream=True, stream_options={"include_usage": True}),
}


async def answered(client: httpx.AsyncClient, call: tuple[str, str, Any]) -> httpx.Response:
    method, path, body = call
    response = await client.request(method, path, json=body)
    assert response.status_code == 200, response.text
    return response


@needs_contract
@pytest.mark.parametrize("name", CALLS)
async def test_the_sandbox_answers_as_the_contract_says(
    referee: Referee, client: httpx.AsyncClient, name: str
) -> None:
    response = await answered(client, CALLS[name])

    assert referee.of_request(response.request) == ""
    assert referee.of_answer(response) == ""


REFUSED: dict[str, tuple[int, tuple[str, str, Any]]] = {
    "no such model": (404, embed(input="a", model="gpt-none")),
    "a blank text": (400, embed(input=["a", " "])),
    "an unknown field": (400, embed(input="a", truncate=True)),
    "no messages": (400, chat(messages=[])),
    "no such route": (404, ("GET", "/assistants", None)),
}


@needs_contract
@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_is_in_the_envelope_of_the_contract(
    referee: Referee, client: httpx.AsyncClient, name: str
) -> None:
    status, (method, path, body) = REFUSED[name]
    response = await client.request(method, path, json=body)

    assert response.status_code == status
    assert referee.of_answer(response) == ""


@needs_contract
@pytest.mark.parametrize("ends", ["length", "content_filter", "refusal", "null", "no_choices"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_an_answer_that_ends_in_another_way_fits_the_contract(
    referee: Referee,
    client: httpx.AsyncClient,
    world: World,
    ends: str,
    stream: bool,  # noqa: FBT001
) -> None:
    world.faults.add("completion", service="openai", ends=ends)

    assert referee.of_answer(await answered(client, chat(stream=stream))) == ""


@needs_contract
async def test_our_client_asks_as_the_contract_says(referee: Referee, world: World) -> None:
    asked: list[httpx.Request] = []

    async def keep(request: httpx.Request) -> None:
        asked.append(request)

    app = Starlette(routes=[Mount("/", routes=openai_routes(world))])
    async with httpx.AsyncClient(
        transport=SandboxTransport(app), event_hooks={"request": [keep]}
    ) as http:
        for dimensions in (None, 64):
            embedder = OpenAIEmbeddings(
                http,
                base_url="https://api.openai.com",
                model="text-embedding-3-small",
                api_key=OPENAI_KEY,
                dimensions=dimensions,
            )
            await embedder.passages(["a", "b"])

    assert [referee.of_request(one) for one in asked] == ["", ""]


@needs_contract
@pytest.mark.parametrize("entry", OVERLAY, ids=[entry["name"] for entry in OVERLAY])
async def test_a_correction_of_the_contract_is_still_needed(
    client: httpx.AsyncClient, entry: Mapping[str, Any]
) -> None:
    without = Referee([other for other in OVERLAY if other is not entry])

    assert any([without.of_answer(await answered(client, call)) for call in CALLS.values()])


def test_every_correction_says_why_and_where_that_is_written() -> None:
    assert all(entry["reason"] and entry["source"] for entry in OVERLAY)


@needs_contract
@pytest.mark.parametrize(
    "call",
    [embed(input=5), embed(input="a", truncate=True), chat(messages=[{"role": "oracle"}])],
    ids=["input", "unknown field", "role"],
)
def test_the_referee_is_awake_for_requests(referee: Referee, call: tuple[str, str, Any]) -> None:
    method, path, body = call
    headers = {"authorization": f"Bearer {OPENAI_KEY}"}
    url = f"https://api.openai.com/v1{path}"

    assert referee.of_request(httpx.Request(method, url, json=body, headers=headers))


@needs_contract
async def test_the_referee_is_awake_for_answers(
    referee: Referee, client: httpx.AsyncClient, world: World
) -> None:
    world.faults.add("schema_drift", service="openai", op="embeddings.create", set={"index": "x"})

    assert "index" in referee.of_answer(await answered(client, CALLS["texts"]))


@needs_contract
@pytest.mark.parametrize(
    ("right", "wrong"),
    [('"finish_reason": "stop"', '"finish_reason": "tired"'), ('"created"', '"made"')],
)
async def test_the_referee_is_awake_for_streams(
    referee: Referee, client: httpx.AsyncClient, right: str, wrong: str
) -> None:
    response = await answered(client, CALLS["a stream"])
    text = response.text.replace(right, wrong)

    assert referee.of_answer(
        httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})
    )


@needs_contract
def test_the_referee_is_awake_for_errors(referee: Referee) -> None:
    assert referee.of_answer(httpx.Response(400, json={"error": "just words"}))
