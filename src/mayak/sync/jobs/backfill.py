"""Reading a part of history again."""

from mayak.automation.model import JobRun, Result, job
from mayak.sync.jobs.reading import LONGEST
from mayak.sync.service import Sources
from mayak.sync.service.backfilling import BACKFILL_JOB, backfill

ATTEMPTS = 20
"""It goes on where it ended, so a long outage costs nothing but time."""


@job(BACKFILL_JOB, queue="io", timeout=LONGEST, max_attempts=ATTEMPTS)
async def connectors_backfill(run: JobRun) -> Result:
    """What one connector holds of a span of time; syncs go on meanwhile and come first."""
    return await backfill(run, run.resource(Sources))
