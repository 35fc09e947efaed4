"""Schedules appear with a project: one row for each job type, as the release declares it."""

from datetime import datetime
from uuid import UUID

from mayak.automation import queries
from mayak.automation.model import Registry, first_slot
from mayak.platform.db import Conn

ROWS = 2000
"""Schedules that are written in one transaction."""


async def ensure(conn: Conn, registry: Registry, *, at: datetime | None = None) -> int:
    """Write the schedules that are lacking in the scope of `conn`. Returns how many there were.

    First slots are spread, so that projects made together do not run together.
    """
    lacking = await queries.schedules.lacking(conn, list(registry.values()), at=at, limit=ROWS)
    rows = [
        row(registry, one.job_type, one.project_id, one.time_zone, at=one.at) for one in lacking
    ]
    await queries.schedules.put(conn, rows)
    return len(rows)


def row(
    registry: Registry, job_type: str, project_id: UUID, time_zone: str, *, at: datetime
) -> dict[str, object]:
    job = registry[job_type]
    rhythm = job.rhythm
    return {
        "project_id": project_id,
        "job_type": job.name,
        "cadence_seconds": rhythm and rhythm.cadence_seconds,
        "cron": rhythm and rhythm.cron,
        "time_zone": time_zone,
        "overlap": job.overlap,
        "catchup": job.catchup,
        "at": at,
        "next_run_at": rhythm
        and first_slot(rhythm, project_id, job.name, time_zone=time_zone, at=at),
        "rests": registry.rests(job_type),
    }
