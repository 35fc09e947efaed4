"""How many chunks there are, and in which state."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from mayak.platform.db import Conn, fetch_dicts, fetch_value

CHUNKS_BY_STATUS: LiteralString = """
SELECT embedding_status, count(*)::integer AS chunks FROM rag_chunks GROUP BY embedding_status
"""

ANY_FAILED: LiteralString = """
SELECT EXISTS (SELECT FROM rag_chunks WHERE embedding_status = 'failed')
"""

WAITING_UP_TO: LiteralString = """
SELECT count(*)
  FROM (SELECT FROM rag_chunks WHERE embedding_status IN ('pending', 'processing')
         LIMIT %(most)s) AS waiting
"""

COUNT_STATE: LiteralString = """
SELECT count(*)::integer AS chunks,
       count(*) FILTER (WHERE embedding_status = 'ready')::integer AS ready,
       count(*) FILTER (WHERE embedding_status IN ('pending', 'processing'))::integer AS pending
  FROM rag_chunks
 WHERE project_id = %(project_id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    chunks: int
    ready: int
    pending: int


async def state(conn: Conn, project_id: UUID) -> State:
    """How much of a project is cut, embedded and waiting."""
    [row] = await fetch_dicts(conn, COUNT_STATE, project_id=project_id)
    return State(**row)


async def any_failed(conn: Conn) -> bool:
    """Whether a chunk that `conn` sees was given up; as quick as an index."""
    return bool(await fetch_value(conn, ANY_FAILED))


async def waiting_up_to(conn: Conn, most: int) -> int:
    """How many chunks that `conn` sees have no vector yet; counts no further than `most`."""
    return int(await fetch_value(conn, WAITING_UP_TO, most=most))


async def chunks_by_status(conn: Conn) -> dict[str, int]:
    """How many chunks are in each state, of all that `conn` sees; no entry means none. Reads the
    whole table.
    """
    rows = await fetch_dicts(conn, CHUNKS_BY_STATUS)
    return {row["embedding_status"]: row["chunks"] for row in rows}
