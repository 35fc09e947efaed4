"""Which call is which operation, how each is served, and under which addresses."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from mayak.sandbox.exchange import Call, Reply, Service, exchange
from mayak.sandbox.openai import chat, embeddings, models, tokens
from mayak.sandbox.openai.desk import Desk, Refused, enter, out_of_quota, refusal, unauthorized
from mayak.sandbox.openai.habits import OPENAI, SERVERS, Habits
from mayak.sandbox.openai.limits import Limits, Standing
from mayak.sandbox.openai.prompt import content
from mayak.sandbox.world import World

Operation = Callable[[Desk], Reply]

OPERATIONS: list[tuple[str, str, str, Operation]] = [
    ("POST", "/embeddings", "embeddings.create", embeddings.create),
    ("POST", "/chat/completions", "chat.create", chat.create),
    ("GET", "/models", "models.list", models.listing),
    ("GET", "/models/{model:path}", "models.show", models.show),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
NAMESPACE = UUID("0c3fb6b2-55a5-5d6c-8e4f-5f2f3f1c5b17")


def openai_routes(world: World) -> list[BaseRoute]:
    """OpenAI itself at /v1, the servers with habits of their own at /ollama/v1, /vllm/v1 and
    /tei/v1.
    """
    limits = Limits()
    compatible = [
        Mount(f"/{name}/v1", routes=_server(world, habits, limits))
        for name, habits in SERVERS.items()
        if habits is not OPENAI
    ]
    return [Mount("/v1", routes=_server(world, OPENAI, limits)), *compatible]


def _server(world: World, habits: Habits, limits: Limits) -> list[BaseRoute]:
    made: list[BaseRoute] = [
        Route(path, _endpoint(world, habits, limits, op, operation), methods=[method])
        for method, path, op, operation in OPERATIONS
    ]
    unknown = _endpoint(world, habits, limits, "unknown", _unknown)
    return [*made, Route("/{rest:path}", unknown, methods=METHODS)]


def _endpoint(
    world: World, habits: Habits, limits: Limits, op: str, operation: Operation
) -> Callable[[Request], Any]:
    def answer(call: Call) -> Reply:
        try:
            desk = enter(call, habits, limits)
            if desk.fault("out_of_quota"):
                raise out_of_quota()
            return operation(desk)
        except Refused as refused:
            return refusal(habits, refused)

    async def endpoint(request: Request) -> Response:
        service = _service(world, habits, limits)
        return await exchange(request, world=world, service=service, op=op, answer=answer)

    return endpoint


def _service(world: World, habits: Habits, limits: Limits) -> Service:
    """Of one call: its standing with the rate limit is in the headers of whatever it is told."""
    standings: list[Standing] = []

    def over_limit(call: Call, _op: str) -> bool:
        if habits.counts and call.method == "POST":
            standings.append(_spend(call, limits))
        return bool(standings and standings[0].over)

    def dressed(call: Call, reply: Reply) -> Reply:
        delay = reply.delay + world.openai.latency
        if not habits.counts:
            return replace(reply, delay=delay)
        headers = {
            "x-request-id": f"req_{uuid5(NAMESPACE, str(call.now) + str(len(world.journal))).hex}",
            "openai-organization": "sandbox",
            "openai-version": "2020-10-01",
            "openai-processing-ms": str(int(delay * 1000) + 1),
        }
        told = standings[0].headers() if standings else {}
        return replace(reply, delay=delay, headers={**headers, **told, **reply.headers})

    return Service(
        name="openai",
        throttled=lambda _call: _throttled(habits, standings[0] if standings else None),
        expired=refusal(habits, unauthorized()),
        over_limit=over_limit,
        rows_of=_rows_of,
        reads=lambda _call: False,
        dressed=dressed,
    )


def _spend(call: Call, limits: Limits) -> Standing:
    try:
        body = json.loads(call.raw_body)
    except ValueError:
        body = None
    model = str(body.get("model")) if isinstance(body, dict) else ""
    said = body.get("messages") if isinstance(body, dict) else None
    messages = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    size = embeddings.asked(body) + sum(tokens.count(content(one)) for one in messages)
    provider = call.world.openai
    return limits.spend(
        f"{call.headers.get('authorization', '')} {model}",
        size,
        requests_per_minute=provider.requests_per_minute,
        tokens_per_minute=provider.tokens_per_minute,
        at=call.now,
    )


def _throttled(habits: Habits, standing: Standing | None) -> Reply:
    """A planned refusal says to come back in a second."""
    what = (standing.over if standing else None) or "requests"
    wait = standing.wait if standing and standing.over else 1.0
    message = f"Rate limit reached on {what} per min. Please try again in {wait:.3f}s."
    made = refusal(habits, Refused(429, message, kind=what, code="rate_limit_exceeded"))
    later = {"retry-after": "1", "retry-after-ms": "1000"} if habits.counts else {}
    return replace(made, headers={} if standing and standing.over else later)


def _unknown(desk: Desk) -> Reply:
    path = f"/v1/{desk.call.path.get('rest', '')}"
    raise Refused(404, f"Invalid URL ({desk.call.method} {path})")


def _rows_of(body: Any) -> list[Any]:
    rows = body.get("data") if isinstance(body, dict) else None
    return rows if isinstance(rows, list) else []
