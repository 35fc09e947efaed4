"""Schedules: they appear with a project, rest and wake, and change when a person says so."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from mayak.automation import queries
from mayak.automation.model import (
    Catchup,
    HeldByFlag,
    JobType,
    NoRhythm,
    Overlap,
    Registry,
    Rhythm,
    Run,
    Schedule,
    first_slot,
)
from mayak.automation.queries import Ticked
from mayak.automation.service.appearing import ROWS, ensure, row
from mayak.automation.service.ticking import look_ahead, tick_once
from mayak.automation.service.triggers import trigger
from mayak.errors import InvalidInput
from mayak.kit.text import without_nul
from mayak.platform.db import Conn, Database


async def keep(database: Database, registry: Registry, *, at: datetime | None) -> None:
    """Every project has its schedules, as this release declares them."""
    while True:
        async with database.system_transaction() as conn:
            if await ensure(conn, registry, at=at) < ROWS:
                return


async def obey_flag(database: Database, registry: Registry) -> int:
    """Let the legacy jobs of every project rest, or wake those that only the flag held.

    Called when a process starts. A job that a person paused stays paused. Returns how many changed.
    """
    legacy = registry.legacy()
    async with database.system_transaction() as conn:
        if registry.lightrag_only:
            return await queries.schedules.rest(conn, legacy)
        resting = await queries.schedules.resting(conn, legacy)
        for one in resting:
            schedule = await queries.schedules.held(conn, one.project_id, one.job_type)
            if schedule is not None and schedule.pause_reason == "lightrag_only":
                await _wake(conn, one.project_id, schedule)
        return len(resting)


async def _wake(conn: Conn, project_id: UUID, schedule: Schedule) -> None:
    rhythm = schedule.rhythm
    slot = None
    if rhythm is not None:
        at = await queries.schedules.present(conn)
        slot = first_slot(
            rhythm, project_id, schedule.job_type, time_zone=schedule.time_zone, at=at
        )
    await queries.schedules.set_schedule(conn, project_id, schedule, next_run_at=slot, wakes=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job type as it stands in one project."""

    type: JobType
    schedule: Schedule
    running: Run | None
    queued: Run | None
    """The one that waits and will start first."""


async def overview(conn: Conn, registry: Registry) -> list[Job]:
    """Every job type of the project, in the order of the registry."""
    await ensure(conn, registry)
    schedules = {one.job_type: one for one in await queries.schedules.every(conn)}
    running: dict[str, Run] = {}
    queued: dict[str, Run] = {}
    for run in await queries.open_runs(conn):
        (running if run.status == "running" else queued).setdefault(run.job_type, run)
    return [
        Job(type=job, schedule=schedules[name], running=running.get(name), queued=queued.get(name))
        for name, job in registry.items()
    ]


async def one_job(conn: Conn, registry: Registry, job_type: str) -> Job:
    """One of them. Raises UnknownJobType."""
    registry.need(job_type)
    jobs = await overview(conn, registry)
    return next(job for job in jobs if job.type.name == job_type)


async def _held(conn: Conn, registry: Registry, project_id: UUID, job_type: str) -> Schedule:
    """The schedule, locked. Raises UnknownJobType."""
    registry.need(job_type)
    found = await queries.schedules.held(conn, project_id, job_type)
    if found is None:
        zone = await queries.schedules.zone(conn, project_id)
        at = await queries.schedules.present(conn)
        await queries.schedules.put(conn, [row(registry, job_type, project_id, zone, at=at)])
        found = await queries.schedules.held(conn, project_id, job_type)
        assert found is not None
    return found


async def run_now(
    conn: Conn,
    registry: Registry,
    project_id: UUID,
    job_type: str,
    *,
    because: str,
    payload: dict[str, object] | None = None,
) -> Run:
    """Ask for a run by hand, also of a paused job. Raises UnknownJobType or HeldByFlag."""
    registry.need(job_type)
    if registry.rests(job_type):
        raise HeldByFlag(job_type)
    _refuse_unstorable(payload or {})
    return await trigger(
        conn, registry, project_id, job_type, because=because, payload=payload or {}
    )


def _refuse_unstorable(payload: dict[str, object]) -> None:
    """Raises InvalidInput for what would not come back from the database as it was given."""
    try:
        json.dumps(payload, allow_nan=False)
        orjson.dumps(payload)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("payload", f"it cannot be stored: {error}") from error
    if without_nul(payload) != payload:
        raise InvalidInput("payload", "it holds the character U+0000, which cannot be stored")


