"""Every table with a project_id is under the scope, now and when the next one is added."""

import psycopg
import pytest

from mayak.platform.db import Database

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SCOPED = """
SELECT c.oid::regclass::text AS name, c.relrowsecurity, c.relforcerowsecurity
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'project_id' AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND c.relnamespace = 'public'::regnamespace
 ORDER BY 1
"""
POLICIES = """
SELECT polname::text, polroles::regrole[]::text[], polcmd::text,
       pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
  FROM pg_policy WHERE polrelid = %s::regclass ORDER BY 1
"""
KEYS = """
SELECT con.contype::text,
       (SELECT attname::text FROM pg_attribute
         WHERE attrelid = con.conrelid AND attnum = con.conkey[1]) AS first,
       con.confrelid::regclass::text AS target,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = con.confrelid
                 AND attname = 'project_id' AND NOT attisdropped) AS target_is_scoped
  FROM pg_constraint con
 WHERE con.conrelid = %s::regclass AND con.contype IN ('p', 'f') AND con.conparentid = 0
"""
GRANTS_ON_PARTITIONS = """
SELECT c.oid::regclass::text FROM pg_class c
 WHERE c.relispartition AND c.relkind = 'r'
   AND has_table_privilege('mayak_app', c.oid, 'SELECT')
"""
INSIDE = "(project_id = (current_setting('mayak.project_id'::text))::uuid)"


def rows(dsn: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as conn:
        return conn.execute(statement.encode(), values or None).fetchall()


def offences(dsn: str) -> list[str]:
    """What is wrong with the scoped tables of a database, one sentence each."""
    found: list[str] = []
    for name, enabled, forced in rows(dsn, SCOPED):
        if not (enabled and forced):
            found.append(f"{name}: row-level security is not forced")
        policies = rows(dsn, POLICIES, name)
        if policies != [
            ("scope", ["mayak_app"], "*", INSIDE, None),
            ("system", ["mayak_system"], "*", "true", None),
        ]:
            found.append(f"{name}: its policies are {policies}")
        keys = rows(dsn, KEYS, name)
        if not any(kind == "p" and first == "project_id" for kind, first, _, _ in keys):
            found.append(f"{name}: project_id does not open its primary key")
        found += [
            f"{name}: its foreign key to {target} does not open with project_id"
            for kind, first, target, scoped in keys
            if kind == "f" and scoped and first != "project_id"
        ]
    found += [
        f"{name}: a partition can be read past its parent"
        for (name,) in rows(dsn, GRANTS_ON_PARTITIONS)
    ]
    return found


async def test_every_scoped_table_is_closed(dsn: str) -> None:
    assert len(rows(dsn, SCOPED)) >= 12
    assert offences(dsn) == []


BAD_TABLES = {
    "no policy": "CREATE TABLE bad (project_id uuid, id int, PRIMARY KEY (project_id, id))",
    "key opens with something else": (
        "CREATE TABLE bad (project_id uuid, id int PRIMARY KEY); CALL mayak_scope('bad')"
    ),
    "foreign key without the project": (
        "CREATE TABLE aim (project_id uuid, id int UNIQUE, PRIMARY KEY (project_id, id));"
        "CALL mayak_scope('aim');"
        "CREATE TABLE bad (project_id uuid, id int REFERENCES aim (id),"
        " PRIMARY KEY (project_id, id)); CALL mayak_scope('bad')"
    ),
    "a wider policy": (
        "CREATE TABLE bad (project_id uuid, id int, PRIMARY KEY (project_id, id));"
        "CALL mayak_scope('bad'); CREATE POLICY all_of_it ON bad TO mayak_app USING (true)"
    ),
}


@pytest.mark.parametrize("made", BAD_TABLES.values(), ids=BAD_TABLES.keys())
async def test_a_table_that_leaks_is_found(dsn: str, made: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(made.encode())

    assert {sentence.split(":")[0] for sentence in offences(dsn)} == {"bad"}


async def test_the_scope_is_refused_without_a_project(database: Database) -> None:
    with pytest.raises(psycopg.errors.Error, match=r"mayak\.project_id|invalid input syntax"):
        async with database.connection() as conn, conn.transaction():
            await conn.execute("SET LOCAL ROLE mayak_app")
            await conn.execute("SELECT count(*) FROM cw_messages")
