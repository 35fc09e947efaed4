"""What Chatwoot's replies mean: they are good, a failure that may heal, or a refusal."""

import random
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NoReturn

import httpx
import orjson

from mayak.connectors.replies import asked_to_wait, is_web_page, said, server_time
from mayak.errors import Upstream, UpstreamRejected
from mayak.kit.clock import now

SERVICE = "Chatwoot"

Jitter = Callable[[], float]


def seconds_of_jitter() -> float:
    """A little over a second, so that several workers do not come back in the same instant."""
    return 0.5 + 2 * random.random()  # noqa: S311  (spreads load, guards nothing)


def accept(response: httpx.Response, *, secret: str, jitter: Jitter = seconds_of_jitter) -> None:
    """Let a good reply pass.

    Raises Upstream when coming back may help, UpstreamRejected when it cannot. Messages never
    contain `secret`, whatever the server wrote.
    """
    if not response.is_success:
        _refuse(response, secret, jitter)


def _refuse(response: httpx.Response, secret: str, jitter: Jitter) -> NoReturn:
    status = response.status_code
    reason = f"HTTP {status}"
    if words := _explanation(response, secret):
        reason += f", {words}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = asked_to_wait(response)
        if wait is None:
            wait = _to_next_minute(response, jitter)
        raise Upstream(SERVICE, "HTTP 429, too many requests", kind="rate_limit", retry_after=wait)
    if response.is_redirect:
        # Never followed: the token would travel along to whatever host is named there.
        raise UpstreamRejected(SERVICE, f"{reason}, it points to another address", kind="rejected")
    if status == HTTPStatus.UNAUTHORIZED:
        raise UpstreamRejected(SERVICE, reason, kind="auth")
    # A page in place of Chatwoot's own JSON is a proxy or a CDN speaking: it says nothing
    # about the record that was asked for.
    if response.is_server_error or is_web_page(response) or status == HTTPStatus.REQUEST_TIMEOUT:
        asked = asked_to_wait(response)
        raise Upstream(SERVICE, reason, kind="server", retry_after=asked)
    if status == HTTPStatus.NOT_FOUND:
        if not _says_error(response):
            raise Upstream(SERVICE, f"{reason}, which are not Chatwoot's words", kind="server")
        raise UpstreamRejected(SERVICE, reason, kind="not_found")
    raise UpstreamRejected(SERVICE, reason, kind="rejected")


def _says_error(response: httpx.Response) -> bool:
    """Whether Chatwoot itself says that something is not there, as {"error": ...}.

    Gateways on the way have 404s of their own, in plain text and in other JSON; taken for
    Chatwoot's, they would bury every record that is asked for while they last.
    """
    body = _object(response)
    return isinstance(body.get("error"), str)


def _explanation(response: httpx.Response, secret: str) -> str:
    """What the server says in `error` or `message`; it uses both. Empty when neither is there."""
    body = _object(response)
    return said(body.get("error") or body.get("message"), secret=secret)


def _object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of a reply; an empty one when it has none."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _to_next_minute(response: httpx.Response, jitter: Jitter) -> timedelta:
    """Limits count in fixed minutes of the server's clock, and the reply does not say when."""
    at = server_time(response) or now()
    return timedelta(seconds=60 - at.timestamp() % 60 + jitter())
