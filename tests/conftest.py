"""Fixtures of every test: a real PostgreSQL, a fresh migrated database, two projects."""

import asyncio
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from mayak.platform.db import Conn, Database
from mayak.platform.embedded import TUNING, EmbeddedPostgres
from mayak.platform.schema import migrate
from mayak.platform.telemetry import set_up_logging

pytest_plugins = ["tests.demo"]

FAST = {
    **TUNING,
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "max_wal_size": "256MB",
}
"""Test data need not survive the machine."""
MEMORY = Path("/dev/shm")  # noqa: S108
ROOM = 4 * 2**30
"""Bytes that have to be free in memory for the databases of the tests to be there."""
OLD = 3600.0
"""Seconds after which the folder of a run without a server is not one that begins."""


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def logging_as_in_the_product() -> None:
    """As it is by default, each traceback shows every local variable, which takes seconds."""
    set_up_logging("info", "text")


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def place() -> Path:
    """Where the databases are: in memory if there is room. A copy of one is a thousand small files,
    which take a disk up to 0.7 s and memory 0.03 s.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        for left in MEMORY.glob("mayak-tests-*"):  # of a run that was killed
            if (
                time.time() - left.stat().st_mtime > OLD
                and not EmbeddedPostgres(left / "pg").postmaster()
            ):
                shutil.rmtree(left, ignore_errors=True)
        return MEMORY
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def shared_folder() -> Iterator[Path]:
    """One folder for all processes of this test run; the last of them removes it.

    Not pytest's own: that keeps three, and a fourth run elsewhere would take a live server away.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    folder = place() / f"mayak-tests-{run[:12]}"
    folder.mkdir(exist_ok=True)
    yield folder
    if EmbeddedPostgres(folder / "pg").postmaster() is None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(shared_folder: Path) -> Iterator[str]:
    """The address of a PostgreSQL that tests may fill with databases, its last part open."""
    given = os.environ.get("MAYAK_TEST_DATABASE_URL")
    if given:
        yield given
        return
    postgres = EmbeddedPostgres(shared_folder / "pg", FAST)
    yield postgres.start().dsn
    postgres.release()


def in_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    info = psycopg.conninfo.conninfo_to_dict(dsn)
    host = str(info.get("host", ""))
    user = info.get("user") or "postgres"
    if host.startswith("/"):
        return f"postgresql://{user}@/{name}?host={host}"
    secret = f":{info['password']}" if info.get("password") else ""
    return f"postgresql://{user}{secret}@{host}:{info.get('port') or 5432}/{name}"


@pytest.fixture(scope="session")
def template(server: str, shared_folder: Path) -> str:
    """The name of a migrated database that is copied for each test."""
    name = "mayak_template"
    with (
        one_at_a_time(shared_folder / "template.lock"),
        psycopg.connect(server, autocommit=True) as conn,
    ):
        found = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        marker = shared_folder / "template.ready"
        if found and not marker.exists():
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
            found = None
        if not found:
            conn.execute(f"CREATE DATABASE {name}")
            asyncio.run(migrate(in_database(server, name)))
            marker.touch()
    return name


@pytest.fixture
def dsn(server: str, template: str) -> Iterator[str]:
    """A fresh migrated database of this test alone."""
    with fresh_database(server, template) as address:
        yield address


@pytest.fixture
def other_dsn(server: str, template: str) -> Iterator[str]:
    """Another one."""
    with fresh_database(server, template) as address:
        yield address


@contextmanager
def fresh_database(server: str, template: str) -> Iterator[str]:
    name = f"t_{uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield in_database(server, name)
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as opened:
        yield opened


async def new_project(database: Database, name: str) -> UUID:
    async with database.system_transaction() as conn:
        cursor = await conn.execute(
            """
            WITH home AS (INSERT INTO workspaces (name) VALUES ('Studio') RETURNING id)
            INSERT INTO projects (workspace_id, slug, name) SELECT id, %s, %s FROM home
            RETURNING id
            """,
            (name.lower(), name),
        )
        row = await cursor.fetchone()
        assert row
        return UUID(str(row[0]))


@pytest.fixture
async def project(database: Database) -> UUID:
    return await new_project(database, "Northwind")


@pytest.fixture
async def other_project(database: Database) -> UUID:
    return await new_project(database, "Baltika")


@pytest.fixture
async def conn(database: Database, project: UUID) -> AsyncIterator[Conn]:
    """A transaction in `project`; the database goes away with the test."""
    async with database.transaction(project) as open_transaction:
        yield open_transaction
