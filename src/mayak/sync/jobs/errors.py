"""Trying failed things again."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.jobs.reading import LANE, LONGEST
from mayak.sync.service import Sources
from mayak.sync.service.asking import RETRY_JOB
from mayak.sync.service.retrying import retry


@job(RETRY_JOB, every=timedelta(minutes=5), queue="io", lane=LANE, timeout=LONGEST)
async def connector_errors_retry(run: JobRun) -> Result:
    """Whatever could not be copied and is due: a record by its id, a stream by its own step."""
    return await retry(run, run.resource(Sources))
