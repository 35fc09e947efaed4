"""The bell: hear NOTIFY on a connection of its own, and make that connection again when it is lost.

What is heard is a hint to look, never the thing itself: a notification that was sent while nobody
listened is gone, so whoever listens also looks by the clock.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection, sql

log = structlog.get_logger(__name__)

RECONNECT = 0.5
"""Seconds between two tries to connect."""
KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Seconds, and milliseconds: a link that died without a word is noticed within half a minute."""


class Bell:
    """Listens on channels of one database until its task is cancelled."""

    def __init__(
        self,
        dsn: str,
        hearers: Mapping[str, Callable[[str], None]],
        *,
        connected: Callable[[], None] = lambda: None,
    ) -> None:
        """`hearers` take the payload of a channel; `connected` is called whenever listening
        begins, because something may have been missed.
        """
        self._dsn = dsn
        self._hearers = hearers
        self._connected = connected
        self.ready = asyncio.Event()
        """Set while it listens."""

    async def run(self) -> None:
        """Listen. A lost database is waited for, as long as it takes."""
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as error:
                log.warning("lost the database's bell, trying again", error=str(error).strip())
            finally:
                self.ready.clear()
            await asyncio.sleep(RECONNECT)

    async def _listen(self) -> None:
        conn = await AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=10,
            application_name="mayak bell",
            **KEEPALIVE,
        )
        async with conn:
            for channel in self._hearers:
                await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self.ready.set()
            self._connected()
            async for note in conn.notifies():
                if hear := self._hearers.get(note.channel):
                    hear(note.payload)
