"""What a count reads, as PostgreSQL tells it: each row of its own project at most once."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mayak.lightrag.model.counting.plan import Name, Plan
from mayak.lightrag.queries.counting import STATEMENTS, parameters
from mayak.platform.db import Database
from tests.conftest import new_project
from tests.lightrag.conftest import Desk
from tests.lightrag.stories import NOW

pytestmark = pytest.mark.anyio

MANY = 50_000
FEW = 200
FILL = """
WITH label AS (
  INSERT INTO linear_labels_raw (project_id, external_id, name, payload, content_hash)
  SELECT %(project)s, number::text, 'label ' || number, '{}', ''
    FROM generate_series(1, 10) AS number
)
INSERT INTO linear_issues_raw
       (project_id, external_id, identifier, title, label_ids, blocked_by, priority,
        source_created_at, payload, content_hash)
SELECT %(project)s, number::text, 'BEA-' || number, 'Matter ' || number,
       ARRAY[(number %% 10 + 1)::text],
       CASE WHEN number %% 100 = 0 THEN ARRAY[(number - 1)::text] ELSE '{}' END, 1,
       now() - number * interval '1 minute', '{}', ''
  FROM generate_series(1, %(issues)s::integer) AS number
"""
LABEL = Name(dimension="label", text="label 2", ids=("2",), connector="linear")
PLANS = (
    Plan(kind="issue", aggregate="count", flags=frozenset({"open"})),
    Plan(kind="issue", aggregate="list", flags=frozenset({"open", "overdue"}), priority=1),
    Plan(kind="issue", aggregate="count", names=(LABEL,)),
    Plan(kind="issue", aggregate="count", flags=frozenset({"blocked"})),
)


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def read_of(plan: Mapping[str, Any]) -> dict[str, float]:
    """Rows that were looked at, by table."""
    read: dict[str, float] = {}
    for node in nodes(plan):
        if "Relation Name" in node:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            name = node["Relation Name"]
            read[name] = read.get(name, 0) + rows * node["Actual Loops"]
    return read


async def explained(desk: Desk, plan: Plan) -> dict[str, float]:
    """One counting statement, run as the project; parallel workers would be counted as means."""
    statement = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + STATEMENTS[plan.kind]
    async with desk.database.transaction(desk.project) as conn:
        await conn.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        values = parameters(desk.project, plan, at=NOW, zone="UTC")
        cursor = await conn.execute(statement, values, prepare=False)
        row = await cursor.fetchone()
    assert row
    return read_of(row[0][0]["Plan"])


async def fill(database: Database, desk: Desk, *, mine: int, theirs: int) -> None:
    """So many issues of this project, and of another one in the same table."""
    other = await new_project(database, "Other")
    for project, issues in ((desk.project, mine), (other, theirs)):
        async with database.transaction(project) as conn:
            await conn.execute(FILL.encode(), {"project": project, "issues": issues})
    async with database.connection() as conn:
        await conn.execute("ANALYZE linear_issues_raw, linear_labels_raw")


async def test_a_count_among_fifty_thousand_issues_reads_each_of_them_once(
    database: Database, desk: Desk
) -> None:
    await fill(database, desk, mine=MANY, theirs=0)

    for plan in PLANS:
        read = await explained(desk, plan)
        blockers = MANY // 100 if "blocked" in plan.flags else 0
        assert read["linear_issues_raw"] <= MANY + blockers, plan
        assert read.get("linear_labels_raw", 0) == 0, plan


async def test_a_count_of_a_small_project_reads_no_rows_of_a_large_one(
    database: Database, desk: Desk
) -> None:
    await fill(database, desk, mine=FEW, theirs=MANY)

    for plan in PLANS:
        assert (await explained(desk, plan))["linear_issues_raw"] <= FEW + FEW // 100, plan
