"""What Chatwoot's replies mean: a JSON value, a failure that may heal, or a refusal."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NoReturn

import httpx
import orjson

from mayak.errors import Upstream, UpstreamRejected
from mayak.kit.clock import now
from mayak.kit.text import storable, without_nul

SERVICE = "Chatwoot"
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=6)
WORDS = 200
"""Characters of a server's explanation that we repeat."""

Jitter = Callable[[], float]


def seconds_of_jitter() -> float:
    """A little over a second, so that several workers do not come back in the same instant."""
    return 0.5 + 2 * random.random()  # noqa: S311  (spreads load, guards nothing)


def read(response: httpx.Response, *, secret: str, jitter: Jitter = seconds_of_jitter) -> Any:
    """The JSON value of a good reply, without NUL characters.

    Raises Upstream when coming back may help, UpstreamRejected when it cannot. Messages never
    contain `secret`, whatever the server wrote.
    """
    if not response.is_success:
        _refuse(response, secret, jitter)
    body = response.content
    if body.lstrip()[:1] == b"<":
        raise Upstream(SERVICE, "it answered with a web page instead of JSON", kind="server")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Upstream(SERVICE, "the reply broke off or is not JSON", kind="network") from error
    return without_nul(value) if b"\\u0000" in body else value


def server_time(response: httpx.Response) -> datetime | None:
    """The server's own clock, to the second; None when it did not say."""
    return _http_date(response.headers.get("date"))


def _refuse(response: httpx.Response, secret: str, jitter: Jitter) -> NoReturn:
    status = response.status_code
    reason = f"HTTP {status}"
    if words := _explanation(response):
        reason += f", {words.replace(secret, '***') if secret else words}"
    page = "html" in response.headers.get("content-type", "")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _asked_to_wait(response)
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
    if response.is_server_error or page or status == HTTPStatus.REQUEST_TIMEOUT:
        asked = _asked_to_wait(response)
        raise Upstream(SERVICE, reason, kind="server", retry_after=asked)
    if status == HTTPStatus.NOT_FOUND:
        raise UpstreamRejected(SERVICE, reason, kind="not_found")
    raise UpstreamRejected(SERVICE, reason, kind="rejected")


def _explanation(response: httpx.Response) -> str:
    """What the server says in `error` or `message`; it uses both. Empty when neither is there."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return ""
    said = (body.get("error") or body.get("message")) if isinstance(body, dict) else None
    # Without NULs, which no database row takes: what went wrong has to be written down.
    return storable(said)[:WORDS] if isinstance(said, str) else ""


def _asked_to_wait(response: httpx.Response) -> timedelta | None:
    """Retry-After in either of its forms, seconds or a date by the server's clock.

    Within reason whatever it says: from a second to six hours.
    """
    header = response.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        # More digits than these are beyond reason already, and beyond a timedelta soon.
        asked = timedelta(seconds=int(header.lstrip("0")[:9] or "0"))
    elif (until := _http_date(header)) is not None:
        asked = until - (server_time(response) or now())
    else:
        return None
    return min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)


def _to_next_minute(response: httpx.Response, jitter: Jitter) -> timedelta:
    """Limits count in fixed minutes of the server's clock, and the reply does not say when."""
    at = server_time(response) or now()
    return timedelta(seconds=60 - at.timestamp() % 60 + jitter())


def _http_date(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
