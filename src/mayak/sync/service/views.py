"""What people may look at: states, errors, counts."""

from datetime import datetime
from uuid import UUID

from mayak.platform.db import Conn
from mayak.sync.model import ConnectorError, ErrorStatus, StreamState
from mayak.sync.queries import errors as error_queries
from mayak.sync.queries import mirror
from mayak.sync.queries import states as state_queries


async def mirror_counts(conn: Conn, project_id: UUID) -> dict[str, int]:
    """Live rows of the project's copy, by `connector stream`."""
    return await mirror.counts(conn, project_id)


async def states(conn: Conn, project_id: UUID) -> list[StreamState]:
    """Every stream that was ever asked for, in the order in which they are read."""
    return await state_queries.states(conn, project_id)


async def errors(
    conn: Conn,
    project_id: UUID,
    *,
    status: ErrorStatus | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ConnectorError]:
    """Failing things, the latest first; resolved ones too unless `status` says otherwise."""
    return await error_queries.errors(conn, project_id, status=status, before=before, limit=limit)
