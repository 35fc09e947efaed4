"""What HTTP replies mean, whatever the service: clocks, waits, bodies that are no JSON."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from mayak.errors import Upstream
from mayak.kit.clock import now
from mayak.kit.text import storable, without_halves, without_nul

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=6)
WORDS = 200
"""Characters of a server's explanation that we repeat."""


def json_of(response: httpx.Response, *, service: str) -> Any:
    """The JSON value of a reply, without NUL characters. Raises Upstream when it has none."""
    body = response.content
    if body.lstrip()[:1] == b"<":
        raise Upstream(service, "it answered with a web page instead of JSON", kind="server")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _lenient(body, service)
    return without_nul(value) if b"\\u0000" in body else value


def _lenient(body: bytes, service: str) -> Any:
    """The value of a body that is JSON but for halves of characters, as cut emoji leave them.

    One such record must not keep its whole page away.
    """
    try:
        return without_halves(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise Upstream(service, "the reply broke off or is not JSON", kind="network") from error


def is_web_page(response: httpx.Response) -> bool:
    """Whether a proxy or a CDN speaks in the service's place."""
    return "html" in response.headers.get("content-type", "")


def server_time(response: httpx.Response) -> datetime | None:
    """The server's own clock, to the second; None when it did not say."""
    return http_date(response.headers.get("date"))


def said(words: object, *, secret: str = "") -> str:
    """A server's explanation as it may be repeated: short, storable, without the secret."""
    if not isinstance(words, str):
        return ""
    # Without NULs, which no database row takes: what went wrong has to be written down.
    text = storable(words.replace(secret, "***") if secret else words)
    return text[:WORDS]


def asked_to_wait(
    response: httpx.Response, *, shortest: timedelta = SHORTEST_WAIT
) -> timedelta | None:
    """Retry-After in either of its forms, seconds or a date by the server's clock.

    Within reason whatever it says: from `shortest` to six hours. None when it is not there.
    """
    header = response.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        # More digits than these are beyond reason already, and beyond a timedelta soon.
        asked = timedelta(seconds=int(header.lstrip("0")[:9] or "0"))
    elif (until := http_date(header)) is not None:
        asked = until - (server_time(response) or now())
    else:
        return None
    return min(max(asked, shortest), LONGEST_WAIT)


def http_date(text: str | None) -> datetime | None:
    """The instant of an HTTP date; None for anything else."""
    try:
        at = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
