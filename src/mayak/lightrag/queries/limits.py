"""How long one statement may take, where somebody waits for it."""

from datetime import timedelta
from typing import LiteralString

from psycopg.errors import QueryCanceled

from mayak.platform.db import Conn

LIMIT_STATEMENTS: LiteralString = """
SELECT set_config('statement_timeout', %(milliseconds)s::text, true)
"""

TookTooLong = QueryCanceled
"""A statement met its limit; waiting for a lock counts too. A kind of OperationalError."""


async def limit_statements(conn: Conn, limit: timedelta) -> None:
    """From here to the end of the transaction, a statement that takes longer raises TookTooLong."""
    milliseconds = str(round(limit.total_seconds() * 1000))
    await conn.execute(LIMIT_STATEMENTS, {"milliseconds": milliseconds})
