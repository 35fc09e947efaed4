"""SQL of bindings: which part of an account belongs to which project."""

from collections.abc import Collection, Mapping
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, execute, fetch_all, fetch_dicts, fetch_value, fetch_values
from mayak.sync.model import STREAMS, Binding, Connector

LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('connector_bindings', 0))"

LOCK_PROJECT: LiteralString = """
SELECT 1
  FROM connector_bindings
 WHERE project_id = %(project_id)s AND connector = %(connector)s
 ORDER BY account_ref, kind, length(external_id), external_id
   FOR UPDATE
"""

BINDINGS: LiteralString = """
SELECT kind, external_id, name
  FROM connector_bindings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
 ORDER BY kind, length(external_id), external_id
"""

HELD: LiteralString = """
SELECT kind, external_id, name
  FROM connector_bindings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
 ORDER BY account_ref, kind, length(external_id), external_id
   FOR SHARE
"""

ELSEWHERE: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_bindings
   WHERE project_id = %(project_id)s AND connector = %(connector)s
     AND account_ref <> %(account_ref)s)
"""

ANY_BOUND: LiteralString = """
SELECT EXISTS (
  SELECT 1 FROM connector_bindings
   WHERE project_id = %(project_id)s AND connector = %(connector)s)
"""

# A Linear project belongs to teams: whoever has one of them may have taken it already.
FOREIGN: LiteralString = """
SELECT kind || ' ' || external_id
  FROM connector_bindings
 WHERE project_id <> %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
   AND (kind = 'account' OR %(kind)s::text = 'account'
        OR (kind = %(kind)s::text AND external_id = %(external_id)s::text))
UNION
SELECT kind || ' ' || external_id
  FROM connector_claims
 WHERE project_id <> %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
   AND connector = 'linear' AND kind = 'project'
   AND kind = %(kind)s::text AND external_id = %(external_id)s::text
 ORDER BY 1
"""

ALL_FOREIGN: LiteralString = """
SELECT DISTINCT kind, external_id
  FROM connector_bindings
 WHERE project_id <> %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
UNION
SELECT DISTINCT kind, external_id
  FROM connector_claims
 WHERE project_id <> %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
   AND external_id = ANY(%(external_ids)s)
"""

COPIED_ELSEWHERE: LiteralString = """
SELECT DISTINCT copied.external_id
  FROM (SELECT DISTINCT project_id
          FROM connector_bindings
         WHERE connector = 'attio' AND account_ref = %(account_ref)s
           AND project_id <> %(project_id)s) AS other
  JOIN {table} AS copied
    ON copied.project_id = other.project_id AND copied.external_id = ANY(%(external_ids)s)
   AND copied.deleted_at IS NULL
"""
COPIES_ELSEWHERE: Mapping[str, LiteralString] = {
    one.mirror.kind: COPIED_ELSEWHERE.format(table=one.mirror.table) for one in STREAMS["attio"]
}

BIND: LiteralString = """
INSERT INTO connector_bindings AS old
       (project_id, connector, account_ref, kind, external_id, name)
VALUES (%(project_id)s, %(connector)s, %(account_ref)s, %(kind)s, %(external_id)s, %(name)s)
    ON CONFLICT (project_id, connector, account_ref, kind, external_id)
    DO UPDATE SET name = coalesce(excluded.name, old.name)
"""

UNBIND: LiteralString = """
DELETE FROM connector_bindings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND account_ref = %(account_ref)s
   AND kind = %(kind)s AND external_id = %(external_id)s
"""

LEAVE_OTHERS: LiteralString = """
DELETE FROM connector_bindings
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND account_ref <> %(account_ref)s
"""

NAME_INBOXES: LiteralString = """
UPDATE connector_bindings AS bound
   SET name = raw.name
  FROM cw_inboxes_raw AS raw
 WHERE bound.project_id = %(project_id)s AND raw.project_id = bound.project_id
   AND bound.connector = 'chatwoot' AND bound.account_ref = %(account_ref)s
   AND bound.kind = 'inbox' AND bound.external_id = raw.external_id
   AND bound.name IS DISTINCT FROM raw.name
"""

MOVE_ACCOUNT: LiteralString = """
UPDATE connector_bindings SET account_ref = %(account_ref)s
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND account_ref <> %(account_ref)s
"""


CLAIM: LiteralString = """
INSERT INTO connector_claims (project_id, connector, account_ref, kind, external_id)
SELECT %(project_id)s, %(connector)s, %(account_ref)s, %(kind)s, wanted.external_id
  FROM unnest(%(external_ids)s::text[]) AS wanted (external_id)
    ON CONFLICT DO NOTHING
"""

CLAIMED: LiteralString = """
SELECT external_id
  FROM connector_claims
 WHERE project_id = %(project_id)s AND connector = %(connector)s
   AND account_ref = %(account_ref)s AND kind = %(kind)s AND external_id = ANY(%(external_ids)s)
"""

RELEASE: LiteralString = """
DELETE FROM connector_claims
 WHERE project_id = %(project_id)s AND connector = %(connector)s AND kind = %(kind)s
   AND (%(external_ids)s::text[] IS NULL OR external_id = ANY(%(external_ids)s::text[]))
"""

RELEASE_LEFT: LiteralString = """
DELETE FROM connector_claims AS claimed
 WHERE project_id = %(project_id)s AND connector = 'linear' AND kind = 'project'
   AND external_id NOT IN (
         SELECT external_id FROM linear_projects_raw
          WHERE project_id = %(project_id)s AND deleted_at IS NULL)
   AND external_id NOT IN (
         SELECT external_id FROM connector_bindings
          WHERE project_id = %(project_id)s AND connector = 'linear' AND kind = 'project')
   AND external_id NOT IN (
         SELECT external_id FROM connector_errors
          WHERE project_id = %(project_id)s AND connector = 'linear' AND stream = 'projects'
            AND status <> 'resolved' AND external_id IS NOT NULL)
