"""SQL of comparing: what a listing of the source shows, beside the rows of its mirror."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_dicts, fetch_value, fetch_values
from mayak.sync.model import ALL_STREAMS, STREAMS, Connector, StreamType

UNREADABLE = "unreadable"
"""The version of a record that is there and could not be read."""
BEGUN = ""
"""An id that no record has. It stands in a listing until its end, and is lost if the rest is."""
TOLD_BY = ("identifier", "name", "title", "slug", "key", "uuid")
"""Columns by which a person knows a record."""

MISSING: LiteralString = """
SELECT shown.external_id, shown.version AS source_version, {known} AS known
  FROM connector_listings AS shown
  LEFT JOIN LATERAL (
         SELECT * FROM {table}
          WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = shown.external_id
          LIMIT 1) AS here ON true
 WHERE shown.project_id = %(project_id)s AND shown.listing_id = %(listing_id)s
   AND shown.external_id > %(after)s
   AND (here.external_id IS NULL OR here.deleted_at IS NOT NULL)
   -- What was deleted here after the listing began may be newer than what it shows.
   AND (here.observed_at < %(started)s) IS NOT FALSE
 ORDER BY shown.external_id
 LIMIT %(limit)s
"""

STALE: LiteralString = """
SELECT here.external_id, shown.version AS source_version, {ours} AS our_version, {known} AS known
  FROM connector_listings AS shown
  JOIN LATERAL (
         SELECT * FROM {table}
          WHERE project_id = (SELECT %(project_id)s::uuid) AND external_id = shown.external_id
          LIMIT 1) AS here ON true
 WHERE shown.project_id = %(project_id)s AND shown.listing_id = %(listing_id)s
   AND shown.external_id > %(after)s
   AND here.deleted_at IS NULL AND here.observed_at < %(started)s
   AND CASE WHEN coalesce(shown.version, '') IN ('', 'unreadable') THEN false ELSE {older} END
 ORDER BY shown.external_id
 LIMIT %(limit)s
"""

ABSENT: LiteralString = """
SELECT here.external_id, {known} AS known
  FROM {table} AS here
  LEFT JOIN LATERAL (
         SELECT external_id FROM connector_listings
          WHERE project_id = %(project_id)s AND listing_id = %(listing_id)s
            AND external_id = here.external_id
          LIMIT 1) AS shown ON true
 WHERE here.project_id = %(project_id)s AND here.deleted_at IS NULL
   AND here.observed_at < %(started)s
   AND here.external_id > %(after)s{listed}
   AND shown.external_id IS NULL
 ORDER BY here.external_id
 LIMIT %(limit)s
"""

LISTED_CONTACTS: LiteralString = """
   -- Who is only known by a name is in no list of contacts.
   AND (here.payload ? 'contact_inboxes' OR NOT EXISTS (
         SELECT 1 FROM cw_conversations AS said
          WHERE said.project_id = here.project_id AND said.contact_id = here.external_id
            AND said.deleted_at IS NULL))"""
OF_ONE_CONVERSATION: LiteralString = """
   AND here.conversation_id = %(part)s"""

KEYED: LiteralString = """
SELECT here.external_id, {key} AS key, {known} AS known
  FROM {table} AS here
 WHERE here.project_id = %(project_id)s AND here.deleted_at IS NULL AND {present}"""

KEYED_BY_ANY: LiteralString = """
SELECT DISTINCT here.external_id, lower(one.element) AS key, {known} AS known
  FROM {table} AS here, unnest(here.{column}) AS one (element)
 WHERE here.project_id = %(project_id)s AND here.deleted_at IS NULL AND one.element <> ''"""

OLDER: Mapping[str, tuple[LiteralString, LiteralString]] = {
    "time": ("here.source_updated_at < shown.version::timestamptz", "here.source_updated_at::text"),
    "hash": (
        "encode(here.content_hash, 'hex') <> shown.version",
        "encode(here.content_hash, 'hex')",
    ),
}
"""By what tells a newer state: when ours is another one, and what ours is."""


def _known(stream: StreamType) -> str:
    columns = [*stream.natural_key, *(name for name in TOLD_BY if name in stream.mirror.columns)]
    pairs = ", ".join(f"'{name}', here.{name}" for name in dict.fromkeys(columns))
    return f"jsonb_strip_nulls(jsonb_build_object({pairs}))"


def _filled(statement: str, stream: StreamType, **more: str) -> Any:
    older, ours = OLDER[stream.version]
    return statement.format(
        table=stream.mirror.table, known=_known(stream), older=older, ours=ours, **more
    )


def _keyed(stream: StreamType) -> str:
    types = [stream.mirror.columns[name] for name in stream.natural_key]
    if types == ["text[]"]:
        return str(_filled(KEYED_BY_ANY, stream, column=stream.natural_key[0]))
    columns = [f"here.{name}" for name in stream.natural_key]
    present = " AND ".join(f"{name}::text <> ''" for name in columns)
    key = f"jsonb_build_array({', '.join(columns)})::text"
    return str(_filled(KEYED, stream, key=key, present=present))


def _repeated(keyed: str) -> Any:
    return f"""
