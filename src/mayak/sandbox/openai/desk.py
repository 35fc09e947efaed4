"""Who is asking a model, what they asked, and how they are refused."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from mayak.sandbox.exchange import Call, Reply
from mayak.sandbox.faults import Fault
from mayak.sandbox.openai.habits import Habits, Problem
from mayak.sandbox.openai.limits import Limits
from mayak.sandbox.openai.provider import Provider

JSON = "application/json"


class Refused(Exception):
    """The request is answered with an error, in the words of the server."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.problem = Problem(status=status, message=message, type=kind, param=param, code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request by somebody who may ask."""

    call: Call
    habits: Habits
    limits: Limits

    @property
    def provider(self) -> Provider:
        return self.call.world.openai

    def fault(self, kind: str) -> Fault | None:
        """The first fault of a kind that only the operation itself can act out."""
        return next((one for one in self.call.faults if one.kind == kind), None)

    def body(self, known: Collection[str]) -> dict[str, Any]:
        """The JSON object of the request. Raises Refused."""
        try:
            body = json.loads(self.call.raw_body)
            if b"\\ud" in self.call.raw_body.lower():
                # Half of a pair of surrogates is no text.
                json.dumps(body, ensure_ascii=False).encode()
        except ValueError as error:
            message = "We could not parse the JSON body of your request."
            raise Refused(400, message) from error
        if not isinstance(body, dict):
            raise Refused(400, "Invalid type for the body: expected an object.")
        unknown = next((name for name in body if name not in known), None)
        if self.habits.strict and unknown is not None:
            message = f"Unknown parameter: '{unknown}'."
            raise Refused(400, message, param=unknown, code="unknown_parameter")
        return body

    def model(self, body: dict[str, Any], served: Collection[str], default: str) -> str:
        """The name of a model that is served. Raises Refused."""
        name = body.get("model")
        if not self.habits.knows_models:
            return name if isinstance(name, str) and name in served else default
        if name is None:
            raise Refused(400, "you must provide a model parameter")
        if not isinstance(name, str) or name not in served:
            message = f"The model `{name}` does not exist or you do not have access to it."
            raise Refused(404, message, code="model_not_found")
        return name

    def whole(self, body: dict[str, Any], name: str) -> int | None:
        """A whole number from 1 up; None when it is not given. Raises Refused."""
        value = body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"Invalid type for '{name}': expected an integer."
            raise Refused(400, message, param=name, code="invalid_type")
        if value < 1:
            message = f"Invalid '{name}': integer below minimum value. Expected a value >= 1."
            raise Refused(400, message, param=name, code="integer_below_min_value")
        return value


def enter(call: Call, habits: Habits, limits: Limits) -> Desk:
    """Raises Refused with 401."""
    if habits.checks_key:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise Refused(401, "You didn't provide an API key in an Authorization header.")
        if key != call.world.openai.key:
            raise unauthorized(key)
    return Desk(call=call, habits=habits, limits=limits)


def unauthorized(key: str = "") -> Refused:
    message = f"Incorrect API key provided: {key[:3]}***."
    return Refused(401, message, code="invalid_api_key")


def out_of_quota() -> Refused:
    message = "You exceeded your current quota, please check your plan and billing details."
    return Refused(429, message, kind="insufficient_quota", code="insufficient_quota")


def refusal(habits: Habits, refused: Refused) -> Reply:
    problem = refused.problem
    return Reply(status=problem.status, body=habits.error(problem), media_type=JSON)
