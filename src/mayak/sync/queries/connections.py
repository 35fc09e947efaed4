"""SQL of connections: how a project reaches each service."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_one
from mayak.sync.model import Binding, BindingKind, ConnectionStatus, Connector

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


BOUND: LiteralString = """
SELECT connector, account_ref, kind, external_id, name
  FROM connector_bindings
 WHERE project_id = %(project_id)s
 ORDER BY connector, account_ref, kind, length(external_id), external_id
"""

ERROR_COUNTS: LiteralString = """
SELECT connector,
       count(*) FILTER (WHERE status IN ('pending', 'retrying')) AS open,
       count(*) FILTER (WHERE status = 'dead_letter') AS dead
  FROM connector_errors
 WHERE project_id = %(project_id)s AND status <> 'resolved'
 GROUP BY connector
"""

SCHEDULE: LiteralString = """
SELECT status = 'active' AS active, make_interval(secs => cadence_seconds) AS cadence
  FROM scheduled_jobs
 WHERE project_id = %(project_id)s AND job_type = %(job_type)s
"""

ATTRIBUTES: LiteralString = """
SELECT object, payload
  FROM attio_attributes_raw
 WHERE project_id = %(project_id)s AND deleted_at IS NULL
 ORDER BY object, external_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A binding with the account it is of."""

    connector: str
    account_ref: str
    kind: BindingKind
    external_id: str
    name: str | None

    @property
    def binding(self) -> Binding:
        return Binding(kind=self.kind, external_id=self.external_id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCounts:
    connector: str
    open: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSchedule:
    """When the connectors are read by themselves."""

    active: bool
    cadence: timedelta | None


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


async def bound(conn: Conn, project_id: UUID) -> list[Bound]:
    """Everything that belongs to the project, whatever account it is of."""
    return await fetch_all(conn, Bound, BOUND, project_id=project_id)


async def error_counts(conn: Conn, project_id: UUID) -> dict[str, ErrorCounts]:
    """How many things could not be copied, by connector; resolved ones are left out."""
    found = await fetch_all(conn, ErrorCounts, ERROR_COUNTS, project_id=project_id)
    return {one.connector: one for one in found}


async def schedule(conn: Conn, project_id: UUID, job_type: str) -> CycleSchedule | None:
    """Whether and how often a job runs by itself; None for a project without that job."""
    return await fetch_one(conn, CycleSchedule, SCHEDULE, project_id=project_id, job_type=job_type)


async def attributes(conn: Conn, project_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """The attributes of Attio as it described them, by object."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in await fetch_dicts(conn, ATTRIBUTES, project_id=project_id):
        found.setdefault(row["object"], []).append(row["payload"])
    return found
