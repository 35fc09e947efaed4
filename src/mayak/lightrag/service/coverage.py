"""How much of the copy can be searched: what reconciliation asks of those down the line."""

from uuid import UUID

from mayak.lightrag.queries import coverage as queries
from mayak.platform.db import Conn
from mayak.sync.model.reconciliation import LACKING_SHOWN, Stage


async def coverage(conn: Conn, project_id: UUID) -> list[Stage]:
    """Conversations that were cut into chunks, and chunks that have their vectors."""
    have, of, lacking = await queries.chunked(conn, project_id, limit=LACKING_SHOWN)
    ready, chunks, waiting = await queries.embedded(conn, project_id, limit=LACKING_SHOWN)
    return [
        Stage(
            name="chunked",
            connector="chatwoot",
            stream="conversations",
            have=have,
            of=of,
            lacking=lacking,
        ),
        Stage(
            name="embedded",
            connector="chatwoot",
            stream="conversations",
            have=ready,
            of=chunks,
            lacking=waiting,
        ),
    ]
