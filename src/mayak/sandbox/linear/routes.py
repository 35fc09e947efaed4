"""The one endpoint of Linear, and how a query is answered there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, execute_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mayak.sandbox.exchange import Call, Reply, Service, exchange
from mayak.sandbox.linear.limits import GREATEST_COST, Budget, Budgets, cost, points
from mayak.sandbox.linear.mutations import answer as resolver
from mayak.sandbox.linear.paging import Reader
from mayak.sandbox.linear.refusals import (
    RATE_LIMITED,
    BadInput,
    bad_input,
    problem,
    refused,
    unauthenticated,
)
from mayak.sandbox.linear.resolving import Asking
from mayak.sandbox.linear.rows import User
from mayak.sandbox.linear.schema import document_of, is_mutation, served, title_of
from mayak.sandbox.linear.sight import Sight
from mayak.sandbox.world import World

SOMEBODY = "unauthenticated"
"""Whose budget is told about when nobody can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The body of a request."""

    query: str
    variables: Mapping[str, Any]
    operation: str | None


def linear_routes(world: World) -> list[BaseRoute]:
    """Routes of Linear over the World, to be mounted anywhere."""
    desk = Desk(world)
    service = Service(
        name="linear",
        throttled=desk.throttled,
        expired=unauthenticated(401, "Authentication required, not authenticated"),
        over_limit=lambda _call, _op: False,  # Desk charges: it must know the cost first.
        rows_of=rows_of,
        reads=reads,
        dressed=desk.dressed,
    )

    async def endpoint(request: Request) -> Response:
        asked = asked_in(await request.body())
        op = title_of(asked.query, asked.operation) if asked else "unknown"
        return await exchange(request, world=world, service=service, op=op, answer=desk.answer)

    return [Route("/graphql", endpoint, methods=["POST"])]


class Desk:
    """Answers calls and keeps the budgets of those who make them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets = Budgets()

    def answer(self, call: Call) -> Reply:
        """Authentication, then syntax, then cost, then budget, and only then the rows."""
        user = self._user(call)
        asked = asked_in(call.raw_body)
        if isinstance(user, Reply):
            return user
        if asked is None:
            return bad_input("The request has no query")
        document, wrong = document_of(asked.query)
        if document is None or wrong:
            return refused(400, *(_invalid(error) for error in wrong))
        exact = cost(document, asked.operation, asked.variables)
        if exact is None:
            return bad_input(f"Unknown operation named {asked.operation!r}")
        reply = self._charged(call, user, document, asked, exact)
        return replace(reply, noted={"variables": dict(asked.variables), "cost": points(exact)})

    def _charged(
        self, call: Call, user: User, document: DocumentNode, asked: Asked, exact: float
    ) -> Reply:
        if exact > GREATEST_COST:
            hint = f"Complexity: {exact:.2f}. Maximum allowed complexity: {GREATEST_COST}."
            return bad_input("Query too complex", hint=hint)
        budget = self._budget(call, user.id)
        if not budget.take(points(exact)):
            return RATE_LIMITED
        return self._executed(call, user, budget, document, asked)

    def throttled(self, call: Call) -> Reply:
        """Refused by a planned fault: the headers say that no request is left."""
        user = self._user(call)
        if isinstance(user, Reply):
            return user
        budget = self._budget(call, user.id)
        budget.requests.level = 0.0
        return RATE_LIMITED

    def dressed(self, call: Call, reply: Reply) -> Reply:
        """Every answer of Linear's own tells the budgets; a proxy in front of it knows none."""
        if reply.media_type == "text/html":
            return reply
        user = self._user(call)
        budget = self._budget(call, user.id if isinstance(user, User) else SOMEBODY)
        charged = int(reply.noted.get("cost", 0))
        return replace(reply, headers={**budget.headers(charged), **reply.headers})

    def _user(self, call: Call) -> User | Reply:
        """Whose key it is. A personal key comes as it is, an OAuth token as a bearer's."""
        given = call.headers.get("authorization", "").strip()
        if not given:
            return unauthenticated(401, "Authentication required, not authenticated")
        token = given.removeprefix("Bearer ")
        bearer, personal = token != given, token.startswith("lin_api_")
        if bearer and personal:
            return unauthenticated(
                400, "An API key is sent as it is: remove the Bearer prefix from the header."
            )
        workspace = self._world.linear
        user = workspace.users.get(workspace.keys.get(token))
        if user is None or not user.active or bearer is personal:
            return unauthenticated(401, "Authentication required, not authenticated")
        return user

    def _budget(self, call: Call, user_id: str) -> Budget:
        workspace = call.world.linear
        return self._budgets.of(
            user_id,
            requests=workspace.requests_per_period,
            points=workspace.complexity_per_period,
            period=workspace.period,
            now=call.world.clock.timestamp(),
        )

    def _executed(
        self, call: Call, user: User, budget: Budget, document: DocumentNode, asked: Asked
    ) -> Reply:
        workspace = call.rows.linear
        named = {value for name, value in call.hidden if name == "team_id"}
        lost = frozenset(team.id for team in workspace.teams if named & {team.id, team.key})
        kinds = {fault.kind for fault in call.faults}
        reader = Reader(
            workspace=workspace,
            sight=Sight(workspace=workspace, user=user, lost=lost),
            now=call.now,
            cursors_expired="cursor_expired" in kinds,
        )
        result = execute_sync(
            served(),
            document,
            context_value=Asking(world=call.world, reader=reader, budget=budget),
            variable_values=dict(asked.variables),
            operation_name=asked.operation,
            field_resolver=resolver,
        )
        reply = _reply(result)
        for fault in call.faults:
            if fault.kind == "partial_graphql" and reply.status == 200:  # noqa: PLR2004
                reply = partial(reply, fault.args.get("path"))
        return reply


