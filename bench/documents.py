"""How long documents take to follow the mirror, as JSON: all of them, none, and one of them.

`--issues` issues of Linear with three comments each, every tenth blocked by another one and
mentioned in a third, beside a tenth as many deals, people and companies of Attio. `looking` is
what a refresh costs when nothing changed, in turns with a bare count of the same rows.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from bench.answers import new_project  # noqa: E402

from mayak.lightrag import service  # noqa: E402
from mayak.lightrag.queries import links  # noqa: E402
from mayak.lightrag.queries.stale import STALE, stale  # noqa: E402
from mayak.platform.db import Database  # noqa: E402
from mayak.platform.embedded import EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402

FILL = (
    """
INSERT INTO linear_states_raw (project_id, external_id, name, payload, content_hash)
SELECT %(project)s, 's' || n, 'State ' || n, '{}', '' FROM generate_series(0, 5) AS n
""",
    """
INSERT INTO linear_users_raw (project_id, external_id, name, payload, content_hash)
SELECT %(project)s, 'u' || n, 'User ' || n, '{}', '' FROM generate_series(0, 19) AS n
""",
    """
INSERT INTO linear_issues_raw
       (project_id, external_id, identifier, title, description, state_id, assignee_id, creator_id,
        blocked_by, source_updated_at, payload, content_hash)
SELECT %(project)s, 'i' || n, 'NOR-' || n, 'The thing that is number ' || n,
       repeat('Something has to be done about it, and soon. ', 12)
         || CASE WHEN n %% 10 = 0 THEN 'See NOR-' || n / 2 + 1 ELSE '' END,
       's' || n %% 6, 'u' || n %% 20, 'u' || n %% 7,
       CASE WHEN n %% 10 = 0 THEN ARRAY['i' || n - 1] ELSE '{}' END,
       now() - n * interval '1 minute', '{}', ''
  FROM generate_series(1, %(issues)s) AS n
""",
    """
INSERT INTO linear_comments_raw
       (project_id, external_id, issue_id, body, author_id, author_kind, author_name,
        source_created_at, payload, content_hash)
SELECT %(project)s, 'c' || n || '-' || k, 'i' || n, 'Comment ' || k || ' of ' || n,
       'u' || k, 'user', 'User ' || k, now() - n * interval '1 minute', '{}', ''
  FROM generate_series(1, %(issues)s) AS n, generate_series(1, 3) AS k
""",
    """
INSERT INTO attio_accounts_raw (project_id, external_id, name, domains, payload, content_hash)
SELECT %(project)s, 'a' || n, 'Company ' || n, ARRAY['c' || n || '.example'], '{}', ''
  FROM generate_series(1, %(issues)s / 10) AS n
""",
    """
INSERT INTO attio_people_raw
       (project_id, external_id, name, emails, company_id, payload, content_hash)
SELECT %(project)s, 'p' || n, 'Person ' || n, ARRAY['p@c' || n || '.example'], 'a' || n, '{}', ''
  FROM generate_series(1, %(issues)s / 10) AS n
""",
    """
INSERT INTO attio_opportunities_raw
       (project_id, external_id, name, stage, company_id, person_ids, payload, content_hash)
SELECT %(project)s, 'd' || n, 'Deal ' || n, 'Proposal', 'a' || n, ARRAY['p' || n], '{}', ''
  FROM generate_series(1, %(issues)s / 10) AS n
""",
    """
INSERT INTO attio_tasks_raw
       (project_id, external_id, content, linked_ids, payload, content_hash)
SELECT %(project)s, 't' || n, 'Do it ' || n, ARRAY['d' || n, 'a' || n], '{}', ''
  FROM generate_series(1, %(issues)s / 10) AS n
""",
)
COUNT_ROWS = """
SELECT sum(i.revision) + sum(c.revision)
  FROM linear_issues_raw AS i
  JOIN linear_comments_raw AS c ON c.project_id = i.project_id AND c.issue_id = i.external_id
 WHERE i.project_id = %(project)s
"""
EDIT = """
UPDATE linear_issues_raw SET title = title || '!', revision = nextval('source_revision')
 WHERE external_id = 'i7'
"""


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def measured(database: Database, issues: int, rounds: int) -> dict[str, Any]:
    project = await new_project(database, "documents")
    async with database.transaction(project) as conn:
        for statement in FILL:
            await conn.execute(statement.encode(), {"project": project, "issues": issues})
    first = await timed(lambda: service.catch_up(database, project))
    async with database.connection() as conn:
        await conn.execute("ANALYZE")
    looks: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, work in _looks(database, project).items():
            looks.setdefault(name, []).append(await timed(work))
    await execute(database, project, EDIT)
    one = await timed(lambda: service.catch_up(database, project))
    return {
        "issues": issues,
        "all_ms": round(first),
        "looking_ms": {name: round(statistics.median(took), 1) for name, took in looks.items()},
        "one_ms": round(one, 1),
    }


async def execute(database: Database, project: UUID, statement: str) -> None:
    async with database.transaction(project) as conn:
        await conn.execute(statement.encode(), {"project": project} if "%(" in statement else None)


def _looks(database: Database, project: UUID) -> dict[str, Callable[[], Awaitable[object]]]:
    async def of(kind: Any) -> None:
        async with database.transaction(project) as conn:
            assert await stale(conn, project, kind) == []

    async def relink() -> None:
        async with database.transaction(project) as conn:
            await links.relink(conn, project)

    return {
        "whole": lambda: service.catch_up(database, project),
        "bare count of issues and comments": lambda: execute(database, project, COUNT_ROWS),
        "making all links": relink,
        **{kind: lambda kind=kind: of(kind) for kind in STALE},  # type: ignore[misc]  # bound now
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--issues", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "pg")
        dsn = postgres.start().dsn
        try:
            await migrate(dsn)
            async with Database(dsn) as database:
                print(json.dumps(await measured(database, asked.issues, asked.rounds), indent=2))
        finally:
            postgres.release()


if __name__ == "__main__":
    asyncio.run(main())
