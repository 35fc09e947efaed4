"""One run: its handler, what the handler may do, and the verdict when it ends.

A handler is code that may raise anything, hang, refuse to be cancelled or return nonsense. None of
that reaches the worker: each becomes a verdict.
"""

import asyncio
import random
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

import structlog

from mayak.automation import queries
from mayak.automation.model import Failure, JobType, Reason, Result, Trigger, backoff
from mayak.automation.queries import Claim, Ending
from mayak.automation.service.recording import Recorder
from mayak.errors import AppError, LeaseLost, Upstream
from mayak.kit.resources import Resources
from mayak.kit.text import storable
from mayak.platform.db import Conn, Database, OperationalError, is_lost
from mayak.platform.watchdog import BlockedTheLoop

log = structlog.get_logger(__name__)
Resource = TypeVar("Resource")
Why = Literal["timeout", "stopping", "cancelled", "lost"]

PROGRESS_EVERY = 0.4
"""Seconds between two progress writes of one run."""
GRACE = 5.0
"""Seconds that a handler has to end after it was told to; then it is left behind, fenced off."""
LOST_PAUSE = timedelta(seconds=1)
MOST_LOSSES = 5
"""So often in a row a run starts again for free because the database went away; after that it is a
failure like others: it may be the run that says so."""
LONGEST_MESSAGE = 1000
LONGEST_TRACE = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every run of a worker shares."""

    database: Database
    resources: Resources
    recorder: Recorder


class RunningJob:
    """The JobRun that a handler is given."""

    __slots__ = ("_claim", "_house", "_job", "_open", "_said_at", "concluded", "project_id")

    def __init__(self, house: House, job: JobType, claim: Claim) -> None:
        self._house = house
        self._job = job
        self._claim = claim
        self._said_at = 0.0
        self._open: dict[object, Conn] = {}
        self.project_id = claim.project_id
        self.concluded = False
        """Its end is committed already, together with its last unit of work."""

    @property
    def run_id(self) -> UUID:
        return self._claim.id

    @property
    def trigger(self) -> Trigger:
        return self._claim.trigger

    @property
    def payload(self) -> Mapping[str, Any]:
        return self._claim.payload

    @property
    def slot_at(self) -> datetime | None:
        return self._claim.slot_at

    @property
    def started_at(self) -> datetime:
        return self._claim.started_at

    def resource(self, kind: type[Resource]) -> Resource:
        return self._house.resources.get(kind)

    @asynccontextmanager
    async def transaction(self, *, ends: Result | None = None) -> AsyncIterator[Conn]:
        async with self._house.database.transaction(self.project_id) as conn:
            if not await queries.hold_lease(conn, self._claim.id, self._claim.lease_token):
                raise LeaseLost(self._claim.id)
            # By task: a handler may do several things at once, each on a connection of its own.
            task = asyncio.current_task()
            before = self._open.get(task)
            self._open[task] = conn
            try:
                yield conn
            finally:
                self._open.pop(task)
                if before is not None:
                    self._open[task] = before
            if ends is not None:
                ending = ending_of(self._claim, self._job, ends)
                if not await self._house.recorder.conclude(conn, ending):
                    raise LeaseLost(self._claim.id)
        self.concluded = ends is not None

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        at = time.monotonic()
        if at - self._said_at < PROGRESS_EVERY and done != total:
            return
        self._said_at = at
        if (conn := self._open.get(asyncio.current_task())) is not None:
            # Inside of a unit of work it is part of it: its own lock on the run stands in the way
            # of every other connection.
            await self._say(conn, done, total, note)
            return
        async with self._house.database.transaction(self.project_id) as conn:
            await self._say(conn, done, total, note)

    async def _say(self, conn: Conn, done: int, total: int | None, note: str | None) -> None:
        token = self._claim.lease_token
        if not await queries.set_progress(conn, self._claim.id, token, done, total, note):
            raise LeaseLost(self._claim.id)


class Bug(Exception):
    """What a handler did that no handler may do."""


class LeftBehind(Exception):
    """A handler goes on although it was told to stop; nothing that it writes is committed."""


async def _contained(job: JobType, run: RunningJob) -> Result:
    """The handler's result. What would end the process ends the run only."""
    try:
        return await job.handler(run)
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        raise Bug(f"{type(error).__name__} was raised: {error}") from error


class Execution:
    """A run of ours that goes on."""

    __slots__ = ("_ended", "_run", "_task", "_timer", "claim", "job", "over", "why")

    def __init__(
        self, house: House, job: JobType, claim: Claim, ended: Callable[["Execution"], None]
    ) -> None:
        """`ended` is called once: when the handler ended, or had to be left behind."""
        loop = asyncio.get_running_loop()
        self.job = job
        self.claim = claim
        self.over = False
        """Its handler has ended, or was left behind; it may not be recorded yet."""
        self.why: Why | None = None
        """Why it was told to stop, if it was."""
        self._ended = ended
        self._run = RunningJob(house, job, claim)
        self._task = loop.create_task(_contained(job, self._run))
        self._task.add_done_callback(self._end)
        self._timer = loop.call_later(job.timeout.total_seconds(), self.stop, "timeout")

    def stop(self, why: Why, grace: float | None = None) -> None:
        """Cancel the handler. One that does not end within `grace`, or GRACE, is left behind."""
        if self.why is None and not self.over:
            self.why = why
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(
                GRACE if grace is None else grace, self._end
            )
            self._task.cancel()

    def _end(self, _: object = None) -> None:
        if not self.over:
            self.over = True
            self._timer.cancel()
            self._ended(self)

    @property
    def concluded(self) -> bool:
        """Its end is committed already."""
        return self._run.concluded

    def outcome(self) -> Result | BaseException:
        """What the handler returned or raised; LeftBehind when it did not end."""
        if not self._task.done():
            log.error("a handler does not stop; it is left behind", run=str(self.claim.id))
            return LeftBehind(f"It did not stop within {GRACE:.0f} s of being told to.")
        if self._task.cancelled():
            return asyncio.CancelledError()
        error = self._task.exception()
        return self._task.result() if error is None else error


