"""The database of a command: the one of DATABASE_URL, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from mayak.config import Settings
from mayak.platform.embedded import EmbeddedPostgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    dsn: str
    embedded: EmbeddedPostgres | None
    """The server that we started and watch; None for a foreign one."""


def data_dir(settings: Settings) -> Path:
    """Where this installation keeps its files."""
    return settings.mayak_data_dir or platformdirs.user_data_path("mayak")


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """A running PostgreSQL for as long as the block lasts."""
    if settings.database_url:
        yield Opened(dsn=settings.database_url, embedded=None)
        return
    embedded = EmbeddedPostgres(data_dir(settings))
    try:
        dsn = embedded.start().dsn
        yield Opened(dsn=dsn, embedded=embedded)
    finally:
        embedded.release()
