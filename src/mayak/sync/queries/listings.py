"""SQL of listings: what a source shows, beside what is here.

A listing is kept in the database and not in memory, so that any later run can go on with it and a
source of any size takes the same memory.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import orjson

from mayak.platform.db import Conn, execute, fetch_value, fetch_values
from mayak.sync.model import MIRRORS

ADD: LiteralString = """
INSERT INTO connector_listings (project_id, listing_id, external_id, version)
SELECT %(project_id)s, %(listing_id)s, shown.key, shown.value
  FROM jsonb_each_text(%(versions)s::jsonb) AS shown
    ON CONFLICT (project_id, listing_id, external_id) DO UPDATE SET version = excluded.version
"""

SIZE: LiteralString = """
SELECT count(*)
  FROM connector_listings
 WHERE project_id = %(project_id)s AND listing_id = %(listing_id)s
"""

DROP: LiteralString = """
DELETE FROM connector_listings
 WHERE project_id = %(project_id)s AND listing_id = %(listing_id)s
"""

# Here and in `comparing` one look for each row, as in `mirror`. Statistics know older listings, and
# take a new one for a single row: as a plain join the whole of it would be read for each record.
ABSENT: LiteralString = """
SELECT here.external_id
  FROM {table} AS here
  LEFT JOIN LATERAL (
         SELECT external_id FROM connector_listings
          WHERE project_id = %(project_id)s AND listing_id = %(listing_id)s
            AND external_id = here.external_id
          LIMIT 1) AS shown ON true
 WHERE here.project_id = %(project_id)s AND here.deleted_at IS NULL
   -- A row that came while the source was being listed may be newer than its page.
   AND here.observed_at < %(started)s
   AND here.external_id > %(after)s
   AND shown.external_id IS NULL
 ORDER BY here.external_id
 LIMIT %(limit)s
"""

LACKING: LiteralString = """
SELECT shown.external_id
  FROM connector_listings AS shown
  LEFT JOIN LATERAL (
         SELECT * FROM {table}
          WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = shown.external_id
            AND deleted_at IS NULL
          LIMIT 1) AS here ON true
 WHERE shown.project_id = %(project_id)s AND shown.listing_id = %(listing_id)s
   AND shown.external_id > %(after)s
   AND CASE WHEN shown.version = 'unreadable' THEN false
            WHEN here.external_id IS NULL THEN true
            WHEN shown.version = '' THEN false
            ELSE {older} END
 ORDER BY shown.external_id
 LIMIT %(limit)s
"""

OLDER: Mapping[str, LiteralString] = {
    "time": "here.source_updated_at < shown.version::timestamptz",
    "hash": "encode(here.content_hash, 'hex') <> shown.version",
}

LIVE: LiteralString = """
SELECT count(*) FROM {table} WHERE project_id = %(project_id)s AND deleted_at IS NULL
"""

ABSENTEES: Mapping[str, LiteralString] = {
    kind: ABSENT.format(table=mirror.table) for kind, mirror in MIRRORS.items()
}
LACKERS: Mapping[str, LiteralString] = {
    f"{kind} {version}": LACKING.format(table=mirror.table, older=older)
    for kind, mirror in MIRRORS.items()
    for version, older in OLDER.items()
}
LIVES: Mapping[str, LiteralString] = {
    kind: LIVE.format(table=mirror.table) for kind, mirror in MIRRORS.items()
}

SWEEP_OLD: LiteralString = """
DELETE FROM connector_listings
 WHERE project_id = %(project_id)s AND listed_at < now() - interval '2 days'
   AND NOT listing_id = ANY(
   SELECT (checkpoint #>> '{scan,listing}')::uuid
     FROM connector_sync_state
    WHERE project_id = %(project_id)s AND checkpoint #>> '{scan,listing}' IS NOT NULL)
"""


async def add(
    conn: Conn, project_id: UUID, listing_id: UUID, versions: Mapping[str, str | None]
) -> None:
    """Remember what a page of the listing showed, by id; `unreadable` for what was rejected."""
    if versions:
        await execute(
            conn,
            ADD,
            project_id=project_id,
            listing_id=listing_id,
            versions=orjson.dumps(dict(versions)).decode(),
        )


async def size(conn: Conn, project_id: UUID, listing_id: UUID) -> int:
    """How many different records it shows."""
    count: int = await fetch_value(conn, SIZE, project_id=project_id, listing_id=listing_id)
    return count


async def drop(conn: Conn, project_id: UUID, listing_id: UUID) -> None:
    await execute(conn, DROP, project_id=project_id, listing_id=listing_id)


async def sweep_old(conn: Conn, project_id: UUID) -> int:
    """Drop listings that nobody goes on with: others may be in the middle of theirs."""
    return await execute(conn, SWEEP_OLD, project_id=project_id)


async def absent(
    conn: Conn,
    project_id: UUID,
    kind: str,
    listing_id: UUID,
    *,
    started: datetime,
    after: str = "",
    limit: int,
) -> list[str]:
    """Live rows from before `started` that the listing does not show, by id from above `after`."""
    return await fetch_values(
        conn,
        ABSENTEES[kind],
        project_id=project_id,
        listing_id=listing_id,
        started=started,
        after=after,
        limit=limit,
    )


async def lacking(
    conn: Conn,
    project_id: UUID,
    kind: str,
    version: str,
    listing_id: UUID,
    *,
    after: str = "",
    limit: int,
) -> list[str]:
    """What the listing shows and we do not have, or have in an older version."""
    return await fetch_values(
        conn,
        LACKERS[f"{kind} {version}"],
        project_id=project_id,
        listing_id=listing_id,
        after=after,
        limit=limit,
    )


async def live(conn: Conn, project_id: UUID, kind: str) -> int:
    """Live rows of one kind."""
    count: int = await fetch_value(conn, LIVES[kind], project_id=project_id)
    return count
