"""When the copy is refreshed by itself."""

from mayak.automation.model import JobRun, Result, job
from mayak.sync.service import ChatwootAccess, sync_chatwoot


@job("chatwoot_sync", queue="io")
async def chatwoot_sync(run: JobRun) -> Result:
    """Contacts, conversations and messages of the project's inboxes."""
    return await sync_chatwoot(run, run.resource(ChatwootAccess))
