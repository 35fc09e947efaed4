"""On the demo's three clients: every scoped table shows one of them and takes no other's rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mayak.platform.embedded import EmbeddedPostgres
from tests.conventions.test_scoped_tables import SCOPED

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo")]

Conn = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def conn(outcome: dict[str, Any], demo_folder: Path) -> Iterator[Conn]:
    """A connection to the demo's database; nothing of it is kept."""
    assert outcome
    postgres = EmbeddedPostgres(demo_folder / "demo")
    with psycopg.connect(postgres.start().dsn) as opened:
        yield opened
        opened.rollback()
    postgres.release()


def enter(conn: Conn, project: object) -> None:
    conn.execute("SELECT set_config('role', 'mayak_app', true)")
    conn.execute("SELECT set_config('mayak.project_id', %s, true)", (str(project),))


def tables(conn: Conn) -> list[str]:
    return [row[0] for row in conn.execute(SCOPED.encode())]


def counts(conn: Conn) -> dict[tuple[str, str], int]:
    """Rows by table and project, as somebody sees them who sees everything."""
    found = {}
    conn.execute("SELECT set_config('role', 'mayak_system', true)")
    for table in tables(conn):
        for project, rows in conn.execute(
            f"SELECT project_id, count(*) FROM {table} GROUP BY 1".encode()
        ):
            found[table, str(project)] = rows
    return found


def projects(conn: Conn) -> list[str]:
    return [str(row[0]) for row in conn.execute("SELECT id FROM projects ORDER BY slug")]


def test_a_query_without_a_filter_returns_the_rows_of_one_project(conn: Conn) -> None:
    everything, clients, names = counts(conn), projects(conn), tables(conn)
    assert len(clients) == 3
    assert len({table for table, _ in everything}) >= 9

    for client in clients:
        enter(conn, client)
        for table in names:
            seen = conn.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert seen == (everything.get((table, client), 0),), table


def test_a_row_cannot_be_given_to_another_project(conn: Conn) -> None:
    everything, (one, other, _) = counts(conn), projects(conn)
    filled = [table for table, project in everything if project == one]
    assert len(filled) >= 9

    for table in filled:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
            enter(conn, one)
            conn.execute(f"UPDATE {table} SET project_id = %s".encode(), (other,))


@pytest.mark.parametrize(
    ("child", "column", "parent", "key"),
    [
        ("cw_messages", "conversation_id", "cw_conversations", "external_id"),
        ("rag_chunks", "document_id", "rag_documents", "id"),
    ],
)
def test_a_row_cannot_point_into_another_project_whoever_writes_it(
    conn: Conn, child: str, column: str, parent: str, key: str
) -> None:
    one, other, _ = projects(conn)
    conn.execute("SELECT set_config('role', 'mayak_system', true)")
    statement = f"""
        UPDATE {child} SET {column} = (SELECT {key} FROM {parent} WHERE project_id = %s LIMIT 1)
         WHERE project_id = %s
        """

    with pytest.raises(psycopg.errors.ForeignKeyViolation), conn.transaction():
        conn.execute(statement.encode(), (other, one))
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
