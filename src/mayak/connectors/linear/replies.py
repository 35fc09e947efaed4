"""What Linear's replies mean: data, a failure that may heal, or a refusal.

The status says little: a rate limit comes as 400, a failure inside of a resolver as 200 with half
of the data. What counts is `errors[].extensions`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import isfinite
from typing import Any, NoReturn

import httpx

from mayak.connectors.base import Allowance
from mayak.connectors.replies import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    asked_to_wait,
    is_web_page,
    json_of,
    said,
    server_time,
)
from mayak.errors import Upstream, UpstreamKind, UpstreamRejected
from mayak.kit.clock import now

SERVICE = "Linear"
UNTOLD_WAIT = timedelta(minutes=1)
"""After a rate limit that does not say when it ends."""

MAY_HEAL = frozenset({"lock timeout", "internal error", "network error", "bootstrap error"})
REFUSALS: Mapping[str, UpstreamKind] = {
    "authentication error": "auth",
    "forbidden": "auth",
    "feature not accessible": "rejected",
    "usage limit exceeded": "quota",
}
"""Refusals that stand even when other parts of the reply came through."""
CODES: Mapping[str, UpstreamKind] = {
    "AUTHENTICATION_ERROR": "auth",
    "FORBIDDEN": "auth",
    "GRAPHQL_VALIDATION_FAILED": "schema",
    "GRAPHQL_PARSE_FAILED": "schema",
}
SECONDS_END = 10**11
"""Epochs below are seconds, above milliseconds: they are documented as the latter."""

Problem = Mapping[str, Any]


class TooComplex(UpstreamRejected):
    """The question costs more than any question may: a shorter page may pass, waiting never."""


def read(response: httpx.Response, *, secrets: Sequence[str]) -> dict[str, Any]:
    """The data of a reply without errors, without NUL characters.

    Raises Upstream when coming back may help, UpstreamRejected when it cannot. A reply with
    errors is never data, whatever else it brings. Messages never contain one of `secrets`.
    """
    status = response.status_code
    problems, body = _problems(response)
    if status == HTTPStatus.TOO_MANY_REQUESTS or any(_limited(one) for one in problems):
        _limit(response)
    if response.is_redirect:
        # Never followed: the key would travel along to whatever host is named there.
        reason = f"HTTP {status}, it points to another address"
        raise UpstreamRejected(SERVICE, reason, kind="rejected")
    if problems:
        _refuse(response, problems, body, secrets)
    if not response.is_success:
        _refuse_without_words(response)
    data = body.get("data")
    if not isinstance(data, dict):
        raise UpstreamRejected(SERVICE, "the reply has no data", kind="schema")
    return data


def allowances(response: httpx.Response) -> list[Allowance]:
    """What the headers say about the budgets of this key's user."""
    found = [
        _allowance(response, "requests", "requests"),
        _allowance(response, "complexity", "complexity"),
    ]
    if endpoint := response.headers.get("x-ratelimit-endpoint-name"):
        found.append(_allowance(response, "endpoint-requests", f"endpoint:{endpoint}"))
    return [one for one in found if one is not None]


def told(limits: object) -> list[Allowance]:
    """The same from `rateLimitStatus.limits`, the one place that names the periods."""
    found = []
    for one in limits if isinstance(limits, list) else []:
        limit = _number(one.get("allowedAmount")) if isinstance(one, dict) else None
        budget = _budget(str(one.get("type"))) if limit is not None else None
        if limit is None or budget is None:
            continue
        period = _number(one.get("period"))
        found.append(
            Allowance(
                budget=budget,
                limit=limit,
                remaining=_number(one.get("remainingAmount")),
                resets_at=_epoch(_number(one.get("reset"))),
                period=timedelta(milliseconds=period) if period and period < SECONDS_END else None,
            )
        )
    return found


def _budget(type_: str) -> str | None:
    words = type_.lower()
    if "endpoint" in words:
        return None  # of which endpoint is in the headers alone
    if "complexity" in words:
        return "complexity"
    return "requests" if "request" in words else None


def _allowance(response: httpx.Response, header: str, budget: str) -> Allowance | None:
    prefix = f"x-ratelimit-{header}"
    limit = _number(response.headers.get(f"{prefix}-limit"))
    if limit is None:
        return None
    return Allowance(
        budget=budget,
        limit=limit,
        remaining=_number(response.headers.get(f"{prefix}-remaining")),
        resets_at=_epoch(_number(response.headers.get(f"{prefix}-reset"))),
    )


def _number(value: object) -> float | None:
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and isfinite(number) else None


