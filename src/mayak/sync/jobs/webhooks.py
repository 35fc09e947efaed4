"""Looking into what services told by themselves. One job each: an outage of one holds no other."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.service import Sources
from mayak.sync.service.draining import drain
from mayak.sync.service.webhooks import drain_of

ATTEMPTS = 60
"""A minute apart while the service is out of reach."""
LONGEST = timedelta(minutes=30)


@job(drain_of("chatwoot"), queue="io", timeout=LONGEST, max_attempts=ATTEMPTS)
async def webhooks_drain_chatwoot(run: JobRun) -> Result:
    """Conversations, contacts and inboxes that Chatwoot said have changed."""
    return await drain(run, run.resource(Sources), "chatwoot")


@job(drain_of("linear"), queue="io", timeout=LONGEST, max_attempts=ATTEMPTS)
async def webhooks_drain_linear(run: JobRun) -> Result:
    """Issues, comments and whatever else Linear said has changed."""
    return await drain(run, run.resource(Sources), "linear")


@job(drain_of("attio"), queue="io", timeout=LONGEST, max_attempts=ATTEMPTS)
async def webhooks_drain_attio(run: JobRun) -> Result:
    """Companies, deals, people, notes and tasks that Attio said have changed."""
    return await drain(run, run.resource(Sources), "attio")
