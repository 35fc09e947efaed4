"""Which call is which operation, and how each of them is served."""

from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mayak.sandbox.attio import account, notes, records
from mayak.sandbox.attio.desk import (
    Desk,
    Refused,
    Scores,
    Seconds,
    enter,
    not_found,
    throttled,
    unauthorized,
)
from mayak.sandbox.attio.workspace import furnished
from mayak.sandbox.exchange import Call, Reply, Service, exchange
from mayak.sandbox.world import World

Operation = Callable[[Desk], Reply]
Kind = Literal["read", "write"]

RECORDS = "/v2/objects/{object}/records"
ONE = RECORDS + "/{record_id}"
HOOK = "/v2/webhooks/{webhook_id}"

OPERATIONS: list[tuple[str, str, str, Kind, Operation]] = [
    ("GET", "/v2/self", "self", "read", account.whoami),
    ("GET", "/v2/objects", "objects.list", "read", account.objects),
    ("GET", "/v2/objects/{object}", "objects.show", "read", account.show_object),
    ("GET", "/v2/{target}/{identifier}/attributes", "attributes.list", "read", account.attributes),
    ("POST", RECORDS + "/query", "records.query", "read", records.query),
    ("POST", RECORDS + "/merge", "records.merge", "write", records.merge),
    ("GET", RECORDS, "unknown", "read", records.no_listing),
    ("POST", RECORDS, "records.create", "write", records.create),
    ("PUT", RECORDS, "records.assert", "write", records.upsert),
    ("GET", ONE, "records.show", "read", records.show),
    ("PATCH", ONE, "records.update", "write", records.patch),
    ("PUT", ONE, "records.overwrite", "write", records.overwrite),
    ("DELETE", ONE, "records.delete", "write", records.destroy),
    ("GET", "/v2/lists", "lists.list", "read", account.lists),
    ("GET", "/v2/lists/{list}", "lists.show", "read", account.show_list),
    ("POST", "/v2/lists/{list}/entries/query", "entries.query", "read", records.query_entries),
    ("GET", "/v2/notes", "notes.list", "read", notes.list_notes),
    ("POST", "/v2/notes", "notes.create", "write", notes.create_note),
    ("GET", "/v2/notes/{note_id}", "notes.show", "read", notes.show_note),
    ("DELETE", "/v2/notes/{note_id}", "notes.delete", "write", notes.delete_note),
    ("GET", "/v2/tasks", "tasks.list", "read", notes.list_tasks),
    ("POST", "/v2/tasks", "tasks.create", "write", notes.create_task),
    ("GET", "/v2/tasks/{task_id}", "tasks.show", "read", notes.show_task),
    ("PATCH", "/v2/tasks/{task_id}", "tasks.update", "write", notes.update_task),
    ("DELETE", "/v2/tasks/{task_id}", "tasks.delete", "write", notes.delete_task),
    ("GET", "/v2/workspace_members", "members.list", "read", account.members),
    ("GET", "/v2/workspace_members/{member_id}", "members.show", "read", account.show_member),
    ("GET", "/v2/webhooks", "webhooks.list", "read", account.hooks),
    ("POST", "/v2/webhooks", "webhooks.create", "write", account.create_hook),
    ("GET", HOOK, "webhooks.show", "read", account.show_hook),
    ("PATCH", HOOK, "webhooks.update", "write", account.update_hook),
    ("DELETE", HOOK, "webhooks.delete", "write", account.delete_hook),
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Counters:
    """What was asked of one Attio: shared by all its routes."""

    def __init__(self) -> None:
        self.seconds = Seconds()
        self.scores = Scores()


def attio_routes(world: World) -> list[BaseRoute]:
    """Routes of Attio over the World, to be mounted anywhere."""
    furnished(world)
    counters = Counters()
    made: list[BaseRoute] = [
        Route(path, _endpoint(world, counters, op, kind, operation), methods=[method])
        for method, path, op, kind, operation in OPERATIONS
    ]
    unknown = _endpoint(world, counters, "unknown", "read", _unknown)
    return [*made, Route("/{rest:path}", unknown, methods=METHODS)]


def _service(world: World, counters: Counters, kind: Kind) -> Service:
    """As it is now: the time a refusal names moves on with the clock."""
    now = world.clock.timestamp()

    def over_limit(call: Call, _op: str) -> bool:
        limits = world.attio
        limit = limits.reads_per_second if kind == "read" else limits.writes_per_second
        key = f"{kind} {call.headers.get('authorization', '')}"
        return counters.seconds.exceeded(key, limit, at=now)

    return Service(
        name="attio",
        throttled=throttled(now // 1 + 1).reply,
        expired=unauthorized().reply,
        over_limit=over_limit,
        rows_of=_rows_of,
        reads=lambda _call: kind == "read",
    )


def _endpoint(
    world: World, counters: Counters, op: str, kind: Kind, operation: Operation
) -> Callable[[Request], Any]:
    def answer(call: Call) -> Reply:
        try:
            known = account.whoami_anyway(call) if op == "self" else None
            return known or operation(enter(call, counters.scores))
        except Refused as refused:
            return refused.reply

    async def endpoint(request: Request) -> Response:
        service = _service(world, counters, kind)
        response = await exchange(request, world=world, service=service, op=op, answer=answer)
        return _consistent(response, world)

    return endpoint


def _consistent(response: Response, world: World) -> Response:
    """A server whose clock is off is off in both headers."""
    later = response.headers.get("retry-after")
    if later is not None and not later.isdecimal():
        off = parsedate_to_datetime(response.headers["date"]).timestamp()
        off -= world.clock.timestamp() // 1
        at = parsedate_to_datetime(later).timestamp() + off
        response.headers["retry-after"] = formatdate(at, usegmt=True)
    return response


def _unknown(desk: Desk) -> Reply:
    raise not_found(f"The route {desk.call.method} /{desk.call.path.get('rest', '')}")


def _rows_of(body: Any) -> list[Any]:
    rows = body.get("data") if isinstance(body, dict) else None
    return rows if isinstance(rows, list) else []