SELECT external_id, key, known
  FROM (SELECT keyed.*, count(*) OVER (PARTITION BY key) AS size
          FROM ({keyed}) AS keyed) AS counted
 WHERE size > 1
 ORDER BY key, external_id
 LIMIT %(limit)s
"""


def _surplus(keyed: str) -> str:
    return f"""
SELECT count(DISTINCT external_id)
  FROM (SELECT external_id, row_number() OVER (PARTITION BY key ORDER BY external_id) AS place
          FROM ({keyed}) AS keyed) AS placed
 WHERE place > 1
"""


def _rule(stream: StreamType) -> str:
    rules = {"contacts": LISTED_CONTACTS, "messages": OF_ONE_CONVERSATION}
    return rules.get(stream.name, "") if stream.connector == "chatwoot" else ""


def _name(stream: StreamType) -> str:
    return f"{stream.connector} {stream.name}"


KEYED_STREAMS = tuple(one for one in ALL_STREAMS.values() if one.natural_key)
MISSINGS: Mapping[str, LiteralString] = {
    _name(one): _filled(MISSING, one) for one in ALL_STREAMS.values()
}
STALES: Mapping[str, LiteralString] = {
    _name(one): _filled(STALE, one) for one in ALL_STREAMS.values()
}
ABSENTEES: Mapping[str, LiteralString] = {
    _name(one): _filled(ABSENT, one, listed=_rule(one)) for one in ALL_STREAMS.values()
}
REPEATS: Mapping[str, LiteralString] = {_name(one): _repeated(_keyed(one)) for one in KEYED_STREAMS}
LOCAL_COUNTS: Mapping[str, LiteralString] = {
    connector: " UNION ALL ".join(
        f"SELECT '{one.name}' AS stream, (SELECT count(*) FROM {one.mirror.table}"
        " WHERE project_id = %(project_id)s AND deleted_at IS NULL) AS rows"
        for one in streams
    )
    for connector, streams in STREAMS.items()
}
SURPLUSES: Mapping[str, LiteralString] = {
    connector: " UNION ALL ".join(
        f"SELECT '{one.name}' AS stream, ({_surplus(_keyed(one))}) AS rows"
        for one in streams
        if one.natural_key
    )
    for connector, streams in STREAMS.items()
}

END: LiteralString = """
DELETE FROM connector_listings
 WHERE project_id = %(project_id)s AND listing_id = %(listing_id)s AND external_id = ''
"""

VERSIONS: LiteralString = """
SELECT external_id, {ours} AS version
  FROM {table} AS here
 WHERE here.project_id = %(project_id)s AND here.external_id = ANY(%(external_ids)s)
   AND here.deleted_at IS NULL
"""
OUR_VERSIONS: Mapping[str, LiteralString] = {
    _name(one): _filled(VERSIONS, one) for one in ALL_STREAMS.values()
}

CONVERSATIONS: LiteralString = """
SELECT said.external_id, count(*) OVER () AS total
  FROM cw_conversations AS said
  LEFT JOIN sync_reconciliation_conversations AS seen
         ON seen.project_id = said.project_id AND seen.external_id = said.external_id
 WHERE said.project_id = %(project_id)s AND said.deleted_at IS NULL
   AND (%(inboxes)s::text[] IS NULL OR said.inbox_id = ANY(%(inboxes)s::text[]))
 ORDER BY seen.checked_at NULLS FIRST,
          said.walked_at_source IS NOT DISTINCT FROM said.source_updated_at,
          said.last_activity_at DESC NULLS LAST, said.external_id
 LIMIT %(limit)s
"""

UNHEARD_OF: LiteralString = """
SELECT DISTINCT said.contact_id
  FROM cw_conversations AS said
 WHERE said.project_id = %(project_id)s AND said.deleted_at IS NULL
   AND said.contact_id IS NOT NULL
   AND NOT EXISTS (
         SELECT 1 FROM cw_contacts AS here
          WHERE here.project_id = said.project_id AND here.external_id = said.contact_id
            AND here.deleted_at IS NULL)
   AND NOT EXISTS (
         SELECT 1 FROM connector_listings AS shown
          WHERE shown.project_id = said.project_id AND shown.listing_id = %(listing_id)s
            AND shown.external_id = said.contact_id)
 ORDER BY said.contact_id
 LIMIT %(limit)s
"""

CHECKED: LiteralString = """
INSERT INTO sync_reconciliation_conversations AS old (project_id, external_id)
VALUES (%(project_id)s, %(external_id)s)
    ON CONFLICT (project_id, external_id) DO UPDATE SET checked_at = now()
"""

MESSAGES_OF: LiteralString = """
SELECT count(*)
  FROM cw_messages
 WHERE project_id = %(project_id)s AND conversation_id = %(conversation_id)s
   AND deleted_at IS NULL
