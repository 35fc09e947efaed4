"""The database: a pool, units of work, and the scope that every unit runs in.

A unit of work is a transaction opened at an edge (one request, one step of a job) and
handed down as `Conn`. Nobody below commits. Two scopes exist: `Database.transaction` sees
one project, because PostgreSQL itself refuses the rest; `Database.system_transaction` sees
all of them and is allowed in few modules (tests/conventions names them).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, LiteralString, Self, TypeVar
from uuid import UUID

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row, scalar_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

Row = TypeVar("Row")
Conn = AsyncConnection[Any]
"""A connection inside an open transaction; its role decides what it can see."""

set_json_loads(orjson.loads)

IDLE_LIMIT = "-c idle_in_transaction_session_timeout=60000"
"""A process that froze inside a transaction lets go of its locks after a minute."""
ENGINE = (
    "-c role=mayak_system -c idle_in_transaction_session_timeout=2000 -c lock_timeout=500 "
    "-c random_page_cost=1.1 -c jit=off"
)
"""The job engine's locks are waited for by every worker: a frozen one lets go after two seconds,
and for a lock of somebody else none waits longer than half a second; it tries again.
Its statements look rows up by the thousand in tables that are in memory; left to its defaults the
planner reads whole tables instead, or compiles what runs for milliseconds."""

ENTER_PROJECT: LiteralString = (
    "SELECT set_config('role', 'mayak_app', true), set_config('mayak.project_id', %s, true)"
)
ENTER_SYSTEM: LiteralString = "SELECT set_config('role', 'mayak_system', true)"


async def execute(conn: Conn, statement: LiteralString, /, **values: object) -> int:
    """Run a statement for its effect; the number of rows it touched."""
    cursor = await conn.execute(statement, values or None)
    return cursor.rowcount


async def fetch_all(
    conn: Conn, shape: type[Row], statement: LiteralString, /, **values: object
) -> list[Row]:
    """Every row, as `shape` (its fields are the columns)."""
    async with conn.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(statement, values or None)
        return await cursor.fetchall()


async def fetch_one(
    conn: Conn, shape: type[Row], statement: LiteralString, /, **values: object
) -> Row | None:
    """The first row as `shape`, or None."""
    async with conn.cursor(row_factory=class_row(shape)) as cursor:
        await cursor.execute(statement, values or None)
        return await cursor.fetchone()


async def fetch_dicts(
    conn: Conn, statement: LiteralString, /, **values: object
) -> list[dict[str, Any]]:
    """Every row as a mapping of column to value."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values or None)
        return await cursor.fetchall()


async def fetch_value(conn: Conn, statement: LiteralString, /, **values: object) -> Any:
    """The first column of the first row, or None when there is no row."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement, values or None)
        return await cursor.fetchone()


async def fetch_values(conn: Conn, statement: LiteralString, /, **values: object) -> list[Any]:
    """The first column of every row."""
    async with conn.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(statement, values or None)
        return await cursor.fetchall()


async def execute_many(
    conn: Conn, statement: LiteralString, rows: Sequence[Mapping[str, object]], /
) -> int:
    """Run a statement once per row in one round trip; the number of rows touched."""
    if not rows:
        return 0
    async with conn.cursor() as cursor:
        await cursor.executemany(statement, rows)
        return cursor.rowcount


class Database:
    """A pool of connections to one PostgreSQL, all in autocommit: work opens transactions."""

    def __init__(
        self, dsn: str, *, size: int = 10, patience: timedelta = timedelta(seconds=15)
    ) -> None:
        """`patience` is how long work waits for a connection before it fails."""
        self.dsn = dsn
        self._pool: AsyncConnectionPool[Conn] = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=patience.total_seconds(),
            kwargs={"autocommit": True, "application_name": "mayak", "options": IDLE_LIMIT},
            check=AsyncConnectionPool.check_connection,
        )
        self._engine: AsyncConnectionPool[Conn] = AsyncConnectionPool(
            dsn,
            min_size=0,
            max_size=12,
            open=False,
            timeout=patience.total_seconds(),
            kwargs={"autocommit": True, "application_name": "mayak engine", "options": ENGINE},
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        await self._engine.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._engine.close()
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Conn]:
        """A connection in autocommit, outside of any scope: for tools.

        Raises OperationalError when there is none in time.
        """
        async with self._pool.connection() as conn:
            yield conn

    @asynccontextmanager
    async def transaction(self, project_id: UUID) -> AsyncIterator[Conn]:
        """A unit of work that sees one project and nothing else."""
        async with self.connection() as conn, conn.transaction():
            await conn.execute(ENTER_PROJECT, (str(project_id),))
            yield conn

    @asynccontextmanager
    async def system_transaction(self) -> AsyncIterator[Conn]:
        """A unit of work over all projects: migrations, login, the job engine, sweeps."""
        async with self.connection() as conn, conn.transaction():
            await conn.execute(ENTER_SYSTEM)
            yield conn

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[Conn]:
        """A connection of the job engine, over all projects and in autocommit.

        For statements that run thousands of times a second: it is not looked at before it is lent,
        so a lost connection shows with the first statement. Whoever uses it tries again.
        """
        async with self._engine.connection() as conn:
            yield conn

    def stats(self) -> dict[str, int]:
        """Counters of the pool, as psycopg_pool names them."""
        return self._pool.get_stats()


OperationalError = psycopg.OperationalError
"""The connection is gone or cannot be made; the statement may or may not have run."""

LOST = ("57P", "08")
"""What SQLSTATEs begin with that mean a lost connection, not a refused statement."""


def is_lost(error: BaseException) -> bool:
    """Whether the database went away, as opposed to refusing or giving up a statement."""
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(LOST)
    return False
