"""Job types, their runs, and what a handler sees of the run it is in."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from mayak.errors import Conflict, NotFound

Trigger = Literal["schedule", "manual", "cascade", "retry", "webhook"]
Status = Literal["queued", "running", "ok", "partial", "failed", "dead", "skipped", "cancelled"]
Outcome = Literal["ok", "partial", "skipped"]
Queue = Literal["io", "cpu", "derive"]
Resource = TypeVar("Resource")

FINAL: frozenset[Status] = frozenset({"ok", "partial", "failed", "dead", "skipped", "cancelled"})
SUCCESS: frozenset[Status] = frozenset({"ok", "partial"})
"""After these the cascade goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a handler reports when it ends without an error."""

    status: Outcome = "ok"
    """`partial`: some of the work failed and is recorded where it belongs; the cascade goes on."""
    counters: Mapping[str, int] = field(default_factory=dict)
    note: str | None = None


class JobRun(Protocol):
    """One run of a job, as its handler sees it."""

    @property
    def project_id(self) -> UUID: ...
    @property
    def run_id(self) -> UUID: ...
    @property
    def trigger(self) -> Trigger: ...
    @property
    def payload(self) -> Mapping[str, Any]: ...
    @property
    def started_at(self) -> datetime: ...

    def resource(self, kind: type[Resource]) -> Resource:
        """The one thing of this kind that the worker was built with; KeyError if it has none."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """A unit of work in the run's project, on a `Conn`. Raises LeaseLost when the run was given
        to another worker meanwhile; nothing of the block is committed then.
        """
        ...

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say how far the run is; at most a few writes a second reach the database.

        Also the place where a cancelled run stops.
        """
        ...


Handler = Callable[[JobRun], Awaitable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    name: str
    handler: Handler
    every: timedelta | None = None
    after: tuple[str, ...] = ()
    """Upstream job types; when one of them succeeds, this one starts."""
    queue: Queue = "io"
    timeout: timedelta = timedelta(hours=1)
    max_attempts: int = 5


def job(
    name: str,
    *,
    every: timedelta | None = None,
    after: tuple[str, ...] = (),
    queue: Queue = "io",
    timeout: timedelta = timedelta(hours=1),
    max_attempts: int = 5,
) -> Callable[[Handler], JobType]:
    """Declare a job type where its domain lives. The decorated name becomes the JobType."""

    def declare(handler: Handler) -> JobType:
        return JobType(
            name=name,
            handler=handler,
            every=every,
            after=after,
            queue=queue,
            timeout=timeout,
            max_attempts=max_attempts,
        )

    return declare


class Registry(Mapping[str, JobType]):
    """The job types of one process, by name, and which starts which."""

    def __init__(self, types: Iterable[JobType]) -> None:
        self._types: dict[str, JobType] = {}
        for one in types:
            if one.name in self._types:
                raise ValueError(f"Two job types are named {one.name}.")
            self._types[one.name] = one

    @classmethod
    def of(cls, modules: Iterable[ModuleType]) -> "Registry":
        """Every job type declared in these modules."""
        return cls(
            value
            for module in modules
            for value in vars(module).values()
            if isinstance(value, JobType)
        )

    def __getitem__(self, name: str) -> JobType:
        return self._types[name]

    def __iter__(self) -> Any:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def downstream(self, name: str) -> list[JobType]:
        """The job types that a success of `name` starts."""
        return [one for one in self._types.values() if name in one.after]

    def need(self, name: str) -> JobType:
        """The job type of this name. Raises UnknownJobType."""
        if name not in self._types:
            raise UnknownJobType(name, sorted(self._types))
        return self._types[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A row of `worker_runs`, without what only the engine needs."""

    id: UUID
    job_type: str
    trigger: Trigger
    upstream: list[UUID]
    because: str | None
    status: Status
    attempt: int
    progress_done: int | None
    progress_total: int | None
    progress_note: str | None
    counters: dict[str, Any]
    error_kind: str | None
    error_message: str | None
    error_fingerprint: str | None
    queued_at: datetime
    not_before: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(eq=False)
class UnknownJobType(NotFound):
    code = "unknown_job_type"
    message = "There is no job type {job_type}; there are {known}."

    job_type: str
    known: list[str]


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
