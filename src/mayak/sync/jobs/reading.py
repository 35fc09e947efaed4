"""Reading the sources: one, or all of them."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.model import Wish
from mayak.sync.service import Sources, sync, sync_all

LANE = "connectors"
"""One at a time in a project: a cycle and a sync that somebody asked for read the same streams."""
LONGEST = timedelta(hours=6)
"""For the first sync of a large account: attempts are few, and to stop one saves nothing."""


@job("chatwoot_sync", queue="io", lane=LANE, timeout=LONGEST)
async def chatwoot_sync(run: JobRun) -> Result:
    """Contacts, conversations and messages of the project's inboxes."""
    return await sync(run, run.resource(Sources), "chatwoot", Wish.of(run.payload))


@job("linear_sync", queue="io", lane=LANE, timeout=LONGEST)
async def linear_sync(run: JobRun) -> Result:
    """Issues, comments, projects and cycles of the project's teams."""
    return await sync(run, run.resource(Sources), "linear", Wish.of(run.payload))


@job("attio_sync", queue="io", lane=LANE, timeout=LONGEST)
async def attio_sync(run: JobRun) -> Result:
    """Companies of the project with their deals, people, notes and tasks."""
    return await sync(run, run.resource(Sources), "attio", Wish.of(run.payload))


@job(
    "connectors_sync_cycle",
    every=timedelta(minutes=15),
    queue="io",
    lane=LANE,
    timeout=LONGEST,
)
async def connectors_sync_cycle(run: JobRun) -> Result:
    """Every source of the project, all at once; one that fails stops no other."""
    return await sync_all(run, run.resource(Sources), Wish.of(run.payload))
