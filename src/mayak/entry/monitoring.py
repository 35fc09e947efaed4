"""GET /health and GET /metrics: is it well, and how much of what."""

import asyncio
from collections.abc import Iterable
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector
from pydantic import BaseModel

import mayak
from mayak.automation import queries as automation
from mayak.errors import AppError
from mayak.http.services import Services
from mayak.kit.resources import Resources
from mayak.lightrag import queries as lightrag
from mayak.platform.db import Database, OperationalError
from mayak.platform.telemetry import RequestMeasures
from mayak.sync import queries as sync

router = APIRouter(tags=["operations"])

Status = Literal["ok", "degraded", "down"]
WORST: tuple[Status, ...] = ("ok", "degraded", "down")
PATIENCE = 5.0
"""Seconds after which a database that does not answer counts as down."""


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
    async with services.get(Database).system_transaction() as conn:
        workers = await automation.workers_alive(conn)
        waiting = await automation.longest_wait(conn)
        streams = await sync.streams_by_status(conn)
        chunks = await lightrag.chunks_by_status(conn)
    troubled = sum(
        count for status, count in streams.items() if status not in {"idle", "running", "ok"}
    )
    failed = chunks.get("failed", 0)
    return [
        Check(name="database", status="ok", detail="answers"),
        _check("worker", bool(workers), f"{workers} alive", "none alive: start `mayak worker`"),
        _check(
            "queue",
            waiting.total_seconds() < 600,  # noqa: PLR2004
            f"longest wait {waiting.total_seconds():.0f} s",
            f"a run waits for {waiting.total_seconds() / 60:.0f} min: see GET /jobs/runs",
        ),
        _check(
            "connectors",
            not troubled,
            f"{sum(streams.values())} streams, none in trouble",
            f"{troubled} streams in trouble: see GET /connectors/state",
        ),
        _check(
            "embeddings",
            not failed,
            f"{chunks.get('ready', 0)} chunks ready, {chunks.get('pending', 0)} pending",
            f"{failed} chunks failed: see GET /lightrag/status",
        ),
    ]


def _check(name: str, well: bool, good: str, bad: str) -> Check:  # noqa: FBT001
    return Check(name=name, status="ok" if well else "degraded", detail=good if well else bad)


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
        async with asyncio.timeout(PATIENCE), database.system_transaction() as conn:
            runs = await automation.counts(conn)
            chunks = await lightrag.chunks_by_status(conn)
            streams = await sync.streams_by_status(conn)
            workers = await automation.workers_alive(conn)
    except (OperationalError, AppError, TimeoutError):
        return [build, connections, _gauge("app_database_up", "1 when it answers.", [], [((), 0)])]
    return [
        build,
        connections,
        _gauge("app_database_up", "1 when it answers.", [], [((), 1)]),
        _gauge("app_workers_alive", "Workers seen within 30 s.", [], [((), workers)]),
        _gauge(
            "app_job_runs_total",
            "Runs of the last day, and open ones.",
            ["job_type", "status"],
            [((run["job_type"], run["status"]), run["runs"]) for run in runs],
        ),
        _gauge(
            "app_rag_chunks",
            "Chunks by the state of their embedding.",
            ["status"],
            [((status,), count) for status, count in chunks.items()],
        ),
        _gauge(
            "app_connector_streams",
            "Streams of all projects by state.",
            ["status"],
            [((status,), count) for status, count in streams.items()],
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
