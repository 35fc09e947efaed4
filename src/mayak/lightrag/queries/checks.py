"""SQL of looking for stale documents: what was found, and whether it is worth looking again.

The state of a kind is what its statement in `stale` compares, summed over whole tables. A state in
which nothing was stale is kept: as long as it is the same, nothing is. Each change of a row takes
a higher revision, so no state comes back, in whatever order rows are committed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from mayak.lightrag.model.chunking import RULES
from mayak.lightrag.model.records import DocumentType
from mayak.lightrag.queries.stale import STALE
from mayak.platform.db import Conn, execute, fetch_all

READS: Mapping[DocumentType, frozenset[str]] = {
    kind: frozenset(re.findall(r"(?:FROM|JOIN) ((?:cw|linear|attio)_\w+)", statement))
    for kind, statement in STALE.items()
}
"""The mirror's tables that documents of a kind are made of."""

STATES: LiteralString = " UNION ALL ".join(
    [
        f"SELECT '{table}' AS name, concat_ws(' ', count(*), sum(revision), max(revision)) AS state"
        f" FROM {table} WHERE project_id = %(project_id)s"
        for table in sorted(frozenset[str]().union(*READS.values()))
    ]
    + [
        """
SELECT source_type, concat_ws(' ', count(*), sum(source_revisions), sum(source_revision),
                              sum(source_rows), min(rules), max(rules))
  FROM rag_documents WHERE project_id = %(project_id)s GROUP BY source_type
"""
    ]
)

KEPT: LiteralString = """
SELECT source_type AS name, state FROM rag_checks
 WHERE project_id = %(project_id)s AND state IS NOT NULL
"""

NOTE: LiteralString = """
INSERT INTO rag_checks AS old (project_id, source_type, state, stale)
SELECT %(project_id)s, kind, state, stale
  FROM unnest(%(kinds)s::text[], %(states)s::text[], %(stale)s::integer[])
       AS new (kind, state, stale)
 ORDER BY kind
    ON CONFLICT (project_id, source_type) DO UPDATE
   SET state = excluded.state, stale = excluded.stale, checked_at = excluded.checked_at
"""

NOTE_MADE: LiteralString = """
UPDATE rag_checks SET stale = greatest(stale - %(made)s::integer, 0)
 WHERE project_id = %(project_id)s AND source_type = %(kind)s
"""

LAG: LiteralString = """
SELECT coalesce(sum(stale), 0)::integer AS stale_documents, min(checked_at) AS checked_at
  FROM rag_checks WHERE project_id = %(project_id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    name: str
    """A table of the mirror, or a kind of document."""
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    stale_documents: int
    """What the last look found out of date and nobody has made anew since."""
    checked_at: datetime | None
    """When that look was; None before the first."""


async def states(conn: Conn, project_id: UUID) -> dict[DocumentType, str]:
    """What each kind of document is compared with now. Reads whole tables, their numbers only."""
    found = {
        one.name: one.state for one in await fetch_all(conn, State, STATES, project_id=project_id)
    }
    return {
        kind: f"{RULES}: " + ", ".join(found.get(name, "") for name in (kind, *sorted(tables)))
        for kind, tables in READS.items()
    }


async def fresh_states(conn: Conn, project_id: UUID) -> dict[str, str]:
    """By kind: the last state in which nothing was stale."""
    kept = await fetch_all(conn, State, KEPT, project_id=project_id)
    return {one.name: one.state for one in kept}


async def note(
    conn: Conn, project_id: UUID, seen: Mapping[DocumentType, str], late: Mapping[DocumentType, int]
) -> None:
    """Keep how many documents of each kind were stale. `seen` was read before they were counted:
    what changed in between makes another state.
    """
    await execute(
        conn,
        NOTE,
        project_id=project_id,
        kinds=list(seen),
        states=[None if late.get(kind) else state for kind, state in seen.items()],
        stale=[late.get(kind, 0) for kind in seen],
    )


async def note_made(conn: Conn, project_id: UUID, kind: DocumentType, made: int) -> None:
    """So many of those that were stale are not any more."""
    await execute(conn, NOTE_MADE, project_id=project_id, kind=kind, made=made)


async def lag(conn: Conn, project_id: UUID) -> Lag:
    """How far documents are behind the mirror, as far as the last look knows."""
    [found] = await fetch_all(conn, Lag, LAG, project_id=project_id)
    return found
