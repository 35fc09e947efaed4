"""One run: its handler, what the handler may do, and the verdict when it ends.

A handler is code that may raise anything, hang, refuse to be cancelled or return nonsense. None of
that reaches the worker: each becomes a verdict.
"""

import asyncio
import random
import time
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

import orjson
import structlog

from mayak.automation import queries
from mayak.automation.model import Failure, JobType, Reason, Result, Trigger, backoff
from mayak.automation.queries import Claim, Ending
from mayak.automation.service.recording import Recorder
from mayak.errors import AppError, LeaseLost, Upstream
from mayak.kit.resources import Resources
from mayak.kit.text import without_nul
from mayak.platform.db import Conn, Database, OperationalError, is_lost

log = structlog.get_logger(__name__)
Resource = TypeVar("Resource")
Why = Literal["timeout", "stopping", "cancelled", "lost"]

PROGRESS_EVERY = 0.4
"""Seconds between two progress writes of one run."""
GRACE = 5.0
"""Seconds that a handler has to end after it was told to; then it is left behind, fenced off."""
LOST_PAUSE = timedelta(seconds=1)
LONGEST_MESSAGE = 1000
LONGEST_TRACE = 4000


class RunningJob:
    """The JobRun that a handler is given."""

    __slots__ = ("_claim", "_database", "_resources", "_said_at", "project_id")

    def __init__(self, database: Database, resources: Resources, claim: Claim) -> None:
        self._database = database
        self._resources = resources
        self._claim = claim
        self._said_at = 0.0
        self.project_id = claim.project_id

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
        return self._resources.get(kind)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Conn]:
        async with self._database.transaction(self.project_id) as conn:
            if not await queries.hold_lease(conn, self._claim.id, self._claim.lease_token):
                raise LeaseLost(self._claim.id)
            yield conn

    async def progress(self, done: int, total: int | None = None, note: str | None = None) -> None:
        at = time.monotonic()
        if at - self._said_at < PROGRESS_EVERY and done != total:
            return
        self._said_at = at
        async with self._database.transaction(self.project_id) as conn:
            token = self._claim.lease_token
            if not await queries.set_progress(conn, self._claim.id, token, done, total, note):
                raise LeaseLost(self._claim.id)


class Bug(Exception):
    """What a handler did that no handler may do."""


async def _contained(job: JobType, run: RunningJob) -> Result:
    """The handler's result. What would end the process ends the run only."""
    try:
        return await job.handler(run)
    except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
        raise Bug(f"{type(error).__name__} was raised: {error}") from error


class Execution:
    """A run of ours that goes on."""

    __slots__ = ("_over", "_task", "_timer", "claim", "job", "why")

    def __init__(self, job: JobType, claim: Claim, run: RunningJob) -> None:
        loop = asyncio.get_running_loop()
        self.job = job
        self.claim = claim
        self.why: Why | None = None
        """Why it was told to stop, if it was."""
        self._over: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(_contained(job, run))
        self._task.add_done_callback(self._end)
        self._timer = loop.call_later(job.timeout.total_seconds(), self.stop, "timeout")

    def stop(self, why: Why) -> None:
        """Cancel the handler. One that does not end within GRACE is left behind."""
        if self.why is None and not self._task.done():
            self.why = why
            self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(GRACE, self._end)
            self._task.cancel()

    @property
    def ended(self) -> bool:
        """Its handler has ended, or was left behind; it may not be recorded yet."""
        return self._over.done()

    def _end(self, _: object = None) -> None:
        if not self._over.done():
            self._over.set_result(None)

    async def outcome(self) -> Result | BaseException:
        """What the handler returned or raised; TimeoutError when it had to be left behind."""
        await self._over
        self._timer.cancel()
        if not self._task.done():
            log.error("a handler does not stop; it is left behind", run=str(self.claim.id))
            return TimeoutError(f"It did not stop within {GRACE:.0f} s of being told to.")
        if self._task.cancelled():
            return asyncio.CancelledError()
        return self._task.exception() or self._task.result()


def failure_of(error: BaseException) -> Failure:
    """What the history keeps of an error."""
    message = str(error).strip()
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
        trace = "".join(traceback.format_exception(error))[-LONGEST_TRACE:]
    return Failure.of(
        kind,
        str(without_nul(message))[:LONGEST_MESSAGE],
        None if trace is None else str(without_nul(trace)),
    )


def ending_of(claim: Claim, job: JobType, result: Any) -> Ending:
    """The ending of a run whose handler returned. Raises Bug when it returned nonsense."""
    if not isinstance(result, Result):
        raise Bug(f"{job.name} returned {type(result).__name__}, not a Result")
    if result.status not in {"ok", "partial", "skipped"}:
        raise Bug(f"{job.name} returned the status {result.status!r}")
    counters: Any = result.counters
    if not isinstance(counters, Mapping) or not all(
        isinstance(name, str) and isinstance(value, int) for name, value in counters.items()
    ):
        raise Bug(f"{job.name} returned counters that are not whole numbers by name")
    note = None if result.note is None else str(without_nul(str(result.note)))[:LONGEST_MESSAGE]
    written = orjson.dumps(without_nul(dict(counters))).decode() if counters else "{}"
    reason: Reason | None = "not_built" if result.status == "skipped" and not job.built else None
    return Ending(claim=claim, status=result.status, counters=written, note=note, reason=reason)


async def settle(execution: Execution, recorder: Recorder) -> None:
    """Wait for a run to end, and record how."""
    outcome = await execution.outcome()
    claim, job, why = execution.claim, execution.job, execution.why
    if why == "lost" or isinstance(outcome, LeaseLost):
        log.warning("a run was given to another worker", run=str(claim.id), job=job.name)
        return
    if not isinstance(outcome, BaseException):
        try:
            await recorder.record(ending_of(claim, job, outcome))
        except Bug as bug:
            await _fail(execution, recorder, bug)
    elif why == "stopping":
        await recorder.hand_back(claim)
    elif why == "cancelled":
        await recorder.record(Ending(claim=claim, status="cancelled", reason="cancelled"))
    elif why == "timeout":
        seconds = job.timeout.total_seconds()
        left = f" {outcome}" if isinstance(outcome, TimeoutError) and str(outcome) else ""
        error = TimeoutError(f"It took longer than the {seconds:g} s it may.{left}")
        await _fail(execution, recorder, error)
    elif is_lost(outcome):
        log.warning("the database went away under a run; it starts again", run=str(claim.id))
        await recorder.hand_back(claim, delay=LOST_PAUSE)
    else:
        await _fail(execution, recorder, outcome)


async def _fail(execution: Execution, recorder: Recorder, error: BaseException) -> None:
    claim, job = execution.claim, execution.job
    failure = failure_of(error)
    log.warning(
        "run failed", run=str(claim.id), job=job.name, project=str(claim.project_id),
        kind=failure.kind, error=failure.message, trace=failure.trace,
    )  # fmt: skip
    again = isinstance(error, OperationalError | TimeoutError) or (
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
