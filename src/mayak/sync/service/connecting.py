"""Connecting a project to a service: whose credential it is, and what it lets us see."""

from uuid import UUID

from mayak.automation.model import Registry
from mayak.automation.service import trigger
from mayak.connectors.base import Identity
from mayak.platform.db import Conn, Database
from mayak.sync.model import ConnectionFailed, ConnectionStatus, Connector
from mayak.sync.queries import bindings as binding_queries
from mayak.sync.queries import connections
from mayak.sync.service.offering import Offer, not_connected
from mayak.sync.service.overview import known_ref
from mayak.sync.service.sources import Source, Sources, as_row, ref_of
from mayak.sync.service.trying import Trial, try_offer

BECAUSE = "it was connected anew"


async def ask_account(
    database: Database, sources: Sources, project_id: UUID, connector: Connector
) -> str:
    """Ask the service which account the credential is of, remember it, and give its name.

    Raises Misconfigured without a credential, Upstream when the service cannot be asked.
    """
    source = await opened(database, sources, project_id, connector)
    return await ask_again(database, project_id, source)


async def ask_again(database: Database, project_id: UUID, source: Source) -> str:
    """The same of a service that is open already."""
    identity = await source.reader.who_am_i()
    return await _remember(database, project_id, source, identity)


async def _remember(
    database: Database, project_id: UUID, source: Source, identity: Identity
) -> str:
    account_ref = ref_of(source.connector, identity, source)
    async with database.transaction(project_id) as conn:
        row = as_row(identity, account_ref)
        await connections.identify(conn, project_id, source.connector, row)
    return account_ref


async def opened(
    database: Database, sources: Sources, project_id: UUID, connector: Connector
) -> Source:
    """The service, for somebody who waits. Raises Misconfigured without a credential."""
    async with database.transaction(project_id) as conn:
        source = await sources.open(conn, project_id, connector, interactive=True)
    if source is None:
        raise not_connected(connector)
    return source


async def account_of(
    conn: Conn, sources: Sources, project_id: UUID, connector: Connector
) -> str | None:
    """The account that the project is connected to, as far as it is known without asking."""
    return known_ref(sources, await connections.connection(conn, project_id, connector))


async def try_connection(
    database: Database, sources: Sources, project_id: UUID, connector: Connector, offer: Offer
) -> Trial:
    """Look live what a credential sees. One that was not stored yet leaves no trace.

    Raises InvalidInput for an offer that makes no sense, NotConnected when there is nothing to
    test; what the service does is part of the answer.
    """
    tried = await try_offer(database, sources, project_id, connector, offer)
    if tried.identity is not None and tried.source is not None and offer.secret is None:
        await _remember(database, project_id, tried.source, tried.identity)
    return tried


async def connect(
    database: Database,
    sources: Sources,
    registry: Registry,
    project_id: UUID,
    connector: Connector,
    offer: Offer,
    *,
    force: bool = False,
) -> Trial:
    """Reach the service with a credential of the project's own from now on, sealed at rest.

    It is tested first. Raises InvalidInput as `try_connection` does, ConnectionFailed when the
    test fails, unless `force` says that the credential is right all the same; Misconfigured
    without a key to seal with.
    """
    if offer.secret is None:
        raise ValueError("an offer to be stored needs its secret")
    sealed = sources.seal(offer.secret)
    tried = await try_offer(database, sources, project_id, connector, offer)
    if tried.error is not None and not force:
        raise ConnectionFailed(
            reason=_sentence(tried.error.message),
            next_step=tried.error.next_step,
            kind=tried.error.kind,
        )
    assert tried.credentials is not None  # an offer with a secret comes to some
    async with database.transaction(project_id) as conn:
        await connections.connect(
            conn,
            project_id,
            connector,
            base_url=tried.credentials.base_url,
            account=tried.credentials.account,
            credential=sealed,
        )
        if tried.identity is not None and tried.source is not None:
            ref = ref_of(connector, tried.identity, tried.source)
            row = as_row(tried.identity, ref)
            await connections.identify(conn, project_id, connector, row)
        await read_soon(conn, registry, project_id, connector, because=BECAUSE)
    return tried


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


async def disconnect(
    conn: Conn, registry: Registry, project_id: UUID, connector: Connector
) -> None:
    """Forget the project's own credential; from now on it is the installation's, if it has one.

    What was copied and what is bound stays.
    """
    await connections.connect(
        conn, project_id, connector, base_url=None, account=None, credential=None
    )
    await read_soon(conn, registry, project_id, connector, because=BECAUSE)


async def switch(
    conn: Conn,
    registry: Registry,
    project_id: UUID,
    connector: Connector,
    status: ConnectionStatus,
    *,
    by: str,
) -> None:
    """Pause a connector or enable it. What was copied stays; enabling it reads it soon.

    A sync that goes on is not stopped by a pause; no other begins.
    """
    paused_by = by if status == "paused" else None
    before = await connections.connection(conn, project_id, connector)
    if before.status == status:
        return
    await connections.switch(conn, project_id, connector, status, paused_by)
    if status == "enabled":
        await read_soon(conn, registry, project_id, connector, because=f"{by} enabled it")


async def read_soon(
    conn: Conn,
    registry: Registry,
    project_id: UUID,
    connector: Connector,
    *,
    because: str,
    full: bool = False,
    even_unbound: bool = False,
) -> None:
    """Ask for a sync, if anything of the service is bound at all, or was until now."""
    if even_unbound or await binding_queries.any_bound(conn, project_id, connector):
        payload = {"full": True} if full else None
        await trigger(
            conn, registry, project_id, f"{connector}_sync", because=because, payload=payload
        )
