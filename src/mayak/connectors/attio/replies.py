"""What Attio's replies mean: an answer, a failure that may heal, or a refusal."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NoReturn

import httpx
import orjson

from mayak.connectors.replies import asked_to_wait, is_web_page, said
from mayak.errors import Upstream, UpstreamRejected

SERVICE = "Attio"
SHORTEST_WAIT = timedelta(seconds=0.1)
"""Retry-After names the next full second, which is often over when the reply arrives."""
USUAL_WAIT = timedelta(seconds=1)
"""Limits are counted per second; this is for a refusal that does not say until when."""
TOO_HEAVY = re.compile(r"simplif|too complex|too expensive|complexity|\bscore\b", re.IGNORECASE)
PASSES = re.compile(r"try again|later|window|sliding|seconds", re.IGNORECASE)
"""What is said of the budget of all queries together, which fills up again by itself."""

Jitter = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What has to be known of a request to say why it was refused."""

    scopes: Sequence[str] = ()
    """The permissions that the documentation asks for."""
    absent: str = ""
    """What it means that the address is unknown."""


def seconds_of_jitter() -> float:
    """A part of a second, so that several workers do not come back in the same instant."""
    return 0.5 * random.random()  # noqa: S311  (spreads load, guards nothing)


def check(
    response: httpx.Response, asked: Asked, *, secret: str, jitter: Jitter = seconds_of_jitter
) -> None:
    """Nothing for a good reply.

    Raises Upstream when coming back may help, UpstreamRejected when it cannot. Messages never
    contain `secret`, whatever the server wrote.
    """
    if not response.is_success:
        _refuse(response, asked, secret, jitter)


def rows(body: Any) -> list[Any]:
    """The list that an envelope holds. Raises UpstreamRejected of kind schema without one."""
    found = body.get("data") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise UpstreamRejected(SERVICE, "the reply has no list called data", kind="schema")
    return found


def row(body: Any) -> dict[str, Any]:
    """The object that an envelope holds. Raises UpstreamRejected of kind schema without one."""
    found = body.get("data") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise UpstreamRejected(SERVICE, "the reply has no object called data", kind="schema")
    return found


def _refuse(response: httpx.Response, asked: Asked, secret: str, jitter: Jitter) -> NoReturn:
    status = response.status_code
    code, words = _explanation(response, secret)
    reason = ", ".join(part for part in (f"HTTP {status}", words) if part)
    if _too_heavy(status, code, words):
        reason += "; the query alone is over the limit: simplify it, waiting does not help"
        raise UpstreamRejected(SERVICE, reason, kind="rejected")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = asked_to_wait(response, shortest=SHORTEST_WAIT) or USUAL_WAIT
        wait += timedelta(seconds=jitter())
        raise Upstream(SERVICE, reason, kind="rate_limit", retry_after=wait)
    if response.is_redirect:
        # Never followed: the token would travel along to whatever host is named there.
        raise UpstreamRejected(SERVICE, f"{reason}, it points to another address", kind="rejected")
    if status == HTTPStatus.UNAUTHORIZED:
        raise UpstreamRejected(SERVICE, reason, kind="auth")
    # A page in place of Attio's own JSON is a proxy or a CDN speaking: it says nothing about
    # the record that was asked for.
    if response.is_server_error or is_web_page(response) or status == HTTPStatus.REQUEST_TIMEOUT:
        raise Upstream(SERVICE, reason, kind="server", retry_after=asked_to_wait(response))
    if status == HTTPStatus.FORBIDDEN and code != "billing_error":
        needs = " and ".join(asked.scopes) or "a permission"
        reason += f"; this needs {needs} of the token"
        raise UpstreamRejected(SERVICE, reason, kind="auth")
    if status == HTTPStatus.NOT_FOUND:
        reason += f"; {asked.absent}" if asked.absent else ""
        raise UpstreamRejected(SERVICE, reason, kind="not_found")
    raise UpstreamRejected(SERVICE, reason, kind="rejected")


def _too_heavy(status: int, code: str, words: str) -> bool:
    """Whether one query costs more than any query may, rather than too many came at once.

    The documentation tells the two apart and shows neither reply, so this goes by their words;
    a filter that is merely wrong may quote an attribute called score.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return bool(TOO_HEAVY.search(f"{code} {words}")) and not PASSES.search(words)
    if status == HTTPStatus.BAD_REQUEST and code != "filter_error":
        return bool(TOO_HEAVY.search(f"{code} {words}"))
    return False


def _explanation(response: httpx.Response, secret: str) -> tuple[str, str]:
    """Code and message of the envelope; each is empty when it is not there."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return "", ""
    if not isinstance(body, dict):
        return "", ""
    return said(body.get("code")), said(body.get("message"), secret=secret)