def _epoch(value: float | None) -> datetime | None:
    if not value:
        return None
    try:
        return datetime.fromtimestamp(value if value < SECONDS_END else value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _problems(response: httpx.Response) -> tuple[list[Problem], dict[str, Any]]:
    """The errors of a reply, and the reply: empty where a failure came without Linear's words."""
    if is_web_page(response) and not response.is_success:
        return [], {}
    try:
        body = json_of(response, service=SERVICE)
    except Upstream:
        if response.is_success:
            raise
        return [], {}
    if not isinstance(body, dict):
        body = {}
    errors = body.get("errors") or []
    listed = errors if isinstance(errors, list) else [errors]
    return [one if isinstance(one, dict) else {"message": str(one)} for one in listed], body


def _extensions(problem: Problem) -> Mapping[str, Any]:
    found = problem.get("extensions")
    return found if isinstance(found, dict) else {}


def _type(problem: Problem) -> str:
    return str(_extensions(problem).get("type", "")).lower()


def _code(problem: Problem) -> str:
    return str(_extensions(problem).get("code", "")).upper()


def _limited(problem: Problem) -> bool:
    status = _extensions(problem).get("statusCode")
    return (
        _type(problem) == "ratelimited"
        or _code(problem) == "RATELIMITED"
        or status == HTTPStatus.TOO_MANY_REQUESTS
    )


def _limit(response: httpx.Response) -> NoReturn:
    """Raises Upstream that says when to come back: when the last empty budget is full again."""
    resets = [
        one.resets_at
        for one in allowances(response)
        if one.remaining is not None and one.remaining < 1 and one.resets_at is not None
    ]
    if resets:
        at = server_time(response) or now()
        wait = min(max(max(resets) - at, SHORTEST_WAIT), LONGEST_WAIT)
    else:
        wait = asked_to_wait(response) or UNTOLD_WAIT
    reason = f"HTTP {response.status_code}, the rate limit of this key's user is reached"
    raise Upstream(SERVICE, reason, kind="rate_limit", retry_after=wait)


def _refuse(
    response: httpx.Response,
    problems: Sequence[Problem],
    body: Mapping[str, Any],
    secrets: Sequence[str],
) -> NoReturn:
    """Raises what the gravest of the errors means."""
    partial = _has_content(body.get("data"))
    for problem in problems:
        type_ = _type(problem)
        if kind := REFUSALS.get(type_) or _refused_by(response, problem):
            hint = "the key may not do this: " if _forbidden(response, problem) else ""
            raise UpstreamRejected(SERVICE, hint + _words(problem, secrets), kind=kind)
    words = _words(problems[0], secrets)
    if partial:
        raise Upstream(SERVICE, f"only a part of the data came: {words}", kind="server")
    if response.is_server_error or any(_may_heal(one) for one in problems):
        asked = asked_to_wait(response)
        raise Upstream(SERVICE, words, kind="server", retry_after=asked)
    if any(_too_complex(one) for one in problems):
        raise TooComplex(SERVICE, words, kind="rejected")
    if any("not found" in str(one.get("message", "")).lower() for one in problems):
        raise UpstreamRejected(SERVICE, words, kind="not_found")
    raise UpstreamRejected(SERVICE, words, kind="rejected")


def _refused_by(response: httpx.Response, problem: Problem) -> UpstreamKind | None:
    """The kind of a refusal that only a code or a status names."""
    if kind := CODES.get(_code(problem)):
        return kind
    closed = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if response.status_code in closed or _extensions(problem).get("statusCode") in closed:
        return "auth"
    return None


def _forbidden(response: httpx.Response, problem: Problem) -> bool:
    return (
        _type(problem) == "forbidden"
        or _code(problem) == "FORBIDDEN"
        or HTTPStatus.FORBIDDEN in {response.status_code, _extensions(problem).get("statusCode")}
    )


def _may_heal(problem: Problem) -> bool:
    status = _extensions(problem).get("statusCode")
    broken = isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return broken or _type(problem) in MAY_HEAL or _code(problem) == "INTERNAL_SERVER_ERROR"


def _too_complex(problem: Problem) -> bool:
    return "too complex" in str(problem.get("message", "")).lower()


def _words(problem: Problem, secrets: Sequence[str]) -> str:
    """The message, and what is said to people where it says more."""
    message = _said(problem.get("message"), secrets) or "an error without a message"
    more = _said(_extensions(problem).get("userPresentableMessage"), secrets)
    return f"{message} ({more})" if more and more != message else message


def _said(words: object, secrets: Sequence[str]) -> str:
    for secret in secrets:
        words = words.replace(secret, "***") if isinstance(words, str) and secret else words
    return said(words)


def _has_content(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_content(item) for item in value.values())
    return value is not None


def _refuse_without_words(response: httpx.Response) -> NoReturn:
    status = response.status_code
    reason = f"HTTP {status}"
    # A page in place of Linear's own JSON is a proxy or a CDN speaking: it says nothing about us.
    if response.is_server_error or is_web_page(response) or status == HTTPStatus.REQUEST_TIMEOUT:
        asked = asked_to_wait(response)
        raise Upstream(SERVICE, reason, kind="server", retry_after=asked)
    if status == HTTPStatus.UNAUTHORIZED:
        raise UpstreamRejected(SERVICE, f"{reason}, the key is not accepted", kind="auth")
    if status == HTTPStatus.FORBIDDEN:
        raise UpstreamRejected(SERVICE, f"{reason}, the key may not do this", kind="auth")
    raise UpstreamRejected(SERVICE, reason, kind="rejected")