def asked_in(body: bytes) -> Asked | None:
    """What a request asks; None when that cannot be read."""
    try:
        raw = json.loads(body)
    except ValueError:
        return None
    if not isinstance(raw, dict) or not isinstance(raw.get("query"), str):
        return None
    return Asked(
        query=raw["query"],
        variables=raw.get("variables") or {},
        operation=raw.get("operationName"),
    )


def reads(call: Call) -> bool:
    """Whether a call only reads."""
    asked = asked_in(call.raw_body)
    return asked is not None and not is_mutation(asked.query, asked.operation)


def rows_of(body: Any) -> list[Any]:
    """The rows of the first list in an answer, or its first object alone."""
    data = body.get("data") if isinstance(body, dict) else None
    for value in (data or {}).values():
        if isinstance(value, dict):
            nodes = value.get("nodes")
            return nodes if isinstance(nodes, list) else [value]
    return []


def partial(reply: Reply, path: list[str | int] | str | None) -> Reply:
    """The same answer with a hole at `path` (a list, or names joined by dots) and its error.

    Without a path the hole is the first field beside the id of the last row.
    """
    body = json.loads(reply.rendered())
    steps = path.split(".") if isinstance(path, str) else list(path or _usual_hole(body))
    place = body["data"]
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    last = int(steps[-1]) if isinstance(place, list) else steps[-1]
    place[last] = None
    told = problem(
        "Internal server error",
        code="INTERNAL_SERVER_ERROR",
        type_="internal error",
        status=500,
        user_error=False,
    )
    where = [int(step) if str(step).isdecimal() else step for step in steps]
    return replace(reply, body={**body, "errors": [{**told, "path": where}]})


def _usual_hole(body: Mapping[str, Any]) -> list[str | int]:
    root, value = next(iter(body["data"].items()))
    nodes = value.get("nodes") if isinstance(value, dict) else None
    if not nodes:
        return [root]
    fields = [name for name in nodes[-1] if name != "id"]
    return [root, "nodes", len(nodes) - 1, *fields[:1]]


def _reply(result: ExecutionResult) -> Reply:
    errors = result.errors or []
    told = [_told(error) for error in errors]
    if any(_is_input(error) for error in errors):
        return refused(400, *told)
    body: dict[str, Any] = {"data": result.data}
    return Reply(body={**body, "errors": told} if told else body)


def _is_input(error: GraphQLError) -> bool:
    """A refused argument, or variables that do not fit the query: those errors have no path."""
    return isinstance(error.original_error or error, BadInput) or error.path is None


def _told(error: GraphQLError) -> dict[str, Any]:
    if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
        raise error.original_error  # A fault of ours must fail the test that met it.
    formatted: dict[str, Any] = dict(error.formatted)
    if not formatted.get("extensions"):
        usual = problem(error.message, code="INPUT_ERROR", type_="graphql error", status=400)
        formatted["extensions"] = usual["extensions"]
    return formatted


def _invalid(error: GraphQLError) -> dict[str, Any]:
    code = "GRAPHQL_VALIDATION_FAILED" if error.nodes else "GRAPHQL_PARSE_FAILED"
    told = problem(error.message, code=code, type_="graphql error", status=400)
    return {**error.formatted, "extensions": told["extensions"]}
