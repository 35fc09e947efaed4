"""SQL of what records look like: which members and values a stream has shown."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_all, fetch_values
from mayak.sync.model import Connector

KNOWN: LiteralString = """
SELECT field
  FROM connector_fields
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND stream = %(stream)s
"""

ADD: LiteralString = """
INSERT INTO connector_fields (project_id, connector, stream, field, expected)
SELECT %(project_id)s, %(connector)s, %(stream)s, new.field, %(expected)s
  FROM unnest(%(fields)s::text[]) AS new (field)
    ON CONFLICT DO NOTHING
"""

DRIFT: LiteralString = """
SELECT connector, stream, field, first_seen_at
  FROM connector_fields
 WHERE project_id = %(project_id)s AND NOT expected
   AND (%(connector)s::text IS NULL OR connector = %(connector)s::text)
 ORDER BY first_seen_at DESC, connector, stream, field
 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A member or a value that records did not have when the stream was first read."""

    connector: str
    stream: str
    field: str
    """`name:type` of a member, `name=value` of a closed set."""
    first_seen_at: datetime


async def known(conn: Conn, project_id: UUID, connector: Connector, stream: str) -> set[str]:
    return set(
        await fetch_values(conn, KNOWN, project_id=project_id, connector=connector, stream=stream)
    )


async def add(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    stream: str,
    new: Collection[str],
    *,
    expected: bool,
) -> None:
    """Remember them; `expected` when the stream is read for the first time."""
    await execute(
        conn,
        ADD,
        project_id=project_id,
        connector=connector,
        stream=stream,
        fields=sorted(new),
        expected=expected,
    )


async def drift(
    conn: Conn, project_id: UUID, connector: Connector | None = None, *, limit: int = 200
) -> list[Drift]:
    """What came later, the newest first."""
    return await fetch_all(
        conn, Drift, DRIFT, project_id=project_id, connector=connector, limit=limit
    )
