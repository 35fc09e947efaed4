"""One run, from its wake-up to its end.

The end is one transaction: the run's status, the runs it causes and the wake-up of the one
that waited commit together. A worker that lost its lease commits nothing.
"""

import asyncio
import hashlib
import random
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import orjson
import structlog

from mayak.automation import queries
from mayak.automation.model import SUCCESS, JobType, Registry, Result, Status, Trigger
from mayak.automation.queries import Claim, Failure
from mayak.automation.service.triggers import trigger, wake_payload
from mayak.errors import AppError, LeaseLost, Upstream
from mayak.kit.resources import Resources
from mayak.platform import queue
from mayak.platform.db import Conn, Database, OperationalError

log = structlog.get_logger(__name__)
Resource = TypeVar("Resource")

MOST_STARTS = 5
"""A run whose worker died this often is not started again: it is probably what kills them."""
BEAT_EVERY = 5.0
"""Seconds between two signs of life of a run."""
PROGRESS_EVERY = 0.4
"""Seconds between two progress writes of one run."""
_VARIABLE = re.compile(r"[0-9a-f]{8,}|\d+", re.IGNORECASE)


def backoff(attempt: int, *, told: timedelta | None, jitter: float) -> timedelta:
    """How long to wait before attempt number `attempt + 1`.

    30 s doubling up to an hour, give or take 15 % by `jitter` in [-1, 1]; what the service
    told us to wait wins, with jitter only upward, so that we never come back too early.
    """
    if told is not None:
        return told + timedelta(seconds=abs(jitter))
    base = min(3600.0, 30.0 * 2 ** (attempt - 1))
    return timedelta(seconds=base * (1 + 0.15 * jitter))


def fingerprint(kind: str, message: str) -> str:
    """The same for errors that differ only in numbers and ids."""
    return hashlib.sha256(f"{kind}:{_VARIABLE.sub('#', message)}".encode()).hexdigest()[:12]


def failure_of(error: BaseException) -> Failure:
    """What the history keeps of an error."""
    kind: str
    message = str(error).strip()
    if isinstance(error, Upstream):
        kind = error.kind
    elif isinstance(error, AppError):
        kind = error.code
    elif isinstance(error, TimeoutError):
        kind, message = "timeout", message or "The run took longer than it may."
    elif isinstance(error, OperationalError):
        kind = "database"
    else:
        kind, message = "bug", f"{type(error).__name__}: {message}"
    return Failure(kind=kind, message=message[:1000], fingerprint=fingerprint(kind, message))


