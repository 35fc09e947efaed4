"""SQL of the graph (HNSW): which vectors of a large set stand in it."""

from typing import LiteralString
from uuid import UUID

from mayak.lightrag.queries.retrieval.dense import EXACT_UP_TO, GRAPH
from mayak.platform.db import Conn, execute, fetch_value

NEEDS_GRAPH: LiteralString = """
SELECT EXISTS (SELECT FROM rag_embeddings AS made
                WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                  AND NOT made.graphed)
   AND (SELECT count(*)
          FROM (SELECT FROM rag_embeddings AS made
                 WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s
                 LIMIT %(exact)s::bigint + 1) AS first_ones) > %(exact)s::bigint
  FROM embedding_sets
 WHERE project_id = %(project_id)s AND id = %(set_id)s
   AND dimensions = ANY(%(lengths)s::integer[])
"""

# An array, so that the way to the rows is the primary key whatever the planner believes.
PUT_IN_GRAPH: LiteralString = """
UPDATE rag_embeddings SET graphed = true
 WHERE project_id = %(project_id)s AND set_id = %(set_id)s
   AND text_hash = ANY(ARRAY(
       SELECT made.text_hash FROM rag_embeddings AS made
        WHERE made.project_id = %(project_id)s AND made.set_id = %(set_id)s AND NOT made.graphed
        LIMIT %(limit)s))
"""


async def needs_graph(conn: Conn, project_id: UUID, set_id: UUID) -> bool:
    """Whether a set has vectors that are to be put into a graph: there is one for their length, and
    they are too many to be compared one by one.
    """
    found = await fetch_value(
        conn,
        NEEDS_GRAPH,
        project_id=project_id,
        set_id=set_id,
        exact=EXACT_UP_TO,
        lengths=list(GRAPH),
    )
    return bool(found)


async def put_in_graph(conn: Conn, project_id: UUID, set_id: UUID, *, limit: int) -> int:
    """Put up to `limit` vectors of a set into its graph; how many those were. The database works
    1 to 5 ms for each.
    """
    return await execute(conn, PUT_IN_GRAPH, project_id=project_id, set_id=set_id, limit=limit)
