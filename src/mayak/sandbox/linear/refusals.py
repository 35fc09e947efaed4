"""What Linear says no with."""

from typing import Any

from graphql import GraphQLError

from mayak.sandbox.exchange import Reply


def problem(
    message: str,
    *,
    code: str,
    type_: str,
    status: int,
    user_error: bool = True,
    hint: str | None = None,
) -> dict[str, Any]:
    """One of the `errors` of an answer."""
    extensions = {
        "code": code,
        "type": type_,
        "statusCode": status,
        "userError": user_error,
        "userPresentableMessage": hint or message,
        "meta": {},
    }
    return {"message": message, "extensions": extensions}


def refused(status: int, *problems: dict[str, Any]) -> Reply:
    return Reply(status=status, body={"errors": list(problems)})


def bad_input(message: str, *, hint: str | None = None) -> Reply:
    """A request that will never be answered as it is."""
    return refused(
        400, problem(message, code="INPUT_ERROR", type_="invalid input", status=400, hint=hint)
    )


def unauthenticated(status: int, message: str) -> Reply:
    code = "AUTHENTICATION_ERROR"
    return refused(status, problem(message, code=code, type_="authentication error", status=status))


RATE_LIMITED = refused(
    400,
    problem(
        "Rate limit exceeded",
        code="RATELIMITED",
        type_="ratelimited",
        status=429,
        hint="Too many requests. Please slow down and try again later.",
    ),
)


class BadInput(GraphQLError):
    """An argument that is refused: the whole call is answered with HTTP 400."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        told = problem(message, code="INPUT_ERROR", type_="invalid input", status=400, hint=hint)
        super().__init__(message, extensions=told["extensions"])


class NoSuchEntity(GraphQLError):
    """A row that does not exist or is not seen: told among the errors of an answered call."""

    def __init__(self, kind: str) -> None:
        told = problem(
            f"Entity not found: {kind}",
            code="INPUT_ERROR",
            type_="invalid input",
            status=400,
            hint=f"Could not find referenced {kind}.",
        )
        super().__init__(told["message"], extensions=told["extensions"])


class NotServed(GraphQLError):
    """Part of the schema without anything behind it: a gap of ours, told loudly."""
