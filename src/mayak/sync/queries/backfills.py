"""SQL of backfills: how far each is, and whether it stands in the way of a sync."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_all, fetch_value
from mayak.sync.model import Connector

SLICES: LiteralString = """
SELECT slice AS name, checkpoint, done, records
  FROM connector_backfills
 WHERE project_id = %(project_id)s AND run_id = %(run_id)s
"""

SAVE: LiteralString = """
INSERT INTO connector_backfills AS old (project_id, run_id, slice, checkpoint, done, records)
VALUES (%(project_id)s, %(run_id)s, %(slice)s, %(checkpoint)s::jsonb, %(done)s, %(records)s)
    ON CONFLICT (project_id, run_id, slice) DO UPDATE
   SET checkpoint = excluded.checkpoint, done = excluded.done,
       records = old.records + excluded.records, updated_at = now()
"""

FORGET_OLD: LiteralString = """
DELETE FROM connector_backfills
 WHERE project_id = %(project_id)s AND updated_at < now() - interval '30 days'
"""

SYNC_GOES_ON: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_sync_state
   WHERE project_id = %(project_id)s AND connector = %(connector)s
     AND status = 'running' AND lease_until > now())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceState:
    """How far one slice of a backfill is."""

    name: str
    checkpoint: dict[str, Any]
    done: bool
    records: int


async def slices(conn: Conn, project_id: UUID, run_id: UUID) -> dict[str, SliceState]:
    """The slices that a backfill has begun, by name."""
    found = await fetch_all(conn, SliceState, SLICES, project_id=project_id, run_id=run_id)
    return {one.name: one for one in found}


async def save(
    conn: Conn,
    project_id: UUID,
    run_id: UUID,
    name: str,
    *,
    checkpoint: Mapping[str, Any],
    done: bool,
    records: int,
) -> None:
    """Remember how far a slice is, and that so many records more were read of it."""
    await execute(
        conn,
        SAVE,
        project_id=project_id,
        run_id=run_id,
        slice=name,
        checkpoint=orjson.dumps(dict(checkpoint)).decode(),
        done=done,
        records=records,
    )


async def forget_old(conn: Conn, project_id: UUID) -> None:
    """Drop what nobody goes on with."""
    await execute(conn, FORGET_OLD, project_id=project_id)


async def sync_goes_on(conn: Conn, project_id: UUID, connector: Connector) -> bool:
    """Whether a stream of the connector is being read."""
    found: bool = await fetch_value(conn, SYNC_GOES_ON, project_id=project_id, connector=connector)
    return found
