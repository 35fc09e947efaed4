"""Migrations: numbered plain-SQL files, forward only, applied by every entry point.

One process migrates at a time: an advisory lock makes the others wait, then find nothing
left to do.
"""

import asyncio
import contextlib
import io
from importlib import resources
from urllib.parse import quote, urlencode

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from mayak.errors import Misconfigured

log = structlog.get_logger(__name__)

LOCK = 6_243_117
"""Any number, the same in every release."""
OLDEST = 160_000
"""PostgreSQL 16."""
OLDEST_VECTOR = (0, 8)
"""Scans of a graph that go on until enough rows pass the filter came with pgvector 0.8."""

UPDATE_VECTOR = "ALTER EXTENSION vector UPDATE"


async def migrate(dsn: str) -> int:
    """Bring the database to this release. Returns how many migrations were applied.

    Raises Misconfigured when the server is too old, has no pgvector, or cannot be reached.
    """
    place = _place(dsn)
    try:
        async with await AsyncConnection.connect(dsn, autocommit=True, connect_timeout=10) as conn:
            await conn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            try:
                await _check_server(conn)
                applied = await asyncio.to_thread(_apply, dsn)
            finally:
                await conn.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
    except psycopg.OperationalError as error:
        reason = f"cannot connect to {place}: {' '.join(str(error).split())}"
        raise Misconfigured("DATABASE_URL", reason) from error
    except psycopg.errors.InsufficientPrivilege as error:
        reason = f"its user may not set {place} up: {error.diag.message_primary}"
        raise Misconfigured("DATABASE_URL", reason) from error
    if applied:
        log.info("migrated", applied=applied)
    return applied


async def _check_server(conn: AsyncConnection) -> None:
    if conn.info.server_version < OLDEST:
        found = conn.info.server_version // 10_000
        raise Misconfigured("DATABASE_URL", f"PostgreSQL {found} is too old; 16 or newer is needed")
    cursor = await conn.execute("SELECT has_schema_privilege('public', 'CREATE')")
    if await cursor.fetchone() != (True,):
        reason = f"its user {conn.info.user} may not create tables in the schema public"
        raise Misconfigured("DATABASE_URL", reason)
    cursor = await conn.execute(
        "SELECT default_version, installed_version FROM pg_available_extensions"
        " WHERE name = 'vector'"
    )
    row = await cursor.fetchone()
    if row is None:
        raise Misconfigured("DATABASE_URL", "the server has no pgvector; install it (0.8 or newer)")
    offered, installed = row
    if _version(offered) < OLDEST_VECTOR:
        raise Misconfigured(
            "DATABASE_URL", f"pgvector {offered} is too old; 0.8 or newer is needed"
        )
    # A newer server leaves the extension of a database as old as it was.
    if installed is not None and _version(installed) < OLDEST_VECTOR:
        reason = f"its extension vector is {installed}; 0.8 or newer is needed: run {UPDATE_VECTOR}"
        raise Misconfigured("DATABASE_URL", reason)


def _version(text: str) -> tuple[int, ...]:
    """The first two parts of a version such as 0.8.1."""
    return tuple(int(part) for part in text.split(".")[:2])


def _apply(dsn: str) -> int:
    import yoyo

    folder = resources.files("mayak.platform") / "migrations"
    # All but the name as parameters: the tool reads no list of hosts, nor a socket's path.
    given = conninfo_to_dict(dsn)
    name = quote(str(given.pop("dbname", "")))
    # The tool prints what statements return; standard output is not its own.
    with contextlib.redirect_stdout(io.StringIO()):
        backend = yoyo.get_backend(f"postgresql+psycopg:///{name}?{urlencode(given)}")
        try:
            migrations = yoyo.read_migrations(str(folder))
            todo = backend.to_apply(migrations)
            backend.apply_migrations(todo)
            return len(todo)
        finally:
            backend.connection.close()


def _place(dsn: str) -> str:
    """Where the database is, without the password. Raises Misconfigured."""
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:  # its message quotes what it could not read
        reason = "it cannot be read; write postgresql://user:password@host:port/database"
        raise Misconfigured("DATABASE_URL", reason) from None
    host = given.get("host") or given.get("hostaddr") or "the local socket"
    return f"{host}:{given.get('port') or 5432}/{given.get('dbname') or ''}"
