"""One call to a local server: limits, faults, the answer, and its row in the journal.

Every service answers through `exchange`; what differs between them is a `Service`.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from mayak.sandbox.edits import apply_edit
from mayak.sandbox.faults import BadFault, Fault, parse_header
from mayak.sandbox.flow import Cut, Flow, Unanswered
from mayak.sandbox.store import Store
from mayak.sandbox.world import World

MARK = "x-sandbox-read-timeout"
"""Set by SandboxTransport: seconds its client is willing to wait for an answer."""

REMEMBERED = 32
"""Answers kept for duplicate pages, one per path."""

DRIFT = {"added_by_a_later_version": {"shape": ["nobody", "expected"]}}
PROXY_PAGE = b"<html><head><title>%d</title></head><body><h1>%d Bad Gateway</h1></body></html>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer before it is rendered. A `body` that is not bytes becomes JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"
    noted: Mapping[str, Any] = field(default_factory=dict)
    """What the journal keeps of it beside the parameters of the call, such as its cost."""
    events: tuple[bytes, ...] = ()
    """A body that is streamed, part by part; `body` is then left out."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    pause: float = 0.0
    """Seconds after each event."""

    def rendered(self) -> bytes:
        if self.events:
            return b"".join(self.events)
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an operation is asked."""

    world: World
    rows: Store
    """What reads see: the World, or an old copy of it."""
    now: float
    """The server's idea of the time, skewed or not; seconds since the epoch."""
    method: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    raw_body: bytes
    client: str
    hidden_inboxes: frozenset[int] = frozenset()
    hidden: frozenset[tuple[str, str]] = frozenset()
    """What the token lost sight of, such as ("team_id", "...") or ("scope", "note:read")."""
    faults: tuple[Fault, ...] = ()
    """Every fault of this call, for what only the service itself can act out."""

    def param(self, name: str) -> str | None:
        """A query parameter that is present and not blank; the last one wins, as in Rails."""
        values = self.query.get(name)
        return values[-1] if values and values[-1].strip() else None


Answer = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What differs between services when a call is refused or disturbed."""

    name: str
    throttled: Reply | Callable[[Call], Reply]
    expired: Reply
    over_limit: Callable[[Call, str], bool]
    """Count a call of an operation; True when it is one too many."""
    rows_of: Callable[[Any], list[Any]]
    """The list of rows inside an answer's body, to be disturbed in place; may be empty."""
    reads: Callable[[Call], bool] = lambda call: call.method == "GET"
    """Whether the call only reads, so that it may be answered from an old copy."""
    dressed: Callable[[Call, Reply], Reply] = lambda _call, reply: reply
    """Add what every answer of the service carries, refusals and faults included."""

    def refusal(self, call: Call) -> Reply:
        """What a call that is one too many is answered with."""
        return self.throttled if isinstance(self.throttled, Reply) else self.throttled(call)


