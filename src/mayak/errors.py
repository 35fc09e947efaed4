"""Every failure this system raises on purpose.

    AppError                  500
    ├─ InvalidInput           422  the request is understood and wrong
    ├─ Unauthenticated        401
    ├─ Forbidden              403
    ├─ NotFound               404
    ├─ Conflict               409
    ├─ TooMany                429  come back after `retry_after`
    ├─ Misconfigured          500  a setting is missing or wrong; the message names it
    ├─ LeaseLost              500  a paused worker came back after its run was given to another
    └─ Upstream               502  a service we depend on failed; retrying may help
       └─ UpstreamRejected    502  it refused our request; retrying cannot help

Two edges read this tree: `http.errors` turns it into problem+json, `automation` into
retry or dead letter. Nothing in between catches it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

UpstreamKind = Literal[
    "auth", "rate_limit", "schema", "not_found", "network", "server", "rejected", "quota"
]
"""Why a service failed, in the words of `connector_errors.kind`."""


class AppError(Exception):
    """Base of the tree. A subclass is a dataclass; its fields travel with the problem+json."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "Something failed on our side."
    retryable: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.message.format(**vars(self))

    def facts(self) -> dict[str, object]:
        """The fields of the error, for the reader of the problem."""
        return dict(vars(self))


@dataclass(eq=False)
class InvalidInput(AppError):
    status = 422
    code = "invalid_input"
    message = "{field}: {reason}"

    field: str
    reason: str


@dataclass(eq=False)
class Unauthenticated(AppError):
    status = 401
    code = "unauthenticated"
    message = "Log in first."


@dataclass(eq=False)
class Forbidden(AppError):
    status = 403
    code = "forbidden"
    message = "Your role does not allow this."


class NotFound(AppError):
    status = 404
    code = "not_found"
    message = "There is no such thing here."


class Conflict(AppError):
    status = 409
    code = "conflict"
    message = "This does not fit the present state."


@dataclass(eq=False)
class TooMany(AppError):
    status = 429
    code = "too_many"
    message = "Too many requests; come back in {seconds} s."

    retry_after: timedelta

    @property
    def seconds(self) -> int:
        return max(1, int(self.retry_after.total_seconds()))

    def __str__(self) -> str:
        return self.message.format(seconds=self.seconds)


@dataclass(eq=False)
class Misconfigured(AppError):
    code = "misconfigured"
    message = "{setting}: {reason}"

    setting: str
    reason: str


@dataclass(eq=False)
class LeaseLost(AppError):
    code = "lease_lost"
    message = "Run {run_id} belongs to another worker now; nothing was committed."

    run_id: object


@dataclass(eq=False)
class Upstream(AppError):
    status = 502
    code = "upstream_failed"
    message = "{service} failed: {reason}"
    retryable = True

    service: str
    reason: str
    kind: UpstreamKind = "server"
    retry_after: timedelta | None = None


@dataclass(eq=False)
class UpstreamRejected(Upstream):
    code = "upstream_rejected"
    message = "{service} refused the request: {reason}"
    retryable = False

    kind: UpstreamKind = "rejected"
