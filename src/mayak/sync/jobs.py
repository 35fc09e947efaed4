"""When the copy is refreshed by itself."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.service import ChatwootAccess, sync_chatwoot

LANE = "connectors"
"""One at a time in a project: a cycle and a sync that somebody asked for read the same streams."""


# Long, for the first sync of a large account: attempts are few, and to stop one saves nothing.
@job("chatwoot_sync", queue="io", lane=LANE, timeout=timedelta(hours=6))
async def chatwoot_sync(run: JobRun) -> Result:
    """Contacts, conversations and messages of the project's inboxes."""
    return await sync_chatwoot(run, run.resource(ChatwootAccess))


@job(
    "connectors_sync_cycle",
    every=timedelta(minutes=15),
    queue="io",
    lane=LANE,
    timeout=timedelta(hours=6),
)
async def connectors_sync_cycle(run: JobRun) -> Result:
    """Every connector of the project, one after another."""
    return await sync_chatwoot(run, run.resource(ChatwootAccess))