class Windows:
    """Counters in fixed windows of whole minutes of the World's clock, never sliding."""

    def __init__(self) -> None:
        self._minute = -1
        self._counts: Counter[str] = Counter()

    def exceeded(self, key: str, limit: int, *, at: float) -> bool:
        """Count a call under `key`; True from the (limit + 1)th of this minute on."""
        minute = int(at // 60)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        self._counts[key] += 1
        return self._counts[key] > limit


async def exchange(
    request: Request, *, world: World, service: Service, op: str, answer: Answer
) -> Response:
    """Answer one request and write it down.

    Raises BadEdit, so that the call fails loudly, when a planned edit does not fit the World.
    """
    call = await _read(request, world)
    try:
        own = parse_header(call.headers.get("x-sandbox-fault"))
    except BadFault as error:
        return _plain(Reply(status=400, body={"error": str(error)}))
    page = call.param("page") or ""
    faults = own + world.faults.for_call(
        service.name, op, page=int(page) if page.isdecimal() else 1
    )
    call = replace(call, faults=tuple(faults))
    reply = service.dressed(call, _answer(call, faults, service, op, answer))
    reply = _disturb(reply, faults, service, call, op)
    response = await _response(reply, faults, call)
    response.headers["date"] = _date(call.now, faults)
    unanswered = isinstance(response, Unanswered | Cut)
    world.journal.write(
        at=world.clock.now(),
        service=service.name,
        op=op,
        method=call.method,
        path=request.url.path,
        params=_params(call) | dict(reply.noted),
        status=0 if unanswered else reply.status,
        faults=tuple(fault.kind for fault in faults),
    )
    for fault in faults:
        if fault.kind == "mutate_between_pages":
            apply_edit(world, str(fault.args["edit"]), fault.args.get("args") or {})
    return response


def _params(call: Call) -> dict[str, Any]:
    return {k: v[0] if len(v) == 1 else v for k, v in call.query.items()} | dict(call.path)


def _date(now: float, faults: list[Fault]) -> str:
    """The Date header: the World's clock, as far off as a fault makes it."""
    skew = sum(float(one.args["seconds"]) for one in faults if one.kind == "clock_skew")
    return formatdate(now + skew, usegmt=True)


async def _read(request: Request, world: World) -> Call:
    query = parse_qs(request.url.query, keep_blank_values=True)
    return Call(
        world=world,
        rows=world,
        now=world.clock.timestamp(),
        method=request.method,
        path={name: str(value) for name, value in request.path_params.items()},
        query=query,
        headers=request.headers,
        raw_body=await request.body(),
        client=request.client.host if request.client else "local",
    )


def _answer(call: Call, faults: list[Fault], service: Service, op: str, answer: Answer) -> Reply:
    """The answer, unless a limit or a fault refuses first."""
    if service.over_limit(call, op):
        return service.refusal(call)
    for fault in faults:
        match fault.kind:
            case "ratelimit":
                return service.refusal(call)
            case "token_expired":
                return service.expired
            case "html_error":
                return _proxy_error(int(fault.args.get("code", 502)))
            case "status":
                return _status(fault.args)
            case "stale_read" if service.reads(call) and fault.before is not None:
                call = replace(call, rows=fault.before)
            case "permission_loss":
                lost = {(name, str(value)) for name, value in fault.args.items()}
                inboxes = {int(value) for name, value in lost if name == "inbox_id"}
                call = replace(
                    call,
                    hidden=call.hidden | lost,
                    hidden_inboxes=call.hidden_inboxes | inboxes,
                )
            case "clock_skew":
                call = replace(call, now=call.now + float(fault.args["seconds"]))
    return answer(call)


def _disturb(reply: Reply, faults: list[Fault], service: Service, call: Call, op: str) -> Reply:
    """Disturb a good JSON answer, and remember it for a page that is to be given twice."""
    if reply.status != 200 or reply.events or isinstance(reply.body, bytes):  # noqa: PLR2004
        return reply
    place = f"{service.name} {op} {sorted(call.path.items())}"
    rendered = reply.rendered()
    for fault in faults:
        if fault.kind == "duplicate_page":
            rendered = call.world.last_bodies.get(place, rendered)
        elif fault.kind in {"reorder_page", "schema_drift"}:
            rendered = _disturbed(rendered, fault, service)
    call.world.last_bodies.pop(place, None)
    call.world.last_bodies[place] = rendered
    if len(call.world.last_bodies) > REMEMBERED:
        del call.world.last_bodies[next(iter(call.world.last_bodies))]
    return replace(reply, body=rendered)


def _disturbed(rendered: bytes, fault: Fault, service: Service) -> bytes:
    body = json.loads(rendered or b"null")
    rows = service.rows_of(body)
    if fault.kind == "schema_drift":
        for row in rows or ([body] if isinstance(body, dict) else []):
            row.update(fault.args.get("set") or DRIFT)
    elif len(rows) > 1:
        before = list(rows)
        random.Random(fault.args.get("seed", 0)).shuffle(rows)
        if rows == before:
            rows.reverse()
    return json.dumps(body, ensure_ascii=False).encode()


async def _response(reply: Reply, faults: list[Fault], call: Call) -> Response:
    given = call.headers.get(MARK)
    patience = None if given is None else float(given)
    marked = patience is not None
    if not await _waited(reply, faults, patience):
        return Unanswered(marked=marked)
    response = _plain(reply)
    for fault in faults:
        match fault.kind:
            case "timeout" if not fault.args:
                return Unanswered(marked=marked)
            case "timeout":
                return Cut(response, _kept(fault, reply), silent=True, marked=marked)
            case "drop":
                return Cut(response, _kept(fault, reply))
            case "truncate_json":
                return _plain(_shortened(reply, _kept(fault, reply)))
    return response


async def _waited(reply: Reply, faults: list[Fault], patience: float | None) -> bool:
    """Let the time pass that the answer takes; False when the client gives up before.

    Planned latency passes at once for a client that has said how long it is willing to wait.
    """
    late = sum(float(one.args["ms"]) / 1000 for one in faults if one.kind == "latency")
    if patience is not None and late + reply.delay >= patience:
        return False
    await asyncio.sleep(reply.delay if patience is not None else reply.delay + late)
    return True


def _kept(fault: Fault, reply: Reply) -> int:
    """Bytes of the body that are sent before the fault strikes; half of them unless told."""
    if "events" in fault.args:
        return sum(len(event) for event in reply.events[: int(fault.args["events"])])
    return int(fault.args.get("bytes", len(reply.rendered()) // 2))


def _shortened(reply: Reply, kept: int) -> Reply:
    return replace(reply, body=reply.rendered()[:kept], events=())


def _plain(reply: Reply) -> Response:
    # As a header and not as media_type, to which a charset would be added.
    headers = {"content-type": reply.media_type, **reply.headers}
    if reply.events:
        return Flow(reply.events, status=reply.status, headers=headers, pause=reply.pause)
    return Response(reply.rendered(), status_code=reply.status, headers=headers)


def _proxy_error(code: int) -> Reply:
    return Reply(status=code, body=PROXY_PAGE % (code, code), media_type="text/html")


def _status(args: Mapping[str, Any]) -> Reply:
    body = args.get("body", {"error": "Something went wrong"})
    headers = {str(name): str(value) for name, value in (args.get("headers") or {}).items()}
    if isinstance(body, str):
        media_type = headers.pop("content-type", "text/plain; charset=utf-8")
        return Reply(
            status=int(args.get("code", 500)),
            body=body.encode(),
            headers=headers,
            media_type=media_type,
        )
    return Reply(status=int(args.get("code", 500)), body=body, headers=headers)
