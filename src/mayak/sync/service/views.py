"""What people may look at: states, errors, counts, the rows themselves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from mayak.kit.text import storable
from mayak.platform.db import Conn
from mayak.sync.model import (
    ALL_STREAMS,
    Connector,
    ConnectorError,
    ErrorDetail,
    ErrorFilter,
    ErrorGroup,
    ErrorNotFound,
    StreamState,
    StreamUnknown,
)
from mayak.sync.queries import fields, letters, mirror
from mayak.sync.queries import states as state_queries
from mayak.sync.queries.fields import Drift


async def mirror_counts(conn: Conn, project_id: UUID) -> dict[str, int]:
    """Live rows of the project's copy, by `connector stream`."""
    return await mirror.counts(conn, project_id)


async def states(conn: Conn, project_id: UUID) -> list[StreamState]:
    """Every stream that was ever asked for, in the order in which they are read."""
    return await state_queries.states(conn, project_id)


async def errors(
    conn: Conn,
    project_id: UUID,
    which: ErrorFilter | None = None,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ConnectorError]:
    """Failing things, the latest first; resolved ones too unless `which` says otherwise."""
    return await letters.errors(
        conn, project_id, which or ErrorFilter(), before=before, limit=limit
    )


async def error(conn: Conn, project_id: UUID, error_id: UUID) -> ErrorDetail:
    """One of them, with what the source said. Raises ErrorNotFound."""
    found = await letters.error(conn, project_id, error_id)
    if found is None:
        raise ErrorNotFound(error_id)
    return found


async def error_groups(
    conn: Conn, project_id: UUID, which: ErrorFilter, *, limit: int = 200
) -> list[ErrorGroup]:
    """Failing things by what failed and how, the latest first."""
    return await letters.groups(conn, project_id, which, limit=limit)


async def drift(
    conn: Conn, project_id: UUID, connector: Connector | None = None, *, limit: int = 200
) -> list[Drift]:
    """Members and values that records did not have when their stream was first read."""
    return await fields.drift(conn, project_id, connector, limit=limit)


async def records(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    *,
    external_id: str | None = None,
    words: str | None = None,
    deleted: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Rows of a stream as they are stored, by id from above `after`; tombstones if `deleted`.

    `words` are part of an id or of what the source said, in any case of letters. Raises
    StreamUnknown.
    """
    known = ALL_STREAMS.get((connector, stream))
    if known is None:
        raise StreamUnknown(connector, stream)
    return await mirror.records(
        conn,
        project_id,
        known.mirror.kind,
        external_id=external_id and storable(external_id),
        words=words and storable(words),
        after=after and storable(after),
        deleted=deleted,
        limit=limit,
    )