class RunningJob:
    """The JobRun that a handler is given."""

    def __init__(
        self, database: Database, resources: Resources, project_id: UUID, claim: Claim
    ) -> None:
        self._database = database
        self._resources = resources
        self._claim = claim
        self._said_at = 0.0
        self.project_id = project_id

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Executes runs: what a worker needs, handed down once."""

    database: Database
    registry: Registry
    resources: Resources

    async def execute(self, wake: queue.Wake) -> None:
        """Claim the run that `wake` names, run its handler, record how it ended."""
        where = orjson.loads(wake.payload)
        project_id, run_id = UUID(where["project_id"]), UUID(where["run_id"])
        claim = await self._claim(project_id, run_id, wake.job_id)
        if claim is None:
            return
        bound = log.bind(run=str(run_id), job=claim.job_type, project=str(project_id))
        job = self.registry[claim.job_type]
        if claim.starts > MOST_STARTS:
            message = f"Its worker died {claim.starts - 1} times while running it."
            dead = Failure(kind="crashed", message=message, fingerprint=fingerprint("crashed", ""))
            await self._end(project_id, job, claim, "dead", failure=dead)
            return
        bound.info("run started", attempt=claim.attempt, trigger=claim.trigger)
        beating = asyncio.create_task(self._beat(project_id, claim))
        try:
            async with asyncio.timeout(job.timeout.total_seconds()):
                run = RunningJob(self.database, self.resources, project_id, claim)
                result = await job.handler(run)
        except LeaseLost:
            bound.warning("run was given to another worker")
        except asyncio.CancelledError:
            await self._hand_back(project_id, claim)
            raise
        except Exception as error:  # noqa: BLE001  # edge: this is where a job's failure becomes data
            bound.warning("run failed", error=str(error), exc_info=not isinstance(error, AppError))
            await self._fail(project_id, job, claim, error)
        else:
            await self._succeed(project_id, job, claim, result)
            bound.info("run ended", status=result.status, **dict(result.counters))
        finally:
            beating.cancel()

    async def _beat(self, project_id: UUID, claim: Claim) -> None:
        """Say every few seconds that the run is worked on, until it ends or is not ours."""
        ours = True
        while ours:
            await asyncio.sleep(BEAT_EVERY)
            with suppress(OperationalError, AppError):
                async with self.database.transaction(project_id) as conn:
                    ours = await queries.beat(conn, claim.id, claim.lease_token)

    async def _claim(self, project_id: UUID, run_id: UUID, queue_job_id: int) -> Claim | None:
        async with self.database.transaction(project_id) as conn:
            job_type = await queries.job_type_of(conn, run_id)
            if job_type is None or job_type not in self.registry:
                return None
            await queries.take_turn(conn, project_id, job_type)
            return await queries.claim(conn, run_id, queue_job_id)

    async def _succeed(self, project_id: UUID, job: JobType, claim: Claim, result: Result) -> None:
        if not isinstance(result, Result):
            error = TypeError(f"{job.name} returned {type(result).__name__}, not a Result")
            await self._fail(project_id, job, claim, error)
            return
        await self._end(project_id, job, claim, result.status, result=result)

    async def _fail(self, project_id: UUID, job: JobType, claim: Claim, error: Exception) -> None:
        failure = failure_of(error)
        again = isinstance(error, OperationalError | TimeoutError) or (
            isinstance(error, AppError) and error.retryable
        )
        # To be told to wait is no failure of ours: it may happen any number of times.
        free = isinstance(error, Upstream) and error.kind == "rate_limit"
        if again and (free or claim.attempt < job.max_attempts):
            told = error.retry_after if isinstance(error, Upstream) else None
            wait = backoff(claim.attempt, told=told, jitter=random.uniform(-1, 1))  # noqa: S311
            await self._retry(project_id, job, claim, failure, wait, free=free)
            return
        await self._end(project_id, job, claim, "dead" if again else "failed", failure=failure)

    async def _retry(
        self,
        project_id: UUID,
        job: JobType,
        claim: Claim,
        failure: Failure,
        wait: timedelta,
        *,
        free: bool,
    ) -> None:
        """Start again after `wait`. When a newer run waits, that one does, in this one's place."""
        async with self.database.transaction(project_id) as conn:
            await queries.take_turn(conn, project_id, job.name)
            heir: UUID | None = claim.id
            if not await queries.requeue(conn, claim, failure, wait, free=free):
                if not await queries.finish(conn, claim, "failed", failure=failure):
                    return
                heir = await queries.pass_on(conn, claim, failure, wait, free=free)
            if heir is not None:
                await queue.wake(conn, job.name, wake_payload(project_id, heir), after=wait)

    async def _end(
        self,
        project_id: UUID,
        job: JobType,
        claim: Claim,
        status: Status,
        *,
        result: Result | None = None,
        failure: Failure | None = None,
    ) -> None:
        """The result transaction."""
        async with self.database.transaction(project_id) as conn:
            await queries.take_turn(conn, project_id, job.name)
            ended = await queries.finish(
                conn,
                claim,
                status,
                counters=result.counters if result else None,
                note=result.note if result else None,
                failure=failure,
            )
            if not ended:
                return
            waiting = await queries.waiting(conn, job.name)
            if waiting is not None:
                await queue.wake(conn, job.name, wake_payload(project_id, waiting))
            if status in SUCCESS:
                # In one order everywhere, so that two endings cannot wait for each other.
                for after in sorted(self.registry.downstream(job.name), key=lambda one: one.name):
                    await trigger(
                        conn,
                        self.registry,
                        project_id,
                        after.name,
                        trigger="cascade",
                        upstream=[claim.id],
                        because=f"{job.name} ended",
                    )

    async def _hand_back(self, project_id: UUID, claim: Claim) -> None:
        try:
            async with asyncio.timeout(3), self.database.transaction(project_id) as conn:
                await queries.hand_back(conn, claim)
        except (OperationalError, TimeoutError, AppError):
            log.warning("could not hand a run back; it is taken up after its lease")
