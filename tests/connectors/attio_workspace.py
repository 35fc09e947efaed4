"""A workspace of Attio in a few lines: what its answers look like, and who answers."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid5

import httpx
import orjson

from mayak.connectors.attio import Attio

Json = dict[str, Any]
Answer = Callable[[httpx.Request], httpx.Response]

TOKEN = "s3cr3t-token"
WORKSPACE = "14beef7a-99f7-4534-a87e-70b564330a4c"
SPACE = UUID(WORKSPACE)
MORNING = "2024-01-01T10:00:00.000000001Z"
ACTOR = {"type": "workspace-member", "id": "50cf242c-7fa3-4cad-87d0-75b1af71c57b"}


def uid(name: str) -> str:
    """The same id for the same name."""
    return str(uuid5(SPACE, name))


def attribute(slug: str, type_: str, title: str | None = None, **more: Any) -> Json:
    """An attribute; its id follows from `of`, or from the slug it has now."""
    id_ = uid(more.pop("of", slug))
    return {
        "id": {"workspace_id": WORKSPACE, "object_id": uid("companies"), "attribute_id": id_},
        "api_slug": slug,
        "title": title or slug.replace("_", " ").capitalize(),
        "type": type_,
        "is_multiselect": False,
        "is_unique": False,
        "is_archived": False,
        "created_at": "2022-11-21T13:22:49.061281000Z",
        **more,
    }


COMPANIES = [
    attribute("name", "text"), attribute("domains", "domain"),
    attribute("lifecycle", "select", "Client stage"), attribute("team", "record-reference"),
    attribute("account_owner", "actor-reference"),
]  # fmt: skip
DEALS = [
    attribute("name", "text", of="deal name"), attribute("stage", "status"),
    attribute("value", "currency", config={"currency": {"default_currency_code": "EUR"}}),
    attribute("associated_company", "record-reference"),
    attribute("associated_people", "record-reference"), attribute("owner", "actor-reference"),
    attribute("closing", "date", "Expected close date"), attribute("todo", "text", "Next step"),
]  # fmt: skip
PEOPLE = [
    attribute("name", "personal-name", of="person name"),
    attribute("email_addresses", "email-address"), attribute("phone_numbers", "phone-number"),
    attribute("job_title", "text"), attribute("company", "record-reference"),
]  # fmt: skip
ATTRIBUTES = {"companies": COMPANIES, "deals": DEALS, "people": PEOPLE}


def value(type_: str, **members: Any) -> Json:
    """One element of a list of values, with the bookkeeping that every one has."""
    return {
        "active_from": "2023-01-01T15:00:00.000000000Z",
        "active_until": None,
        "created_by_actor": ACTOR,
        "attribute_type": type_,
        **members,
    }


def record(name: str, created_at: str = MORNING, /, **values: Any) -> Json:
    return {
        "id": {"workspace_id": WORKSPACE, "object_id": uid("object"), "record_id": uid(name)},
        "created_at": created_at,
        "web_url": f"https://app.attio.com/w/{name}",
        "values": values,
    }


def company(name: str, created_at: str = MORNING, /, **more: Any) -> Json:
    """A company as it is listed: every attribute is named, most are empty."""
    empty: Json = {one["api_slug"]: [] for one in COMPANIES}
    return record(name, created_at, **{**empty, "name": [value("text", value=name)], **more})


class Workspace:
    """Answers by method and path, and remembers what was asked.

    An answer is a JSON value, a reply, or a function of the request.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.answers: dict[str, Any] = {
            f"GET /v2/objects/{name}/attributes": {"data": rows}
            for name, rows in ATTRIBUTES.items()
        } | dict(answers or {})
        self.requests: list[httpx.Request] = []
        self.attio = attio(self, **options)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(f"{request.method} {request.url.path}")
        answer = answer(request) if callable(answer) else answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer) if answer is not None else refused(404, "not_found")

    def bodies(self, path: str) -> list[Json]:
        return [orjson.loads(one.content) for one in self.requests if one.url.path == path]

    def asked(self, path: str) -> int:
        return sum(one.url.path == path for one in self.requests)


def attio(answer: Answer, **options: Any) -> Attio:
    """A connector whose server answers so, and which never jitters."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=True)
    return Attio(http, token=TOKEN, jitter=lambda: 0.0, **options)


def refused(status: int, code: str, message: str = "No", **reply: Any) -> httpx.Response:
    """Attio's envelope of errors."""
    kinds = {401: "auth_error", 403: "auth_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error")
    body = {"status_code": status, "type": kind, "code": code, "message": message}
    return httpx.Response(status, json=body, **reply)


def listed(rows: list[Json]) -> Callable[[httpx.Request], Json]:
    """A server that pages through rows as the real one does, by offset, limit and created_at."""

    def answer(request: httpx.Request) -> Json:
        asked = orjson.loads(request.content) if request.content else dict(request.url.params)
        bound = bound_of(asked.get("filter")) or ""
        found = [row for row in rows if row["created_at"] >= bound]
        start = int(asked["offset"])
        return {"data": found[start : start + int(asked["limit"])]}

    return answer


def bound_of(narrowed: Any) -> str | None:
    """The `created_at` from which on a filter lets rows through."""
    if not isinstance(narrowed, dict):
        return None
    if "$and" in narrowed:
        return next((found for one in narrowed["$and"] if (found := bound_of(one))), None)
    bound = narrowed.get("created_at", {}).get("$gte")
    return bound if isinstance(bound, str) else None
