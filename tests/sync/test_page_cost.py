"""What a page or a comparison costs does not depend on what statistics say of its tables."""

from typing import LiteralString
from uuid import UUID, uuid4

import pytest

from mayak.kit.clock import now
from mayak.platform.db import Database
from mayak.sync.queries import comparing, listings, mirror

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CROWD = """
INSERT INTO linear_comments_raw (project_id, external_id, body, payload, content_hash)
SELECT %s, n, '', '{}', '' FROM generate_series(1, 3000) AS n
"""
SHOWN = """
INSERT INTO connector_listings (project_id, listing_id, external_id, version)
SELECT %s, %s, n, '2026-01-01' FROM generate_series(1, 3000) AS n
"""


async def plan_of(database: Database, project: UUID, statement: LiteralString) -> str:
    """How a statement would run over 3,000 comments and a listing of as many, when statistics
    know nothing of the comments and only an older listing.
    """
    asked = {
        "project_id": project,
        "rows": "[]",
        "external_ids": ["1", "2"],
        "hashes": [b"", b""],
        "deleted": [False, False],
        "touches": [None, None],
        "observed_at": now(),
        "trust": False,
        "listing_id": uuid4(),
        "started": now(),
        "after": "",
        "limit": 100,
    }
    async with database.transaction(project) as conn:
        await conn.execute(SHOWN, (project, uuid4()))
        await conn.execute("RESET ROLE")
        await conn.execute("ANALYZE connector_listings")
        await conn.execute("SET LOCAL ROLE mayak_app")
        await conn.execute(CROWD, (project,))
        await conn.execute(SHOWN, (project, asked["listing_id"]))
        cursor = await conn.execute(f"EXPLAIN {statement}".encode(), asked)
        return "\n".join(row[0] for row in await cursor.fetchall())


async def test_a_first_sync_looks_records_up_by_key(database: Database, project: UUID) -> None:
    plan = await plan_of(database, project, mirror.DIFFERENCES["comment"])
    assert "Index Scan using linear_comments_raw_pkey" in plan
    assert "Hash" not in plan


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(listings.LACKERS["comment time"], id="lacking"),
        pytest.param(comparing.MISSINGS["linear comments"], id="missing"),
        pytest.param(comparing.STALES["linear comments"], id="stale"),
    ],
)
async def test_what_a_listing_shows_is_looked_up_by_key(
    database: Database, project: UUID, statement: LiteralString
) -> None:
    plan = await plan_of(database, project, statement)
    assert "AND (external_id = shown.external_id)" in plan or (
        "AND (external_id = connector_listings.external_id)" in plan
    ), plan


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(listings.ABSENTEES["comment"], id="sweep"),
        pytest.param(comparing.ABSENTEES["linear comments"], id="reconciliation"),
    ],
)
async def test_what_a_listing_lacks_is_looked_up_by_key(
    database: Database, project: UUID, statement: LiteralString
) -> None:
    plan = await plan_of(database, project, statement)
    assert "AND (external_id = here.external_id)" in plan, plan


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(mirror.DIFFERENCES["comment"], id="page"),
        pytest.param(mirror.LIVING["comment"], id="living"),
        pytest.param(mirror.BURIALS["comment"], id="burial"),
        pytest.param(listings.LACKERS["comment time"], id="lacking"),
        pytest.param(comparing.MISSINGS["linear comments"], id="missing"),
    ],
)
async def test_a_new_project_beside_one_that_statistics_know_is_looked_up_by_key(
    database: Database, project: UUID, other_project: UUID, statement: LiteralString
) -> None:
    async with database.transaction(other_project) as conn:
        await conn.execute(CROWD, (other_project,))
    async with database.connection() as conn:
        await conn.execute("ANALYZE linear_comments_raw")
    plan = await plan_of(database, project, statement)
    assert "using linear_comments_raw_pkey" in plan, plan
    assert "linear_comments_issue" not in plan, plan


async def test_the_planner_hears_of_rows_in_a_table_that_was_empty_when_it_looked(
    database: Database, project: UUID, other_project: UUID
) -> None:
    async with database.transaction(other_project) as conn:
        await conn.execute(CROWD, (other_project,))
    async with database.connection() as conn:
        await conn.execute("DELETE FROM linear_comments_raw")
        await conn.execute("VACUUM ANALYZE linear_comments_raw")

    async with database.transaction(project) as conn:
        await conn.execute(CROWD, (project,))
        await mirror.learn(conn, "comment", 500)

    assert await known_rows(database) == 3000
    plan = await plan_of(database, other_project, mirror.DIFFERENCES["comment"])
    assert "using linear_comments_raw_pkey" in plan, plan


async def test_what_it_knows_is_not_counted_again(database: Database, project: UUID) -> None:
    async with database.transaction(project) as conn:
        await conn.execute(CROWD, (project,))
        await mirror.learn(conn, "comment", 500)
        await conn.execute("DELETE FROM linear_comments_raw WHERE external_id > '1500'")
        await mirror.learn(conn, "comment", 500)

    assert await known_rows(database) == 3000


async def known_rows(database: Database) -> int:
    async with database.connection() as conn:
        cursor = await conn.execute(
            "SELECT reltuples::integer FROM pg_class WHERE relname = 'linear_comments_raw'"
        )
        row = await cursor.fetchone()
        assert row
        return int(row[0])
