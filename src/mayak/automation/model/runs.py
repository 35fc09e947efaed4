"""Runs: rows of `worker_runs`, how long a failed one waits, and which failures are the same."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from mayak.automation.model.jobs import Trigger
from mayak.automation.model.schedule import Reason
from mayak.errors import Conflict, NotFound
from mayak.kit.text import content_hash

Status = Literal[
    "queued", "running", "ok", "partial", "failed", "dead", "skipped", "missed", "cancelled"
]
Resolution = Literal["passed_on", "superseded", "replayed", "discarded"]

FINAL: frozenset[Status] = frozenset(
    {"ok", "partial", "failed", "dead", "skipped", "missed", "cancelled"}
)
SUCCESS: frozenset[Status] = frozenset({"ok", "partial"})
"""After these the cascade goes on."""
LONGEST_TOLD = timedelta(days=1)
"""No service is believed that wants us to stay away for longer."""
_VARIABLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{8,}|\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A row of `worker_runs`, without what only the engine needs."""

    id: UUID
    job_type: str
    queue: str
    trigger: Trigger
    upstream: list[UUID]
    because: str | None
    payload: dict[str, Any]
    status: Status
    reason: Reason | None
    slot_at: datetime | None
    attempt: int
    progress_done: int | None
    progress_total: int | None
    progress_note: str | None
    counters: dict[str, Any]
    error_kind: str | None
    error_message: str | None
    error_fingerprint: str | None
    error_trace: str | None
    resolution: Resolution | None
    resolved_at: datetime | None
    replayed_as: UUID | None
    queued_at: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong, as it stands in the history."""

    kind: str
    message: str
    fingerprint: str
    trace: str | None = None
    """The last lines of a traceback, for an error that nobody raised on purpose."""

    @classmethod
    def of(cls, kind: str, message: str, trace: str | None = None) -> "Failure":
        return cls(kind=kind, message=message, fingerprint=fingerprint(kind, message), trace=trace)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Failed runs of one project that nothing took care of, with one cause."""

    fingerprint: str
    kind: str
    message: str
    """Of the newest."""
    job_types: list[str]
    count: int
    first_at: datetime
    last_at: datetime
    newest: UUID


def key_of(payload: Mapping[str, Any]) -> str:
    """What tells this piece of work from others of its type: empty without a payload."""
    return content_hash(payload).hex()[:16] if payload else ""


def backoff(attempt: int, *, told: timedelta | None, jitter: float) -> timedelta:
    """How long to wait before attempt number `attempt + 1`.

    30 s doubling up to an hour, give or take 15 % by `jitter` in [-1, 1]; what the service
    told us to wait wins, up to a day, with jitter only upward, so that we never come too early.
    """
    if told is not None:
        return min(max(told, timedelta(0)), LONGEST_TOLD) + timedelta(seconds=abs(jitter))
    base = min(3600.0, 30.0 * 2 ** min(attempt - 1, 20))
    return timedelta(seconds=base * (1 + 0.15 * jitter))


def fingerprint(kind: str, message: str) -> str:
    """The same for errors that differ only in numbers and ids."""
    return hashlib.sha256(f"{kind}:{_VARIABLE.sub('#', message)}".encode()).hexdigest()[:12]


@dataclass(eq=False)
class RunNotFound(NotFound):
    code = "run_not_found"
    message = "There is no run {run_id} in this project."

    run_id: UUID


@dataclass(eq=False)
class RunIsOver(Conflict):
    code = "run_is_over"
    message = "Run {run_id} is already {state}."

    run_id: UUID
    state: Status


@dataclass(eq=False)
class RunIsNotOver(Conflict):
    code = "run_is_not_over"
    message = "Run {run_id} is {state}; only a run that ended can be replayed."

    run_id: UUID
    state: Status