def failure_of(error: BaseException) -> Failure:
    """What the history keeps of an error."""
    message = words_of(error)
    trace = None
    if isinstance(error, Upstream):
        kind: str = error.kind
    elif isinstance(error, AppError):
        kind = error.code
    elif isinstance(error, TimeoutError):
        kind, message = "timeout", message or "It took longer than it may."
    elif isinstance(error, OperationalError):
        kind = "database"
    elif isinstance(error, MemoryError):
        kind, message = "memory", "It needed more memory than the worker may take."
    elif isinstance(error, asyncio.CancelledError):
        kind, message = "bug", "It cancelled itself."
    else:
        kind = "bug"
        message = message if isinstance(error, Bug) else f"{type(error).__name__}: {message}"
        trace = storable("".join(traceback.format_exception(error)))[-LONGEST_TRACE:]
    return Failure.of(kind, message[:LONGEST_MESSAGE], trace)


def words_of(error: BaseException) -> str:
    """What an error says; its name when it cannot speak."""
    try:
        return storable(str(error).strip())
    except Exception:  # noqa: BLE001  # an error's own words are code of a handler
        return type(error).__name__


def ending_of(claim: Claim, job: JobType, result: Any) -> Ending:
    """The ending of a run whose handler returned. Raises Bug when it returned nonsense."""
    if not isinstance(result, Result):
        raise Bug(f"{job.name} returned {type(result).__name__}, not a Result")
    if result.status not in ("ok", "partial", "skipped"):
        raise Bug(f"{job.name} returned a status that there is not")
    counters: Any = result.counters
    if not isinstance(counters, Mapping) or not all(
        isinstance(name, str) and isinstance(value, int) for name, value in counters.items()
    ):
        raise Bug(f"{job.name} returned counters that are not whole numbers by name")
    note = None if result.note is None else storable(str(result.note))[:LONGEST_MESSAGE]
    reason: Reason | None = "not_built" if result.status == "skipped" and not job.built else None
    return Ending(claim=claim, status=result.status, counters=counters, note=note, reason=reason)


def good_ending(execution: Execution) -> Ending | None:
    """The ending of a run whose handler returned what it may; None when more has to be done."""
    outcome = execution.outcome()
    if isinstance(outcome, BaseException):
        return None
    try:
        return ending_of(execution.claim, execution.job, outcome)
    except Exception:  # noqa: BLE001  # what a handler returned is code of its own
        return None


def _why_not(execution: Execution, outcome: object) -> Bug:
    """What is wrong with what a handler returned."""
    try:
        ending_of(execution.claim, execution.job, outcome)
    except Bug as bug:
        return bug
    except Exception as error:  # noqa: BLE001  # as above
        return Bug(f"{execution.job.name} returned what cannot be read: {type(error).__name__}")
    return Bug(f"{execution.job.name} returned what can be read only sometimes")


async def settle(execution: Execution, recorder: Recorder) -> None:
    """Record the end of a run that did not simply succeed."""
    outcome = execution.outcome()
    claim, job, why = execution.claim, execution.job, execution.why
    if why == "lost" or isinstance(outcome, LeaseLost):
        log.warning("a run was given to another worker", run=str(claim.id), job=job.name)
    elif not isinstance(outcome, BaseException):
        await _fail(execution, recorder, _why_not(execution, outcome))
    elif why == "stopping":
        await recorder.hand_back(claim)
    elif why == "cancelled":
        await recorder.record(Ending(claim=claim, status="cancelled", reason="cancelled"))
    elif why == "timeout":
        seconds = job.timeout.total_seconds()
        left = f" {outcome}" if isinstance(outcome, LeftBehind) else ""
        error = TimeoutError(f"It took longer than the {seconds:g} s it may.{left}")
        await _fail(execution, recorder, error)
    elif is_lost(outcome) and claim.starts < MOST_LOSSES:
        log.warning("the database went away under a run; it starts again", run=str(claim.id))
        await recorder.hand_back(claim, delay=LOST_PAUSE, counts=True)
    else:
        await _fail(execution, recorder, outcome)


async def _fail(execution: Execution, recorder: Recorder, error: BaseException) -> None:
    claim, job = execution.claim, execution.job
    failure = failure_of(error)
    log.warning(
        "run failed", run=str(claim.id), job=job.name, project=str(claim.project_id),
        kind=failure.kind, error=failure.message, trace=failure.trace,
    )  # fmt: skip
    again = isinstance(error, OperationalError | TimeoutError | BlockedTheLoop) or (
        isinstance(error, AppError) and error.retryable
    )
    # To be told to wait is no failure of ours: it may happen any number of times.
    free = isinstance(error, Upstream) and error.kind == "rate_limit"
    if again and (free or claim.attempt < job.max_attempts):
        told = error.retry_after if isinstance(error, Upstream) else None
        wait = backoff(claim.attempt, told=told, jitter=random.uniform(-1, 1))  # noqa: S311
        await recorder.retry(claim, failure, wait, free=free)
        return
    status: Literal["dead", "failed"] = "dead" if again else "failed"
    await recorder.record(Ending(claim=claim, status=status, failure=failure))
