"""Migrations: once, whoever comes first, and one clear line when the database will not do."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from mayak.errors import Misconfigured
from mayak.platform import schema
from mayak.platform.schema import migrate
from tests.conftest import in_database

pytestmark = pytest.mark.anyio

MIGRATE = "import asyncio, sys; from mayak.platform.schema import migrate; "
MIGRATE += "sys.exit(100 + asyncio.run(migrate(sys.argv[1])))"


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """The address of a database without anything."""
    name = f"e_{uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield in_database(server, name)
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def refusal(dsn: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        await migrate(dsn)
    said = str(refused.value)
    assert said.startswith("DATABASE_URL: ")
    assert "\n" not in said
    return said


def test_four_processes_at_once_migrate_once(empty: str) -> None:
    racing = [subprocess.Popen([sys.executable, "-c", MIGRATE, empty]) for _ in range(4)]

    applied = sorted(process.wait(120) - 100 for process in racing)

    assert applied[:3] == [0, 0, 0]
    assert applied[3] >= 4


async def test_four_tasks_at_once_migrate_once_and_the_next_start_finds_nothing_to_do(
    empty: str,
) -> None:
    applied = await asyncio.gather(*(migrate(empty) for _ in range(4)))

    assert sorted(applied)[:3] == [0, 0, 0]
    assert await migrate(empty) == 0


async def test_a_migration_that_was_killed_half_way_is_applied_by_the_next_start(
    empty: str,
) -> None:
    with psycopg.connect(empty) as other:
        other.execute("CREATE TABLE users ()")  # makes the first migration wait for us
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATE, empty)
        while not other.execute(  # noqa: ASYNC110  # no event
            "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype <> 'advisory'"
        ).fetchone():
            await asyncio.sleep(0.05)
        process.kill()
        await process.wait()
        other.rollback()

    assert await migrate(empty) >= 4


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://ann:hunter2@127.0.0.1:1/db", "cannot connect to 127.0.0.1:1/db"),
        ("postgresql://ann:hunter2@127.0.0.1:1,127.0.0.1:2/db", "cannot connect"),
        ("postgresql://ann:hunter2@127.0.0.1:port/db", "port"),
        ("postgresql://ann:hunter2@db.invalid/db", "cannot connect to db.invalid:5432/db"),
        ("postgresql://ann:hunter%ZZ2@127.0.0.1/db", "cannot be read"),
        ("postgresql://[::1/db?password=hunter2", "cannot be read"),
    ],
)
async def test_a_database_that_is_not_there_is_one_line_without_the_password(
    address: str, says: str
) -> None:
    said = await refusal(address)

    assert says in said
    assert "hunter" not in said


async def test_a_server_that_is_too_old_is_refused(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "OLDEST", 990_000)

    assert "too old; 16 or newer is needed" in await refusal(empty)


async def test_a_server_without_pgvector_is_refused(empty: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(empty)["dbname"]
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute(
            sql.SQL("ALTER DATABASE {} SET extension_control_path = '/nowhere'").format(
                sql.Identifier(str(name))
            )
        )

    assert "no pgvector; install it (0.8 or newer)" in await refusal(empty)


async def test_a_pgvector_that_is_too_old_is_refused(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "OLDEST_VECTOR", (99, 0))

    assert "is too old; 0.8 or newer is needed" in await refusal(empty)


async def test_a_database_whose_pgvector_stayed_old_is_told_how_to_update_it(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION vector")
        conn.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")

    said = await refusal(empty)

    assert "vector is 0.7.4; 0.8 or newer is needed: run ALTER EXTENSION vector UPDATE" in said


@pytest.fixture
def guest(server: str, empty: str) -> Iterator[str]:
    """The empty database, as an ordinary user without any right in it."""
    role = f"guest_{uuid4().hex[:8]}"
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        yield empty.replace("postgres@", f"{role}@")
        conn.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def grant(dsn: str, guest: str, *rights: str) -> None:
    role = psycopg.conninfo.conninfo_to_dict(guest)["user"]
    with psycopg.connect(dsn, autocommit=True) as conn:
        for right in rights:
            conn.execute(f"GRANT {right} TO {role}".encode())


async def test_a_user_who_may_not_create_tables_is_told_so(guest: str) -> None:
    assert "may not create tables in the schema public" in await refusal(guest)


async def test_a_user_who_may_not_become_our_roles_is_told_so(
    template: str, empty: str, guest: str
) -> None:
    grant(empty, guest, "CREATE ON SCHEMA public")

    assert "its user may not set" in await refusal(guest)


async def test_an_ordinary_user_whom_an_administrator_prepared_is_enough(
    template: str, empty: str, guest: str
) -> None:
    grant(empty, guest, "CREATE ON SCHEMA public", "mayak_app", "mayak_system")
    with psycopg.connect(empty, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION vector")

    assert await migrate(guest) >= 4