"""


async def lock(conn: Conn, project_id: UUID, connector: Connector) -> None:
    """Bindings change one at a time, so that two projects cannot take the same part at once.

    Waits for the page of a sync that is being written: what follows here sees its rows.
    """
    await execute(conn, LOCK)
    await execute(conn, LOCK_PROJECT, project_id=project_id, connector=connector)


async def bindings(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str
) -> list[Binding]:
    return await fetch_all(
        conn, Binding, BINDINGS, project_id=project_id, connector=connector, account_ref=account_ref
    )


async def held(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str
) -> list[Binding]:
    """The same bindings, none of which can be taken away before this transaction ends."""
    return await fetch_all(
        conn, Binding, HELD, project_id=project_id, connector=connector, account_ref=account_ref
    )


async def elsewhere(conn: Conn, project_id: UUID, connector: Connector, account_ref: str) -> bool:
    """Whether the project has a part of another account."""
    found: bool = await fetch_value(
        conn, ELSEWHERE, project_id=project_id, connector=connector, account_ref=account_ref
    )
    return found


async def any_bound(conn: Conn, project_id: UUID, connector: Connector) -> bool:
    """Whether the project has a part of any account of a service."""
    found: bool = await fetch_value(conn, ANY_BOUND, project_id=project_id, connector=connector)
    return found


async def taken(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str, binding: Binding
) -> list[str]:
    """What other projects hold that excludes this binding; needs a system transaction."""
    found: list[str] = await fetch_values(
        conn,
        FOREIGN,
        project_id=project_id,
        connector=connector,
        account_ref=account_ref,
        kind=binding.kind,
        external_id=binding.external_id,
    )
    return found


async def foreign(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    external_ids: Collection[str],
) -> set[tuple[str, str]]:
    """Kind and id of all that other projects hold, and of these records, what they hold through
    their lists and teams; needs a system transaction.
    """
    found = await fetch_dicts(
        conn,
        ALL_FOREIGN,
        project_id=project_id,
        connector=connector,
        account_ref=account_ref,
        external_ids=list(external_ids),
    )
    return {(row["kind"], row["external_id"]) for row in found}


async def copied_elsewhere(
    conn: Conn, project_id: UUID, account_ref: str, kind: str, external_ids: Collection[str]
) -> set[str]:
    """Which of these records of Attio another project has; needs a system transaction."""
    return set(
        await fetch_values(
            conn,
            COPIES_ELSEWHERE[kind],
            project_id=project_id,
            account_ref=account_ref,
            external_ids=list(external_ids),
        )
    )


async def bind(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str, binding: Binding
) -> None:
    await execute(
        conn,
        BIND,
        project_id=project_id,
        connector=connector,
        account_ref=account_ref,
        kind=binding.kind,
        external_id=binding.external_id,
        name=binding.name,
    )


async def unbind(
    conn: Conn, project_id: UUID, connector: Connector, account_ref: str, binding: Binding
) -> bool:
    """False when it was not bound."""
    rows = await execute(
        conn,
        UNBIND,
        project_id=project_id,
        connector=connector,
        account_ref=account_ref,
        kind=binding.kind,
        external_id=binding.external_id,
    )
    return rows == 1


async def leave_others(conn: Conn, project_id: UUID, connector: Connector, account_ref: str) -> int:
    """Unbind everything of accounts other than this; the number of bindings."""
    return await execute(
        conn, LEAVE_OTHERS, project_id=project_id, connector=connector, account_ref=account_ref
    )


async def name_inboxes(conn: Conn, project_id: UUID, account_ref: str) -> None:
    """Bound inboxes take the names their source gives them."""
    await execute(conn, NAME_INBOXES, project_id=project_id, account_ref=account_ref)


async def move_account(conn: Conn, project_id: UUID, connector: Connector, account_ref: str) -> int:
    return await execute(
        conn, MOVE_ACCOUNT, project_id=project_id, connector=connector, account_ref=account_ref
    )


async def claim(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    kind: str,
    external_ids: Collection[str],
) -> set[str]:
    """Take these records for the project; those that are its own now. The rest are another's."""
    asked = {
        "project_id": project_id,
        "connector": connector,
        "account_ref": account_ref,
        "kind": kind,
        "external_ids": sorted(external_ids),  # in one order, so that two projects do not deadlock
    }
    await execute(conn, CLAIM, **asked)
    return set(await fetch_values(conn, CLAIMED, **asked))


async def claimed(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    account_ref: str,
    kind: str,
    external_ids: Collection[str],
) -> set[str]:
    """Which of these records the project has taken before."""
    return set(
        await fetch_values(
            conn,
            CLAIMED,
            project_id=project_id,
            connector=connector,
            account_ref=account_ref,
            kind=kind,
            external_ids=list(external_ids),
        )
    )


async def release(
    conn: Conn,
    project_id: UUID,
    connector: Connector,
    kind: str,
    external_ids: Collection[str] | None,
) -> int:
    """Let other projects have these records; None releases all of the kind."""
    return await execute(
        conn,
        RELEASE,
        project_id=project_id,
        connector=connector,
        kind=kind,
        external_ids=None if external_ids is None else list(external_ids),
    )


async def release_left(conn: Conn, project_id: UUID) -> int:
    """Let others have the Linear projects that this one has taken, and has neither a copy of nor is
    bound to: they went to another team while they were deleted here, or could not be read.
    """
    return await execute(conn, RELEASE_LEFT, project_id=project_id)
