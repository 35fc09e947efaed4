"""When the copy is refreshed by itself."""

from datetime import timedelta

from mayak.automation.model import JobRun, Result, job
from mayak.sync.service import ChatwootAccess, sync_chatwoot


# Long, for the first sync of a large account: attempts are few, and to stop one saves nothing.
@job("chatwoot_sync", queue="io", timeout=timedelta(hours=6))
async def chatwoot_sync(run: JobRun) -> Result:
    """Contacts, conversations and messages of the project's inboxes."""
    return await sync_chatwoot(run, run.resource(ChatwootAccess))
