"""Vectors of a large set enter the graph that questions walk, after they were stored."""

from collections.abc import Callable
from uuid import UUID

from mayak.lightrag.queries import graphing as queries
from mayak.lightrag.service.draining import Units

AT_ONCE = 100
"""Vectors per unit of work: a run is held that long, up to half a second."""


async def graph(
    units: Units, project_id: UUID, set_id: UUID, *, in_time: Callable[[], bool]
) -> bool:
    """Go on until nothing is left or the time is over. Whether something is left.

    Nothing depends on it but the time of a question: what is not in the graph is compared one by
    one.
    """
    async with units() as conn:
        left = await queries.needs_graph(conn, project_id, set_id)
    while left and in_time():
        async with units() as conn:
            done = await queries.put_in_graph(conn, project_id, set_id, limit=AT_ONCE)
        left = done == AT_ONCE
    return left
