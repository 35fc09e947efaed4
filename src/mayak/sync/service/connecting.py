"""Connecting a project to a service: whose credential it is, and what it lets us see."""

from uuid import UUID

from mayak.errors import Misconfigured
from mayak.platform.db import Database
from mayak.sync.model import TITLES, Connector
from mayak.sync.queries import connections
from mayak.sync.service.sources import Source, Sources, as_row, ref_of


async def ask_account(
    database: Database, sources: Sources, project_id: UUID, connector: Connector
) -> str:
    """Ask the service which account the credential is of, remember it, and give its name.

    Raises Misconfigured without a credential, Upstream when the service cannot be asked.
    """
    source = await opened(database, sources, project_id, connector)
    identity = await source.reader.who_am_i()
    account_ref = ref_of(connector, identity, source)
    async with database.transaction(project_id) as conn:
        await connections.identify(conn, project_id, connector, as_row(identity, account_ref))
    return account_ref


async def opened(
    database: Database, sources: Sources, project_id: UUID, connector: Connector
) -> Source:
    """The service, for somebody who waits. Raises Misconfigured without a credential."""
    async with database.transaction(project_id) as conn:
        source = await sources.open(conn, project_id, connector, interactive=True)
    if source is None:
        setting = "CHATWOOT_BASE_URL" if connector == "chatwoot" else f"{connector.upper()}_API_KEY"
        raise Misconfigured(setting, f"{TITLES[connector]} is not connected")
    return source