"""

WALKED: LiteralString = """
SELECT external_id, source_updated_at
  FROM cw_conversations
 WHERE project_id = %(project_id)s AND external_id = ANY(%(external_ids)s)
   AND deleted_at IS NULL
"""


async def end(conn: Conn, project_id: UUID, listing_id: UUID) -> bool:
    """Take the mark of the beginning out of a listing; False when it was lost meanwhile."""
    return bool(await execute(conn, END, project_id=project_id, listing_id=listing_id))


async def missing(
    conn: Conn,
    project_id: UUID,
    stream: StreamType,
    listing_id: UUID,
    *,
    started: datetime,
    after: str,
    limit: int,
) -> list[dict[str, Any]]:
    """What the listing shows and we do not have: {external_id, source_version, known}, by id."""
    return await fetch_dicts(
        conn,
        MISSINGS[_name(stream)],
        project_id=project_id,
        listing_id=listing_id,
        started=started,
        after=after,
        limit=limit,
    )


async def stale(
    conn: Conn,
    project_id: UUID,
    stream: StreamType,
    listing_id: UUID,
    *,
    started: datetime,
    after: str,
    limit: int,
) -> list[dict[str, Any]]:
    """What we have in another version: {external_id, source_version, our_version, known}."""
    return await fetch_dicts(
        conn,
        STALES[_name(stream)],
        project_id=project_id,
        listing_id=listing_id,
        started=started,
        after=after,
        limit=limit,
    )


async def absent(
    conn: Conn,
    project_id: UUID,
    stream: StreamType,
    listing_id: UUID,
    *,
    started: datetime,
    part: str | None,
    after: str,
    limit: int,
) -> list[dict[str, Any]]:
    """Our live rows from before `started` that the listing should show and does not."""
    more = {} if part is None else {"part": part}
    return await fetch_dicts(
        conn,
        ABSENTEES[_name(stream)],
        project_id=project_id,
        listing_id=listing_id,
        started=started,
        after=after,
        limit=limit,
        **more,
    )


async def repeated(
    conn: Conn, project_id: UUID, stream: StreamType, *, limit: int
) -> list[dict[str, Any]]:
    """Live rows that share a natural key with another: {external_id, key, known}, by key."""
    if not stream.natural_key:
        return []
    return await fetch_dicts(conn, REPEATS[_name(stream)], project_id=project_id, limit=limit)


async def local_counts(conn: Conn, project_id: UUID, connector: Connector) -> dict[str, int]:
    """Live rows by stream."""
    rows = await fetch_dicts(conn, LOCAL_COUNTS[connector], project_id=project_id)
    return {row["stream"]: row["rows"] for row in rows}


async def surpluses(conn: Conn, project_id: UUID, connector: Connector) -> dict[str, int]:
    """By stream: rows that share their natural key with one of a lower id."""
    rows = await fetch_dicts(conn, SURPLUSES[connector], project_id=project_id)
    return {row["stream"]: row["rows"] for row in rows}


async def our_versions(
    conn: Conn, project_id: UUID, stream: StreamType, external_ids: Sequence[str]
) -> dict[str, str | None]:
    """The version of each of these that has a live row."""
    rows = await fetch_dicts(
        conn, OUR_VERSIONS[_name(stream)], project_id=project_id, external_ids=list(external_ids)
    )
    return {row["external_id"]: row["version"] for row in rows}


async def conversations(
    conn: Conn, project_id: UUID, inboxes: Sequence[str] | None, *, limit: int
) -> tuple[list[str], int]:
    """Conversations whose messages waited longest to be compared, and how many there are."""
    rows = await fetch_dicts(
        conn,
        CONVERSATIONS,
        project_id=project_id,
        inboxes=None if inboxes is None else list(inboxes),
        limit=limit,
    )
    return [row["external_id"] for row in rows], rows[0]["total"] if rows else 0


async def unheard_of(conn: Conn, project_id: UUID, listing_id: UUID, *, limit: int) -> list[str]:
    """Contacts of live conversations that are neither here nor in a listing of contacts."""
    return await fetch_values(
        conn, UNHEARD_OF, project_id=project_id, listing_id=listing_id, limit=limit
    )


async def checked(conn: Conn, project_id: UUID, conversation_id: str) -> None:
    """The messages of this conversation were compared."""
    await execute(conn, CHECKED, project_id=project_id, external_id=conversation_id)


async def messages_of(conn: Conn, project_id: UUID, conversation_id: str) -> int:
    """Live messages of a conversation."""
    count: int = await fetch_value(
        conn, MESSAGES_OF, project_id=project_id, conversation_id=conversation_id
    )
    return count


async def walked(
    conn: Conn, project_id: UUID, external_ids: Sequence[str]
) -> dict[str, datetime | None]:
    """The time of change of each of these conversations that is live."""
    rows = await fetch_dicts(conn, WALKED, project_id=project_id, external_ids=list(external_ids))
    return {row["external_id"]: row["source_updated_at"] for row in rows}
