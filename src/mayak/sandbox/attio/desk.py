"""Who is asking, what they may do, and how they are refused."""

import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from mayak.sandbox.attio.rows import SECOND, Actor, AttioRows, ListRow, ObjectType, Record, Token
from mayak.sandbox.exchange import Call, Reply
from mayak.sandbox.world import World

WINDOW = 10.0
"""Seconds over which the scores of queries are summed."""
READ_WRITE = "-write"


class Refused(Exception):
    """The request is answered with an error in Attio's envelope."""

    def __init__(
        self,
        status: int,
        kind: str,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        body = {"status_code": status, "type": kind, "code": code, "message": message}
        self.reply = Reply(status=status, body=body, headers=headers or {})


def unauthorized() -> Refused:
    return Refused(401, "auth_error", "unauthorized", "The access token is missing or not valid.")


def missing_scope(scope: str) -> Refused:
    message = f"This access token lacks the scope {scope}."
    return Refused(403, "auth_error", "missing_scope", message)


def not_found(what: str) -> Refused:
    return Refused(404, "invalid_request_error", "not_found", f"{what} could not be found.")


def invalid(message: str, code: str = "validation_type") -> Refused:
    return Refused(400, "invalid_request_error", code, message)


def conflict(message: str) -> Refused:
    return Refused(409, "invalid_request_error", "uniqueness_conflict", message)


def throttled(until: float) -> Refused:
    """Retry-After is an HTTP date: the first whole second not before `until`."""
    at = formatdate(-(-until // 1), usegmt=True)
    message = "You have exceeded the rate limit. Please try again after the given time."
    return Refused(
        429, "rate_limit_error", "rate_limit_exceeded", message, headers={"retry-after": at}
    )


class Seconds:
    """Calls of each token within one second of the World's clock."""

    def __init__(self) -> None:
        self._second = -1
        self._counts: Counter[str] = Counter()

    def exceeded(self, key: str, limit: int, *, at: float) -> bool:
        """Count a call under `key`; True from the (limit + 1)th of this second on."""
        if int(at) != self._second:
            self._second = int(at)
            self._counts.clear()
        self._counts[key] += 1
        return self._counts[key] > limit


class Scores:
    """What queries cost, summed over ten seconds and over every token of the workspace."""

    def __init__(self) -> None:
        self._spent: deque[tuple[float, float]] = deque()

    def spend(self, score: float, *, budget: float, at: float) -> float | None:
        """None when the budget allows it; else the time from which on it will."""
        while self._spent and self._spent[0][0] <= at - WINDOW:
            self._spent.popleft()
        left = budget - sum(cost for _, cost in self._spent)
        if score <= left:
            self._spent.append((at, score))
            return None
        for moment, cost in self._spent:
            left += cost
            if score <= left:
                return moment + WINDOW
        return at + WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One authenticated request: what its token may, and the words it came with."""

    call: Call
    token: Token
    scores: Scores

    @property
    def rows(self) -> AttioRows:
        return self.call.rows.attio

    @property
    def world(self) -> World:
        return self.call.world

    @property
    def actor(self) -> Actor:
        return Actor("api-token", self.token.id)

    def scopes(self) -> list[str]:
        """What the token may do now."""
        lost = {value for name, value in self.call.hidden if name == "scope"}
        return sorted(scope for scope in self.token.scopes if not _covered(scope, lost))

    def must(self, *scopes: str) -> None:
        """Raises Refused, with 403, for the first scope that is missing."""
        have = set(self.scopes())
        for scope in scopes:
            if scope not in have and scope + READ_WRITE not in have:
                raise missing_scope(scope)

    def kind(self, name: str | None = None) -> ObjectType:
        """An object by slug or id, from the path unless named. Raises Refused with 404."""
        name = self.call.path["object"] if name is None else name
        found = self.rows.object(name)
        if found is None or not self.sees(found):
            raise not_found(f"The object {name}")
        return found

    def sees(self, kind: ObjectType) -> bool:
        lost = {value for name, value in self.call.hidden if name == "object"}
        return kind.enabled and not lost & {kind.id, kind.slug}

    def record(self, kind: ObjectType | None = None, record_id: str | None = None) -> Record:
        """The record of the path, unless named. Raises Refused with 404."""
        kind = kind or self.kind()
        record_id = self.call.path["record_id"] if record_id is None else record_id
        found = self.rows.records[kind.id].get(record_id)
        if found is None:
            raise not_found(f"The record {record_id}")
        return found

    def place(self) -> ListRow:
        """The list of the path. Raises Refused with 404, also for an archived one."""
        found = self.rows.list_row(self.call.path["list"])
        if found is None:
            raise not_found(f"The list {self.call.path['list']}")
        return found

    def body(self) -> dict[str, Any]:
        """The JSON object of the request. Raises Refused with 400 for anything else."""
        try:
            body = json.loads(self.call.raw_body or b"{}")
        except ValueError as error:
            raise invalid("The body is not valid JSON.") from error
        if not isinstance(body, dict):
            raise invalid("The body must be an object.")
        return body

    def posted(self) -> dict[str, Any]:
        """What is under `data` in the body. Raises Refused with 400."""
        data = self.body().get("data")
        if not isinstance(data, dict):
            raise invalid("The body must have an object under data.")
        return data

    def paging(self, asked: Mapping[str, Any], *, default: int, most: int) -> tuple[int, int]:
        """(limit, offset). Raises Refused with 400."""
        limit = _whole(asked.get("limit"), "limit", default)
        offset = _whole(asked.get("offset"), "offset", 0)
        if not 1 <= limit <= most:
            raise invalid(f"limit must be between 1 and {most}.")
        return limit, offset

    def asked(self) -> dict[str, str]:
        """The query parameters, the last of a name."""
        return {name: values[-1] for name, values in self.call.query.items()}


def enter(call: Call, scores: Scores) -> Desk:
    """Authenticate by token. Raises Refused with 401."""
    token = token_of(call)
    if token is None or not token.active:
        raise unauthorized()
    return Desk(call=call, token=token, scores=scores)


def token_of(call: Call) -> Token | None:
    scheme, _, secret = call.headers.get("authorization", "").partition(" ")
    return call.world.attio.tokens.get(secret) if scheme.lower() == "bearer" else None


def seconds(at: int) -> float:
    """Nanoseconds as seconds since the epoch."""
    return at / SECOND


def _covered(scope: str, lost: set[str]) -> bool:
    return scope in lost or scope.removesuffix(READ_WRITE) in lost


def _whole(raw: Any, name: str, default: int) -> int:
    if raw is None:
        return default
    text = str(raw)
    if isinstance(raw, bool) or not text.isdecimal():
        raise invalid(f"{name} must be a whole number that is not negative.")
    return int(text)
