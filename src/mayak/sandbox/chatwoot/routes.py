"""Which call is which operation, and how each of them is served."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mayak.sandbox.chatwoot import account, contacts, conversations, messages
from mayak.sandbox.chatwoot.desk import Desk, Refused, enter
from mayak.sandbox.exchange import Call, Reply, Service, Windows, exchange
from mayak.sandbox.world import World

Operation = Callable[[Desk], Reply]

SEARCHES_PER_MINUTE = 100
OF_ACCOUNT = "/api/v1/accounts/{account_id}"
ONE = OF_ACCOUNT + "/conversations/{conversation_id}"

OPERATIONS: list[tuple[str, str, str, Operation]] = [
    ("GET", "/api/v1/profile", "profile.show", account.profile),
    ("GET", OF_ACCOUNT + "/conversations", "conversations.list", conversations.index),
    ("POST", OF_ACCOUNT + "/conversations", "conversations.create", conversations.create),
    ("GET", OF_ACCOUNT + "/conversations/meta", "conversations.meta", conversations.meta),
    ("POST", OF_ACCOUNT + "/conversations/filter", "conversations.filter", conversations.filtered),
    ("GET", ONE, "conversations.show", conversations.show),
    ("DELETE", ONE, "conversations.delete", conversations.destroy),
    ("POST", ONE + "/toggle_status", "conversations.toggle_status", conversations.toggle_status),
    ("GET", ONE + "/labels", "conversations.labels", conversations.labels),
    ("POST", ONE + "/labels", "conversations.set_labels", conversations.set_labels),
    ("GET", ONE + "/messages", "messages.list", messages.index),
    ("POST", ONE + "/messages", "messages.create", messages.create),
    ("DELETE", ONE + "/messages/{message_id}", "messages.delete", messages.destroy),
    ("GET", OF_ACCOUNT + "/contacts", "contacts.list", contacts.index),
    ("POST", OF_ACCOUNT + "/contacts", "contacts.create", contacts.create),
    ("GET", OF_ACCOUNT + "/contacts/search", "contacts.search", contacts.search),
    ("POST", OF_ACCOUNT + "/contacts/filter", "contacts.filter", contacts.filtered),
    ("GET", OF_ACCOUNT + "/contacts/{contact_id}", "contacts.show", contacts.show),
    ("PUT", OF_ACCOUNT + "/contacts/{contact_id}", "contacts.update", contacts.update),
    ("PATCH", OF_ACCOUNT + "/contacts/{contact_id}", "contacts.update", contacts.update),
    ("DELETE", OF_ACCOUNT + "/contacts/{contact_id}", "contacts.delete", contacts.destroy),
    ("GET", OF_ACCOUNT + "/contacts/{contact_id}/conversations", "contacts.conversations",
     contacts.conversations),
    ("POST", OF_ACCOUNT + "/actions/contact_merge", "contacts.merge", contacts.merge),
    ("GET", OF_ACCOUNT + "/inboxes", "inboxes.list", account.inboxes),
    ("GET", OF_ACCOUNT + "/inboxes/{inbox_id}", "inboxes.show", account.inbox),
    ("GET", OF_ACCOUNT + "/agents", "agents.list", account.agents),
    ("GET", OF_ACCOUNT + "/teams", "teams.list", account.teams),
    ("GET", OF_ACCOUNT + "/labels", "labels.list", account.labels),
    ("GET", OF_ACCOUNT + "/custom_attribute_definitions", "custom_attribute_definitions.list",
     account.custom_attributes),
    ("GET", OF_ACCOUNT + "/reporting_events", "reporting_events.list", account.reporting_events),
    ("GET", OF_ACCOUNT + "/webhooks", "webhooks.list", account.webhooks),
    ("POST", OF_ACCOUNT + "/webhooks", "webhooks.create", account.create_webhook),
    ("PATCH", OF_ACCOUNT + "/webhooks/{webhook_id}", "webhooks.update", account.update_webhook),
    ("PUT", OF_ACCOUNT + "/webhooks/{webhook_id}", "webhooks.update", account.update_webhook),
    ("DELETE", OF_ACCOUNT + "/webhooks/{webhook_id}", "webhooks.delete", account.delete_webhook),
]  # fmt: skip

NO_SUCH_PAGE = b"<!DOCTYPE html><html><head><title>404</title></head><body></body></html>\n"


def chatwoot_routes(world: World) -> list[BaseRoute]:
    """Routes of one Chatwoot over the World, to be mounted anywhere; limits are shared by them."""
    service = chatwoot_service()
    made: list[BaseRoute] = [
        Route(path, _endpoint(world, service, op, _guarded(operation)), methods=[method])
        for method, path, op, operation in OPERATIONS
    ]
    unknown = _endpoint(world, service, "unknown", _unknown)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [*made, Route("/api/{rest:path}", unknown, methods=methods)]


def chatwoot_service() -> Service:
    windows = Windows()

    def over_limit(call: Call, op: str) -> bool:
        at = call.world.clock.timestamp()
        over = windows.exceeded(f"ip:{call.client}", call.world.requests_per_minute, at=at)
        if op == "contacts.search":
            key = f"search:{call.path.get('account_id')}"
            over = windows.exceeded(key, SEARCHES_PER_MINUTE, at=at) or over
        return over

    return Service(
        name="chatwoot",
        # No Retry-After and no JSON: rack-attack's own words.
        throttled=Reply(status=429, body=b"Retry later\n", media_type="text/plain"),
        expired=Reply(status=401, body={"error": "Invalid Access Token"}),
        over_limit=over_limit,
        rows_of=_rows_of,
    )


def _endpoint(
    world: World, service: Service, op: str, answer: Callable[[Call], Reply]
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        return await exchange(request, world=world, service=service, op=op, answer=answer)

    return endpoint


def _guarded(operation: Operation) -> Callable[[Call], Reply]:
    def answer(call: Call) -> Reply:
        try:
            return operation(enter(call))
        except Refused as refused:
            return refused.reply

    return answer


def _unknown(_call: Call) -> Reply:
    return Reply(status=404, body=NO_SUCH_PAGE, media_type="text/html")


def _rows_of(body: Any) -> list[Any]:
    """Envelopes differ per call: data.payload, payload, payload.webhooks or a bare array."""
    if isinstance(body, dict):
        body = body.get("data", body)
        body = body.get("payload") if isinstance(body, dict) else None
        body = body.get("webhooks") if isinstance(body, dict) and "webhooks" in body else body
    return body if isinstance(body, list) else []
