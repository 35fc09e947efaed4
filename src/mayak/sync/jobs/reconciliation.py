"""Comparing the copy with its sources: every day, when asked, and what is done about it."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.jobs.reading import LANE
from mayak.sync.model.reconciliation import Choice
from mayak.sync.service import Sources
from mayak.sync.service.completeness import REPAIR_JOB, RUN_JOB
from mayak.sync.service.reconciling import check
from mayak.sync.service.repairing import repair

LONGEST = timedelta(hours=6)


@job(
    "connectors_reconciliation_daily",
    cron="0 8 * * *",
    queue="io",
    lane=LANE,
    timeout=LONGEST,
)
async def connectors_reconciliation_daily(run: JobRun) -> Result:
    """Every stream beside its source; what differs is read again at once."""
    return await check(run, run.resource(Sources), Choice.of(run.payload), mends=True)


@job(RUN_JOB, queue="io", lane=LANE, timeout=LONGEST)
async def connectors_reconciliation_run(run: JobRun) -> Result:
    """The same comparison, of what was asked for, without any repair."""
    return await check(run, run.resource(Sources), Choice.of(run.payload))


@job(REPAIR_JOB, queue="io", lane=LANE, timeout=LONGEST)
async def connectors_reconciliation_repair(run: JobRun) -> Result:
    """Exactly the records that were found to differ, read again by their ids."""
    return await repair(run, run.resource(Sources), Choice.of(run.payload))
