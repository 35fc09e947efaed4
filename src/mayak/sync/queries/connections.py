"""SQL of connections: how a project reaches each service."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_one
from mayak.sync.model import Connector

ConnectionStatus = Literal["enabled", "paused"]

CONNECTION: LiteralString = """
SELECT connector, status, paused_by, base_url, account, credential, mapping, identity, tested_at
  FROM connector_connections
 WHERE project_id = %(project_id)s AND connector = %(connector)s
"""

CONNECTIONS: LiteralString = """
SELECT connector, status, paused_by, base_url, account, credential, mapping, identity, tested_at
  FROM connector_connections
 WHERE project_id = %(project_id)s
"""

CONNECT: LiteralString = """
INSERT INTO connector_connections AS old
       (project_id, connector, base_url, account, credential)
VALUES (%(project_id)s, %(connector)s, %(base_url)s, %(account)s, %(credential)s)
    ON CONFLICT (project_id, connector) DO UPDATE
   SET base_url = excluded.base_url, account = excluded.account, credential = excluded.credential,
       identity = NULL, tested_at = NULL, updated_at = now()
"""

IDENTIFY: LiteralString = """
INSERT INTO connector_connections AS old (project_id, connector, identity, tested_at)
VALUES (%(project_id)s, %(connector)s, %(identity)s::jsonb, now())
    ON CONFLICT (project_id, connector) DO UPDATE
   SET identity = excluded.identity, tested_at = now()
"""

SWITCH: LiteralString = """
INSERT INTO connector_connections AS old (project_id, connector, status, paused_by)
VALUES (%(project_id)s, %(connector)s, %(status)s, %(paused_by)s)
    ON CONFLICT (project_id, connector) DO UPDATE
   SET status = excluded.status, paused_by = excluded.paused_by, updated_at = now()
"""

MAP: LiteralString = """
INSERT INTO connector_connections AS old (project_id, connector, mapping)
VALUES (%(project_id)s, %(connector)s, %(mapping)s::jsonb)
    ON CONFLICT (project_id, connector) DO UPDATE
   SET mapping = excluded.mapping, updated_at = now()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A row of `connector_connections`."""

    connector: Connector
    status: ConnectionStatus = "enabled"
    paused_by: str | None = None
    base_url: str | None = None
    account: str | None = None
    credential: bytes | None = field(default=None, repr=False)
    """Sealed; None: the token of the installation."""
    mapping: dict[str, dict[str, str]] = field(default_factory=dict)
    identity: dict[str, Any] | None = None
    tested_at: datetime | None = None


async def connection(conn: Conn, project_id: UUID, connector: Connector) -> Connection:
    """How the project reaches a service; as the installation does when it has no say."""
    found = await fetch_one(
        conn, Connection, CONNECTION, project_id=project_id, connector=connector
    )
    return found or Connection(connector=connector)


async def connections(conn: Conn, project_id: UUID) -> dict[str, Connection]:
    """What the project has a say about, by connector."""
    found = await fetch_all(conn, Connection, CONNECTIONS, project_id=project_id)
    return {one.connector: one for one in found}


async def connect(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    *,
    base_url: str | None,
    account: str | None,
    credential: bytes | None,
) -> None:
    """Set what the project reaches a service with; None goes back to the installation's."""
    await execute(
        conn,
        CONNECT,
        project_id=project_id,
        connector=connector,
        base_url=base_url,
        account=account,
        credential=credential,
    )


async def identify(
    conn: Conn, project_id: UUID, connector: Connector, identity: dict[str, Any]
) -> None:
    """Remember whose credential it turned out to be."""
    await execute(
        conn,
        IDENTIFY,
        project_id=project_id,
        connector=connector,
        identity=orjson.dumps(identity).decode(),
    )


async def switch(
    conn: Conn, project_id: UUID, connector: Connector, status: ConnectionStatus, by: str | None
) -> None:
    """Pause or enable; `by` is who paused it."""
    await execute(
        conn, SWITCH, project_id=project_id, connector=connector, status=status, paused_by=by
    )


async def map_fields(
    conn: Conn, project_id: UUID, connector: Connector, mapping: dict[str, dict[str, str]]
) -> None:
    """Which attribute of the source is which of our fields, where a person says so."""
    await execute(
        conn,
        MAP,
        project_id=project_id,
        connector=connector,
        mapping=orjson.dumps(mapping).decode(),
    )
