"""How long a search takes and how much of the exact ranking it finds, as JSON.

200 projects of 200,000 chunks together, four of them of exactly 100, 2,000, 10,000 and 50,000, the
others as Zipf has it. Vectors are mixtures of real ones of the built-in stories with noise, texts
are words as rare as words are. Each question is made from a chunk: some of its words, its vector
moved.
In turns it is asked the product's way (`search`, mode mix), with one walk of HNSW that is
filtered afterwards, and the way of looking for the words first (ILIKE) and ranking what has them.
The vector of the question is there already. Recall is of the ten nearest by meaning, as numpy
finds them.
"""

import argparse
import asyncio
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder: its queue.py would hide that of Python

from bench.made_up.chunks import Maker, Project, anchors, load  # noqa: E402

from mayak.lightrag.model.narrowing import Narrowing  # noqa: E402
from mayak.lightrag.model.questions import question  # noqa: E402
from mayak.lightrag.queries import retrieval  # noqa: E402
from mayak.lightrag.queries.vectors import as_halfvec  # noqa: E402
from mayak.lightrag.service.searching import search  # noqa: E402
from mayak.platform.db import Conn, Database  # noqa: E402
from mayak.platform.embedded import TUNING, EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402

SELDOM = 4
"""One question of so many is asked by ILIKE too, which takes seconds in the largest project."""
SIZES = (100, 2_000, 10_000, 50_000)
PLAIN = """
SELECT text_hash FROM rag_embeddings
 WHERE project_id = %(project)s AND set_id = %(set)s AND NOT card
   AND graphed AND vector_dims(embedding) = 384
 ORDER BY embedding::halfvec(384) <=> %(vector)s::halfvec(384)
 LIMIT 10
"""
ILIKE = """
SELECT made.text_hash
  FROM rag_chunks AS chunk
  JOIN rag_embeddings AS made
    ON made.project_id = chunk.project_id AND made.set_id = %(set)s
   AND made.text_hash = chunk.text_hash
 WHERE chunk.project_id = %(project)s AND made.project_id = %(project)s AND NOT made.card
   AND chunk.text ILIKE ANY(%(patterns)s)
 ORDER BY (made.embedding <=> %(vector)s::halfvec) + 0
 LIMIT 10
"""
WALK_ONCE = """
SELECT set_config('hnsw.iterative_scan', 'off', true), set_config('hnsw.ef_search', '100', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true)
"""
HASHES = "SELECT id, text_hash FROM rag_chunks WHERE project_id = %(project)s AND id = ANY(%(ids)s)"


@dataclass(slots=True)
class Laps:
    """What one way took and found, question by question."""

    ms: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        ordered = sorted(self.ms)
        return {
            "p50_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 1),
            "recall_10": round(statistics.mean(self.recall), 3),
        }


async def questions_of(
    database: Database, project: Project, maker: Maker, rounds: int
) -> dict[str, Any]:
    ways: dict[str, Laps] = {"hybrid": Laps(), "plain_hnsw": Laps(), "ilike": Laps()}
    dense = Laps()
    for turn in range(rounds + 3):
        words, vector = maker.question(project)
        nearest = set(project.nearest(vector))
        slow = turn % SELDOM == 0
        found = await _asked(database, project, words, vector, nearest, slow=slow)
        if turn < 3:
            continue
        for name, (ms, recall) in found.items():
            laps = dense if name == "dense" else ways[name]
            laps.ms.append(ms)
            laps.recall.append(recall)
    return {
        "hybrid": {**ways["hybrid"].as_json(), "recall_10": dense.as_json()["recall_10"]},
        "dense_alone": dense.as_json(),
        "plain_hnsw": ways["plain_hnsw"].as_json(),
        "ilike": ways["ilike"].as_json(),
    }


async def _asked(
    database: Database,
    project: Project,
    words: str,
    vector: Any,
    nearest: set[bytes],
    *,
    slow: bool,
) -> dict[str, tuple[float, float]]:
    async with database.transaction(project.id) as conn:
        begun = time.perf_counter()
        await search(conn, project.id, question(words), vector, project.set_id)
        hybrid = (time.perf_counter() - begun) * 1000
        sizes = await retrieval.sizes(conn, project.id)
        begun = time.perf_counter()
        ranked = await retrieval.by_meaning(
            conn,
            project.id,
            project.set_id,
            vector,
            card=False,
            chunks=sizes["t"],
            narrowing=Narrowing(),
            limit=60,
        )
        meant = (time.perf_counter() - begun) * 1000
        ids = [one.id for one in ranked[:10]]
        cursor = await conn.execute(HASHES, {"project": project.id, "ids": ids})
        found = {row[1] for row in await cursor.fetchall()}
        values = {"project": project.id, "set": project.set_id, "vector": as_halfvec(vector)}
        patterns = [f"%{word}%" for word in words.split()]
        ilike = (
            await _timed(conn, ILIKE, values | {"patterns": patterns}, nearest) if slow else None
        )
    async with database.transaction(project.id) as conn:
        await conn.execute(WALK_ONCE)
        plain = await _timed(conn, PLAIN, values, nearest)
    return {
        "hybrid": (hybrid, 0.0),
        "dense": (meant, len(found & nearest) / len(nearest)),
        "plain_hnsw": plain,
        **({"ilike": ilike} if ilike else {}),
    }


async def _timed(
    conn: Conn, statement: str, values: dict[str, Any], nearest: set[bytes]
) -> tuple[float, float]:
    begun = time.perf_counter()
    cursor = await conn.execute(statement.encode(), values, prepare=False)
    found = {row[0] for row in await cursor.fetchall()}
    return (time.perf_counter() - begun) * 1000, len(found & nearest) / len(nearest)


async def measure(dsn: str, wanted: argparse.Namespace) -> dict[str, Any]:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    await migrate(dsn)
    begun = time.perf_counter()
    maker = Maker(await anchors(), random.Random(7), np.random.default_rng(7))
    projects = await load(dsn, maker, sizes=SIZES, total=wanted.chunks, projects=wanted.projects)
    built = time.perf_counter() - begun
    report: dict[str, Any] = {
        "chunks": wanted.chunks,
        "projects": wanted.projects,
        "questions": wanted.rounds,
        "load_and_index_s": round(built, 1),
        "load_average": [round(one, 1) for one in os.getloadavg()],
        "by_size": {},
    }
    async with Database(dsn) as database:
        for project in projects:
            async with database.transaction(project.id) as conn:
                await retrieval.refresh_terms(conn, project.id)
        for project in projects:
            found = await questions_of(database, project, maker, wanted.rounds)
            report["by_size"][str(project.size)] = found
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=200_000)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=80)
    wanted = parser.parse_args()
    tuning = {**TUNING, "fsync": "off", "maintenance_work_mem": "512MB", "max_wal_size": "8GB"}
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder), tuning)
        try:
            print(json.dumps(asyncio.run(measure(postgres.start().dsn, wanted)), indent=2))
        finally:
            postgres.release()


if __name__ == "__main__":
    main()
