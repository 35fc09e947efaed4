"""The strings behind the stage: the journal, the clock, faults and edits of a World, over HTTP.

Meant for the machine it runs on; there is no authentication.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mayak.sandbox.attio.snapshot import snapshot as attio_snapshot
from mayak.sandbox.chatwoot import views
from mayak.sandbox.edits import BadEdit, apply_edit
from mayak.sandbox.faults import BadFault
from mayak.sandbox.linear.snapshot import snapshot as linear_snapshot
from mayak.sandbox.store import Store
from mayak.sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]


class BadControl(ValueError):
    """A control call that makes no sense."""


def control_routes(world: World) -> list[Route]:
    """Routes to be mounted at /_control."""
    control = Control(world)
    return [
        Route("/journal", _refusing(control.journal), methods=["GET", "DELETE"]),
        Route("/clock", _refusing(control.clock), methods=["GET", "POST"]),
        Route("/faults", _refusing(control.faults), methods=["GET", "POST", "DELETE"]),
        Route("/faults/{fault_id:int}", _refusing(control.fault), methods=["DELETE"]),
        Route("/world/edit", _refusing(control.edit), methods=["POST"]),
        Route("/world/snapshot", _refusing(control.snapshot), methods=["GET"]),
    ]


class Control:
    """The control calls over one World."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def journal(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._world.journal.clear()
            return Response(status_code=204)
        query = request.query_params
        after = query.get("after", "0")
        if not after.isdecimal():
            raise BadControl("after is the seq of the last call already seen")
        calls = self._world.journal.calls(
            query.get("op"), service=query.get("service"), after=int(after)
        )
        return JSONResponse({"items": [call.as_json() for call in calls]})

    async def clock(self, request: Request) -> Response:
        clock = self._world.clock
        if request.method == "POST":
            seconds = (await _object(request)).get("advance")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float):
                raise BadControl('expected {"advance": seconds}')
            clock.advance(seconds)
        return JSONResponse({"now": clock.now().isoformat(), "frozen": clock.frozen})

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._world.faults.clear()
            return Response(status_code=204)
        if request.method == "POST":
            return JSONResponse(_plan(self._world, await _object(request)), status_code=201)
        return JSONResponse({"items": [rule.as_json() for rule in self._world.faults]})

    async def fault(self, request: Request) -> Response:
        found = self._world.faults.remove(int(request.path_params["fault_id"]))
        return Response(status_code=204 if found else 404)

    async def edit(self, request: Request) -> Response:
        body = await _object(request)
        args = body.get("args") or {}
        if not isinstance(args, dict):
            raise BadControl("args is an object of arguments by name")
        row = apply_edit(self._world, str(body.get("op")), args)
        return JSONResponse({"op": body["op"], "row": row})

    async def snapshot(self, _request: Request) -> Response:
        return JSONResponse(snapshot(self._world))


def snapshot(store: Store) -> dict[str, Any]:
    """Every row in the API's own shape: anonymous contacts, private notes and tombstones too.

    Chatwoot's rows by their name; those of the other services under the name of the service.
    """
    conversations = sorted(store.conversations.values(), key=lambda row: row.key)
    return {
        "inboxes": [views.inbox(row) for row in store.inboxes.values()],
        "agents": [views.agent(row) for row in store.agents.values()],
        "teams": [views.team(row) for row in store.teams.values()],
        "labels": [views.label(row) for row in store.labels.values()],
        "contacts": [views.contact(store, store.contacts[id_]) for id_ in sorted(store.contacts)],
        "conversations": [views.conversation(store, row) for row in conversations],
        "messages": [views.message(store, store.messages[id_]) for id_ in sorted(store.messages)],
        "linear": linear_snapshot(store),
        "attio": attio_snapshot(store),
    }


def _plan(world: World, body: dict[str, Any]) -> dict[str, Any]:
    """Plan {"service", "match": {"op", "nth", "page"}, "fault": {"kind", ...}, "times"}."""
    match, fault = body.get("match") or {}, body.get("fault")
    if not isinstance(match, dict) or not isinstance(fault, dict) or "kind" not in fault:
        raise BadControl("expected {'match': {...}, 'fault': {'kind': ...}, 'times': n or null}")
    if unknown := sorted(match.keys() - {"op", "nth", "page"}):
        raise BadControl(f"match knows op, nth and page, not {', '.join(unknown)}")
    counts = (match.get("nth", 1), match.get("page"), body.get("times", 1))
    if any(isinstance(n, bool) or not isinstance(n, int | None) for n in counts):
        raise BadControl("nth, page and times are whole numbers")
    try:
        rule = world.faults.add(
            **fault,
            service=str(body.get("service") or "chatwoot"),
            times=body.get("times", 1),
            **match,
        )
    except TypeError as error:
        raise BadControl(f"a fault's own arguments cannot be named like {error}") from error
    return rule.as_json()


async def _object(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise BadControl(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadControl("the body must be a JSON object")
    return body


def _refusing(endpoint: Endpoint) -> Endpoint:
    async def refusing(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (BadControl, BadFault, BadEdit, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)

    return refusing
