"""Job types: what a domain declares, and what a handler sees of the run it is in."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from mayak.automation.model.schedule import Catchup, Overlap, Rhythm
from mayak.errors import NotFound

Trigger = Literal["schedule", "manual", "cascade", "retry", "webhook"]
Outcome = Literal["ok", "partial", "skipped"]
Queue = Literal["io", "cpu", "derive"]
Resource = TypeVar("Resource")

QUEUES: tuple[Queue, ...] = ("io", "cpu", "derive")


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
    def slot_at(self) -> datetime | None:
        """The slot of the schedule that this run accounts for; None when it was not the schedule
        that asked for it.
        """
        ...

    @property
    def started_at(self) -> datetime: ...

    def resource(self, kind: type[Resource]) -> Resource:
        """The one thing of this kind that the worker was built with; KeyError if it has none."""
        ...

    def transaction(self, *, ends: Result | None = None) -> AbstractAsyncContextManager[Any]:
        """A unit of work in the run's project, on a `Conn`. Raises LeaseLost when the run was given
        to another worker or ended meanwhile; nothing of the block is committed then.

        With `ends` it is the last one, and the run ends by the same commit: what the block writes
        happens exactly once, even if the worker is killed. Without, a worker that dies between a
        commit and the end of the run leaves a run that starts again and must find its work done.
        """
        ...

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        """Say how far the run is; at most a few writes a second reach the database."""
        ...


Handler = Callable[[JobRun], Awaitable[Result]]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    name: str
    handler: Handler
    rhythm: Rhythm | None = None
    """When it runs by itself; None when only a cascade or a person starts it."""
    after: tuple[str, ...] = ()
    """Upstream job types; when one of them succeeds, this one starts."""
    queue: Queue = "io"
    lane: str = ""
    """Of the types that share a lane, a project has one run going on at a time. Never empty."""
    overlap: Overlap = "queue"
    catchup: Catchup = "latest"
    timeout: timedelta = timedelta(hours=1)
    max_attempts: int = 5
    legacy: bool = False
    """Of the /kag family: rests while LIGHTRAG_ONLY is 1."""
    built: bool = True
    """False for a type whose domain does not exist yet: its runs report `skipped`."""

    def __post_init__(self) -> None:
        if not self.lane:
            object.__setattr__(self, "lane", self.name)


def job(  # a declaration: every part has a name and most have a default
    name: str,
    *,
    every: timedelta | None = None,
    cron: str | None = None,
    after: tuple[str, ...] = (),
    queue: Queue = "io",
    lane: str = "",
    overlap: Overlap = "queue",
    catchup: Catchup = "latest",
    timeout: timedelta = timedelta(hours=1),
    max_attempts: int = 5,
    legacy: bool = False,
) -> Callable[[Handler], JobType]:
    """Declare a job type where its domain lives. The decorated name becomes the JobType.

    `every` is a cadence, `cron` five fields in the time zone of the project; at most one of them.
    Raises InvalidInput when it cannot be read.
    """
    rhythm = None
    if every is not None or cron is not None:
        rhythm = Rhythm(every=every, cron=cron)

    def declare(handler: Handler) -> JobType:
        return JobType(
            name=name,
            handler=handler,
            rhythm=rhythm,
            after=after,
            queue=queue,
            lane=lane,
            overlap=overlap,
            catchup=catchup,
            timeout=timeout,
            max_attempts=max_attempts,
            legacy=legacy,
        )

    return declare


class Registry(Mapping[str, JobType]):
    """The job types of one process, by name, and which starts which.

    Raises ValueError when two have one name or the cascade runs in a circle: a process with such a
    registry must not start.
    """

    def __init__(
        self,
        types: Iterable[JobType],
        *,
        planned: Iterable[JobType] = (),
        lightrag_only: bool = False,
    ) -> None:
        """`planned` types are taken where no type of that name is built. `lightrag_only` is the
        setting LIGHTRAG_ONLY: the legacy types rest.
        """
        self.lightrag_only = lightrag_only
        self._types: dict[str, JobType] = {}
        for one in types:
            if one.name in self._types:
                raise ValueError(f"Two job types are named {one.name}.")
            self._types[one.name] = one
        for one in planned:
            self._types.setdefault(one.name, one)
        self._refuse_circles()

    @classmethod
    def of(
        cls,
        modules: Iterable[ModuleType],
        *,
        planned: Iterable[JobType] = (),
        lightrag_only: bool = False,
    ) -> "Registry":
        """Every job type declared in these modules."""
        found = (
            value
            for module in modules
            for value in vars(module).values()
            if isinstance(value, JobType)
        )
        return cls(found, planned=planned, lightrag_only=lightrag_only)

    def _refuse_circles(self) -> None:
        clear: set[str] = set()

        def follow(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                circle = " -> ".join((*path[path.index(name) :], name))
                raise ValueError(f"The cascade runs in a circle: {circle}.")
            if name not in clear:
                for after in self.downstream(name):
                    follow(after.name, (*path, name))
                clear.add(name)

        for name in self._types:
            follow(name, ())

    def __getitem__(self, name: str) -> JobType:
        return self._types[name]

    def __iter__(self) -> Any:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def downstream(self, name: str) -> list[JobType]:
        """The job types that a success of `name` starts."""
        return [one for one in self._types.values() if name in one.after]

    def rests(self, name: str) -> bool:
        """Whether LIGHTRAG_ONLY holds this type."""
        return self.lightrag_only and self._types[name].legacy

    def legacy(self) -> list[str]:
        """The types that rest while LIGHTRAG_ONLY is 1."""
        return [one.name for one in self._types.values() if one.legacy]

    def complete(self) -> "Registry":
        """The registry itself. Raises ValueError when a type comes after one that it does not have:
        a part of the product may do so, the whole may not.
        """
        for one in self._types.values():
            for above in one.after:
                if above not in self._types:
                    raise ValueError(f"{one.name} comes after {above}, which does not exist.")
        return self

    def need(self, name: str) -> JobType:
        """The job type of this name. Raises UnknownJobType."""
        if name not in self._types:
            raise UnknownJobType(name, sorted(self._types))
        return self._types[name]


@dataclass(eq=False)
class UnknownJobType(NotFound):
    code = "unknown_job_type"
    message = "There is no job type {job_type}; there are {names}."

    job_type: str
    known: list[str]

    def __str__(self) -> str:
        return self.message.format(job_type=self.job_type, names=", ".join(self.known))
