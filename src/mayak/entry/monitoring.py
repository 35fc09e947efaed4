"""GET /health and GET /metrics: is it well, and how much of what."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Literal

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from pydantic import BaseModel

import mayak
from mayak.automation import queries as automation
from mayak.automation.model import QUEUES, Registry
from mayak.errors import AppError, UpstreamKind
from mayak.http.services import Services
from mayak.kit.resources import Resources
from mayak.lightrag import queries as lightrag
from mayak.lightrag.model.sets import advice
from mayak.platform.db import Conn, Database, OperationalError
from mayak.platform.telemetry import RequestMeasures
from mayak.sync import queries as sync

router = APIRouter(tags=["operations"])

Status = Literal["ok", "degraded", "down"]
WORST: tuple[Status, ...] = ("ok", "degraded", "down")
PATIENCE = 5.0
"""Seconds after which a database that does not answer counts as down."""
LOOK = timedelta(seconds=1)
"""How long one look of /health may take; all of them fit into PATIENCE."""
COUNTING = timedelta(seconds=2)
"""How long one count of /metrics may take; all of them fit into twice PATIENCE."""
KEPT = timedelta(seconds=15)
"""For how long counts are told again, however often somebody asks: each reads whole tables."""
LONG_WAIT = timedelta(minutes=10)
"""A run that could have started this long ago says that workers do not keep up."""
LATE = timedelta(minutes=2)
"""A schedule whose slot passed this long ago says that nobody looks."""
QUIET = frozenset({"idle", "running", "ok", "disabled"})
"""Of a stream: nothing is wrong, or nobody configured it."""
MANY = 10_000
"""Waiting chunks are counted no further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much of what is in the whole database."""

    runs: list[dict[str, Any]]
    chunks: dict[str, int]
    streams: dict[str, int]
    completeness: list[dict[str, Any]]
    errors: list[tuple[str, str, str, int]]
    lags: list[tuple[str, float, float | None]]
    workers: int
    load: automation.Load


class RecentCounts:
    """The counts of this process, read again once they are older than `kept`."""

    def __init__(self, registry: Registry, *, kept: timedelta = KEPT) -> None:
        self._registry = registry
        self._kept = kept.total_seconds()
        self._turn = asyncio.Lock()
        self._counts: Counts | None = None
        self._read_at = 0.0

    async def read(self, database: Database) -> Counts:
        """Raises TookTooLong, or OperationalError or TimeoutError when the database is down."""
        async with self._turn:
            if self._counts is None or monotonic() - self._read_at >= self._kept:
                self._counts = None
                self._counts = await _count(database, self._registry)
                self._read_at = monotonic()
            return self._counts


async def _count(database: Database, registry: Registry) -> Counts:
    async with asyncio.timeout(2 * PATIENCE), database.system_transaction() as conn:
        await lightrag.limit_statements(conn, COUNTING)
        return Counts(
            runs=await automation.counts(conn),
            chunks=await lightrag.chunks_by_status(conn),
            streams=await sync.streams_by_status(conn),
            completeness=await sync.completeness(conn),
            errors=await sync.errors_by_kind(conn),
            lags=await sync.lags(conn),
            workers=await automation.workers_alive(conn),
            load=await automation.load(conn, registry),
        )


class Check(BaseModel):
    name: str
    status: Status
    detail: str


class Health(BaseModel):
    status: Status
    """The worst of the checks. `degraded` answers requests, but something needs a person."""
    version: str
    checks: list[Check]


@router.get("/health", responses={503: {"model": Health}})
async def health(services: Services, response: Response) -> Health:
    """What was looked at just now. Answers 503 when the database is down."""
    try:
        async with asyncio.timeout(PATIENCE):
            checks = await _checks(services)
    except (OperationalError, AppError, TimeoutError) as error:
        said = str(error).strip().splitlines()
        detail = said[0] if said else f"no answer within {PATIENCE:.0f} s"
        checks = [Check(name="database", status="down", detail=detail)]
    status = max((check.status for check in checks), key=WORST.index)
    response.status_code = 503 if status == "down" else 200
    return Health(status=status, version=mayak.__version__, checks=checks)


async def _checks(services: Resources) -> list[Check]:
    """One look that takes too long spoils its own check only."""
    checks = [Check(name="database", status="ok", detail="answers")]
    async with services.get(Database).system_transaction() as conn:
        await lightrag.limit_statements(conn, LOOK)
        for name, look in LOOKS.items():
            try:
                async with conn.transaction():
                    well, detail = await look(conn, services.get(Registry))
            except lightrag.TookTooLong:
                well, detail = False, f"no answer within {LOOK.total_seconds():g} s"
            checks.append(Check(name=name, status="ok" if well else "degraded", detail=detail))
    return checks


Seen = tuple[bool, str]
"""Whether all is well, and what there is to say of it."""


async def _worker(conn: Conn, _: Registry) -> Seen:
    alive = await automation.workers_alive(conn)
    return bool(alive), f"{alive} alive" if alive else "none alive: start `mayak worker`"


async def _queue(conn: Conn, registry: Registry) -> Seen:
    load = await automation.load(conn, registry)
    waits = load.longest_wait
    if load.overdue > LATE:
        late = load.overdue.total_seconds() / 60
        return False, f"a schedule is {late:.0f} min late: no worker ticks"
    if waits > LONG_WAIT:
        return False, f"a run waits for {waits.total_seconds() / 60:.0f} min: see GET /jobs/status"
    if load.suspended:
        return False, f"suspended jobs: {load.suspended}; see GET /jobs/scheduler"
    return True, f"longest wait {waits.total_seconds():.0f} s, no job suspended"


async def _connectors(conn: Conn, _: Registry) -> Seen:
    streams = await sync.streams_by_status(conn)
    troubled = sum(count for status, count in streams.items() if status not in QUIET)
    if troubled:
        return False, f"{troubled} streams in trouble: see GET /connectors/state"
    return True, f"{sum(streams.values())} streams, none in trouble"


async def _embeddings(conn: Conn, _: Registry) -> Seen:
    if down := await lightrag.outages(conn):
        kind: UpstreamKind = down[0]["kind"]
        return False, f"the provider fails ({kind}), answers go by words. {advice(kind)}"
    if await lightrag.any_failed(conn):
        return False, "some chunks failed: see GET /lightrag/status"
    waiting = await lightrag.waiting_up_to(conn, MANY)
    return True, f"no chunk failed, {waiting}{'+' if waiting == MANY else ''} wait for their vector"


LOOKS: dict[str, Callable[[Conn, Registry], Awaitable[Seen]]] = {
    "worker": _worker,
    "queue": _queue,
    "connectors": _connectors,
    "embeddings": _embeddings,
}


@router.get("/metrics", response_class=Response)
async def metrics(services: Services) -> Response:
    """Measures of this process and gauges of the whole database, for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Fixed(await _gauges(services)))
    measured = services.get(RequestMeasures).text() + generate_latest(registry)
    return Response(measured, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _gauges(services: Resources) -> list[GaugeMetricFamily]:
    database = services.get(Database)
    build = _gauge("app_build_info", "Always 1.", ["version"], [((mayak.__version__,), 1)])
    pool = database.stats()
    connections = _gauge(
        "app_db_pool_connections",
        "Connections of this process's pool.",
        ["state"],
        [
            (("used",), pool.get("pool_size", 0) - pool.get("pool_available", 0)),
            (("idle",), pool.get("pool_available", 0)),
        ],
    )
    try:
        counts = await services.get(RecentCounts).read(database)
    except lightrag.TookTooLong:
        return [build, connections, _up(1)]
    except (OperationalError, AppError, TimeoutError):
        return [build, connections, _up(0)]
    return [build, connections, _up(1), *_of_database(counts)]


def _up(value: int) -> GaugeMetricFamily:
    return _gauge("app_database_up", "1 when it answers.", [], [((), value)])


def _of_database(counts: Counts) -> list[GaugeMetricFamily]:
    return [
        _gauge(
            "app_workers_alive",
            "Workers of all job types that hold a lease.",
            [],
            [((), counts.workers)],
        ),
        *_of_jobs(counts),
        _gauge(
            "app_rag_chunks",
            "Chunks by the state of their embedding.",
            ["status"],
            [((status,), count) for status, count in counts.chunks.items()],
        ),
        _gauge(
            "app_connector_streams",
            "Streams of all projects by state.",
            ["status"],
            [((status,), count) for status, count in counts.streams.items()],
        ),
        *_of_copies(counts),
        *_of_sources(counts),
    ]


def _of_copies(counts: Counts) -> list[GaugeMetricFamily]:
    found = counts.completeness
    return [
        _gauge(
            "app_sync_completeness_ratio",
            "Part of what the sources show that is here; absent while some of it is not known.",
            ["connector"],
            [((row["connector"],), row["ratio"]) for row in found if row["ratio"] is not None],
        ),
        _gauge(
            "app_sync_missing_records",
            "Records that the last checks did not find here.",
            ["connector"],
            [((row["connector"],), row["missing"]) for row in found if row["missing"] is not None],
        ),
        _gauge(
            "app_sync_duplicate_records",
            "Rows that share what should be theirs alone.",
            ["connector"],
            [((row["connector"],), row["duplicate"]) for row in found],
        ),
        _gauge(
            "app_sync_unknown_streams",
            "Streams of projects whose last check learnt nothing.",
            ["connector"],
            [((row["connector"],), row["unknown"]) for row in found],
        ),
    ]


def _of_sources(counts: Counts) -> list[GaugeMetricFamily]:
    succeeded = [(name, at) for name, _, at in counts.lags if at is not None]
    return [
        _gauge(
            "app_connector_errors",
            "Things that could not be copied: pending, retrying, dead_letter.",
            ["connector", "kind", "status"],
            [((name, kind, status), count) for name, kind, status, count in counts.errors],
        ),
        _gauge(
            "app_connector_lag_seconds",
            "How old the copy of the stream is that is furthest behind in any project.",
            ["connector"],
            [((name,), lag) for name, lag, _ in counts.lags],
        ),
        _gauge(
            "app_connector_last_success_timestamp_seconds",
            "When the stream succeeded whose success is the longest ago in any project.",
            ["connector"],
            [((name,), at) for name, at in succeeded],
        ),
    ]


def _of_jobs(counts: Counts) -> list[GaugeMetricFamily]:
    return [
        _gauge(
            "app_job_queue_depth",
            "Runs that could start and wait for a worker.",
            ["queue"],
            [((queue,), counts.load.queued.get(queue, 0)) for queue in QUEUES],
        ),
        _gauge(
            "app_job_oldest_due_seconds",
            "How late the schedule is that waits longest for its slot.",
            [],
            [((), counts.load.overdue.total_seconds())],
        ),
        _gauge(
            "app_jobs_suspended",
            "Jobs that failed too often in a row and rest.",
            [],
            [((), counts.load.suspended)],
        ),
        _gauge(
            "app_dead_letters",
            "Failed runs that nothing took care of.",
            [],
            [((), counts.load.dead_letters)],
        ),
        _gauge(
            "app_job_runs_total",
            "Runs asked for within a day, and open ones.",
            ["job_type", "status"],
            [((run["job_type"], run["status"]), run["runs"]) for run in counts.runs],
        ),
    ]


def _gauge(
    name: str, says: str, labels: list[str], values: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for label_values, value in values:
        family.add_metric(list(label_values), value)
    return family


class _Fixed(Collector):
    """Families that were read beforehand: a scrape cannot await."""

    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        return self._families