async def pause(
    conn: Conn, registry: Registry, project_id: UUID, job_type: str, *, by: str
) -> None:
    """Let a job rest, also one that LIGHTRAG_ONLY holds: then it goes on resting without the flag.

    A run that goes on goes on; one that waits is withdrawn, unless somebody asked for it. Raises
    UnknownJobType.
    """
    await _held(conn, registry, project_id, job_type)
    await queries.schedules.pause(conn, project_id, [job_type], reason="person", by=by)
    await queries.withdraw(conn, project_id, types=[job_type], reason="paused")


async def resume(conn: Conn, registry: Registry, project_id: UUID, job_type: str) -> None:
    """Wake a paused or suspended job at its next slot. Raises UnknownJobType or HeldByFlag."""
    schedule = await _held(conn, registry, project_id, job_type)
    if registry.rests(job_type):
        if schedule.pause_reason != "person":
            raise HeldByFlag(job_type)
        # What a person paused is the flag's again: the wish is taken back, the flag stays.
        await _wake(conn, project_id, schedule)
        await queries.schedules.pause(conn, project_id, [job_type], reason="lightrag_only", by=None)
        return
    if schedule.status != "active":
        await _wake(conn, project_id, schedule)


async def pause_all(conn: Conn, registry: Registry, project_id: UUID, *, by: str) -> list[str]:
    """Let every active job of the project rest; returns which."""
    await ensure(conn, registry)
    paused = await queries.schedules.pause(
        conn, project_id, sorted(registry), reason="project", by=by
    )
    await queries.withdraw(conn, project_id, types=paused, reason="paused")
    return sorted(paused)


async def resume_all(conn: Conn, registry: Registry, project_id: UUID) -> list[str]:
    """Wake what `pause_all` put to rest, and nothing that rested before; returns which.

    What LIGHTRAG_ONLY holds by now goes on resting, for that reason.
    """
    woken = []
    for schedule in await queries.schedules.every(conn):
        if schedule.pause_reason != "project" or schedule.job_type not in registry:
            continue
        await _wake(conn, project_id, schedule)
        woken.append(schedule.job_type)
    held = [name for name in woken if registry.rests(name)]
    await queries.schedules.pause(conn, project_id, held, reason="lightrag_only", by=None)
    return [name for name in woken if name not in held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to change of a schedule; None leaves a part as it is."""

    rhythm: Rhythm | None = None
    time_zone: str | None = None
    overlap: Overlap | None = None
    catchup: Catchup | None = None
    reset: bool = False
    """Back to the rhythm that the release declares, and to the project's time zone."""


async def change(
    conn: Conn, registry: Registry, project_id: UUID, job_type: str, wanted: Change
) -> None:
    """Change when a job runs. Raises UnknownJobType, InvalidInput or NoRhythm."""
    job = registry.need(job_type)
    old = await _held(conn, registry, project_id, job_type)
    zone = await queries.schedules.zone(conn, project_id)
    if wanted.time_zone is not None:
        zone = _zone(wanted.time_zone)
    elif old.custom and old.cron is not None and not wanted.reset:
        zone = old.time_zone
    rhythm = job.rhythm if wanted.reset else wanted.rhythm or old.rhythm
    if rhythm is None and wanted.time_zone is not None:
        raise NoRhythm(job_type)
    touched = wanted.rhythm is not None or wanted.time_zone is not None
    new = replace(
        old,
        cadence_seconds=None if rhythm is None else rhythm.cadence_seconds,
        cron=None if rhythm is None else rhythm.cron,
        time_zone=zone,
        custom=not wanted.reset and (touched or old.custom),
        overlap=job.overlap if wanted.reset else wanted.overlap or old.overlap,
        catchup=job.catchup if wanted.reset else wanted.catchup or old.catchup,
    )
    slot = old.next_run_at
    at = await queries.schedules.present(conn)
    is_due = old.status == "active" and slot is not None and slot <= at
    if (touched or wanted.reset or zone != old.time_zone) and not is_due:
        slot = None
        if rhythm is not None:
            slot = first_slot(rhythm, project_id, job_type, time_zone=zone, at=at)
    await queries.schedules.set_schedule(conn, project_id, new, next_run_at=slot)


def _zone(name: str) -> str:
    if name != "UTC" and ("/" not in name or name.split("/", maxsplit=1)[0] not in REGIONS):
        raise InvalidInput("time_zone", f"{name!r} is not a time zone such as Europe/Berlin")
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise InvalidInput("time_zone", f"{name!r} is not a time zone") from error
    return name


REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Etc"}
    | {"Europe", "Indian", "Pacific"}
)
"""Of the zones that mean the same on every machine, unlike `localtime` or `right/...`."""


async def tick_project(conn: Conn, registry: Registry) -> Ticked:
    """Account for the due slots of the project of `conn`, now."""
    ahead = await look_ahead(conn, registry, at=None)
    return await tick_once(conn, registry, ahead, at=None)
